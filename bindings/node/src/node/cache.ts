/**
 * Transpiled and prepared policies on disk, so that only the first start takes a second.
 *
 * The files are executed: the directory and its files must belong to the user and be writable by no other user. A file
 * is the SHA-256 of the rest, and a policy as V8 serialises values; its name has the digest of the policy and the versions
 * that made it. A file that is damaged, or that another user could have written, is made again. It appears complete or not
 * at all.
 */
import { createHash, randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';

import { LoadError } from '../errors.js';
import type { Made } from './background.js';
import { VERSIONS } from './versions.js';

const CHECKSUM_BYTES = 32;

/** The policy with this digest: the one in `directory`, or the one that `make` makes. */
export async function cached(directory: string, digest: string, make: () => Promise<Made>): Promise<Made> {
  await checkPrivate(directory);
  const file = join(directory, `${digest.replace('sha256:', '')}-${VERSIONS}`);
  const kept = await read(file);
  if (kept !== undefined) {
    return kept;
  }
  const made = await make();
  await write(file, made);
  return made;
}

async function checkPrivate(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (!ours(await stat(directory))) {
    throw new LoadError(`${directory} is not private: it must belong to this user and be writable by no other`);
  }
}

/** A policy that is complete and that only this user can have written. */
async function read(file: string): Promise<Made | undefined> {
  const content = await readOurs(file);
  const payload = content?.subarray(CHECKSUM_BYTES);
  if (content === undefined || payload === undefined || !checksum(payload).equals(content.subarray(0, CHECKSUM_BYTES))) {
    return undefined;
  }
  try {
    const { prepared, ...made } = deserialize(payload) as Made;
    return { ...made, prepared: prepared?.slice() }; // a copy, which does not keep the whole content in memory
  } catch {
    return undefined; // as written by another version of V8
  }
}

async function readOurs(file: string): Promise<Buffer | undefined> {
  const opened = await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)).catch(() => undefined);
  try {
    const stats = await opened?.stat();
    return stats?.isFile() === true && ours(stats) ? await opened?.readFile() : undefined;
  } finally {
    await opened?.close();
  }
}

/** Replaces the file of a policy. Of several processes that do so at once, the last one wins. */
async function write(file: string, made: Made): Promise<void> {
  const payload = serialize(made);
  const unfinished = `${file}.${randomUUID()}`;
  try {
    const opened = await open(unfinished, 'wx', 0o600);
    try {
      await opened.writeFile(Buffer.concat([checksum(payload), payload]));
      await opened.sync();
    } finally {
      await opened.close();
    }
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/** Belongs to this user and is writable by no other. On systems without owners, always true. */
function ours({ uid, mode }: Stats): boolean {
  const user = process.geteuid?.();
  return user === undefined || (uid === user && (mode & 0o022) === 0);
}

function checksum(payload: Uint8Array): Buffer {
  return createHash('sha256').update(payload).digest();
}
