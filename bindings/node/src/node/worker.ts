/**
 * The thread in which a policy is transpiled and prepared: a second of work and 200 MB, without blocking the caller's
 * thread.
 */
import { parentPort, workerData } from 'node:worker_threads';

import { messageOf } from '../errors.js';
import type { Made } from './background.js';
import { instantiateOf } from './module.js';
import { preparedMemory } from './prepare.js';
import { transpile } from './transpile.js';

/** The result of the thread: the policy, or why there is none. */
export type Result = { made: Made } | { refused: string };

async function make({ wasm, name }: { wasm: Uint8Array; name: string }): Promise<Result> {
  try {
    const transpiled = await transpile(wasm, name);
    const prepared = await preparedMemory(await instantiateOf(name, transpiled.source), transpiled.cores);
    return { made: { ...transpiled, prepared } };
  } catch (error) {
    return { refused: messageOf(error) };
  }
}

parentPort?.postMessage(await make(workerData));
