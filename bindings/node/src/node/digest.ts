/**
 * Names for the content of files.
 */
import { createHash } from 'node:crypto';

/** SHA-256 of a policy's file, such as `sha256:9f86d0…`. */
export function digestOf(wasm: Uint8Array): string {
  return `sha256:${createHash('sha256').update(wasm).digest('hex')}`;
}
