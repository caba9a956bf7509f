/**
 * Prepares a policy in a separate thread.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { LoadError } from '../errors.js';
import type { Transpiled } from './transpile.js';
import type { Result } from './worker.js';

/** A policy that was transpiled, and prepared if the result can be kept. */
export type Made = Transpiled & { prepared: Uint8Array | undefined };

/** Transpiles and prepares the component `wasm`, without blocking the caller's thread. Throws {@link LoadError}. */
export function makeInBackground(wasm: Uint8Array, name: string): Promise<Made> {
  // The caller's own flags, such as `--input-type`, do not apply to this file.
  return result(new Worker(new URL('./worker.js', import.meta.url), { workerData: { wasm, name }, execArgv: [] }));
}

/** The message that a worker sends before it ends. */
export async function result(worker: Worker): Promise<Made> {
  const ended = once(worker, 'exit').then(([code]): never => {
    throw new LoadError(`the thread that transpiles it ended with code ${code} without a result`);
  });
  const [message] = (await Promise.race([once(worker, 'message'), ended])) as [Result];
  if ('refused' in message) {
    throw new LoadError(message.refused);
  }
  return message.made;
}
