/**
 * The thread in which a policy is transpiled and prepared: a second of work and 200 MB, of which the caller's thread feels
 * nothing.
 */
import { parentPort, workerData } from 'node:worker_threads';

import { messageOf } from '../errors.js';
import type { Made } from './aside.js';
import { instantiateOf } from './module.js';
import { preparedMemory } from './prepare.js';
import { transpile } from './transpile.js';

/** What the thread says in the end: the policy, or why there is none. */
export type Told = { made: Made } | { refused: string };

async function make({ wasm, name }: { wasm: Uint8Array; name: string }): Promise<Told> {
  try {
    const transpiled = await transpile(wasm, name);
    const prepared = await preparedMemory(await instantiateOf(name, transpiled.source), transpiled.cores);
    return { made: { ...transpiled, prepared } };
  } catch (error) {
    return { refused: messageOf(error) };
  }
}

parentPort?.postMessage(await make(workerData));
