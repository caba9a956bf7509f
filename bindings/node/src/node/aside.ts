/**
 * Transpiles in a thread of its own.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { LoadError } from '../errors.js';
import type { Transpiled } from './transpile.js';
import type { Told } from './worker.js';

/** As `transpile`, while the caller's thread goes on. */
export async function transpileAside(wasm: Uint8Array, name: string): Promise<Transpiled> {
  // Flags of the caller's own, such as `--input-type`, are not for this file.
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: { wasm, name }, execArgv: [] });
  const [told] = (await once(worker, 'message')) as [Told];
  if ('refused' in told) {
    throw new LoadError(told.refused);
  }
  return told.transpiled;
}
