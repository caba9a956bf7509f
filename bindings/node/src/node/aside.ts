/**
 * Makes a policy ready in a thread of its own.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { LoadError } from '../errors.js';
import type { Transpiled } from './transpile.js';
import type { Told } from './worker.js';

/** A policy that was transpiled, and prepared where that can be kept. */
export type Made = Transpiled & { prepared: Uint8Array | undefined };

/** Transpiles and prepares the component `wasm`, while the caller's thread goes on. Throws {@link LoadError}. */
export function makeAside(wasm: Uint8Array, name: string): Promise<Made> {
  // Flags of the caller's own, such as `--input-type`, are not for this file.
  return told(new Worker(new URL('./worker.js', import.meta.url), { workerData: { wasm, name }, execArgv: [] }));
}

/** What a worker says before it ends. */
export async function told(worker: Worker): Promise<Made> {
  const silent = once(worker, 'exit').then(([code]): never => {
    throw new LoadError(`the thread that transpiles it ended with code ${code} and said nothing`);
  });
  const [said] = (await Promise.race([once(worker, 'message'), silent])) as [Told];
  if ('refused' in said) {
    throw new LoadError(said.refused);
  }
  return said.made;
}
