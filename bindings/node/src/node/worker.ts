/**
 * The thread in which a policy is transpiled: a second of work and 200 MB, of which the caller's thread feels nothing.
 */
import { parentPort, workerData } from 'node:worker_threads';

import { messageOf } from '../errors.js';
import { transpile, type Transpiled } from './transpile.js';

/** What the thread says in the end: the policy, or why there is none. */
export type Told = { transpiled: Transpiled } | { refused: string };

const { wasm, name } = workerData as { wasm: Uint8Array; name: string };
let told: Told;
try {
  told = { transpiled: await transpile(wasm, name) };
} catch (error) {
  told = { refused: messageOf(error) };
}
parentPort?.postMessage(told);
