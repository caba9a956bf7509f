/**
 * Policies that were made ready, on disk, so that only the first start takes its second.
 *
 * What is found here is run: the directory and its files must belong to the user and be writable by nobody else. A file
 * is the SHA-256 of what follows, and a policy as V8 writes values, under the digest of the policy and the versions that
 * made it. One that is damaged, or that others could have written, is made again. It appears whole or not at all.
 */
import { createHash, randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';

import { LoadError } from '../errors.js';
import type { Made } from './aside.js';
import { VERSIONS } from './versions.js';

const CHECKSUM_BYTES = 32;

/** The policy with this digest: the one kept in `directory`, or the one that `make` makes. */
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

/** A policy that is whole and that only this user can have written. */
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
    return undefined; // as another version of V8 writes
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

/** Puts a policy in place of what is there. Of several that do so at once, the last one stays. */
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

/** Belongs to this user and is writable by no other. Where there are no owners, nobody is told apart. */
function ours({ uid, mode }: Stats): boolean {
  const user = process.geteuid?.();
  return user === undefined || (uid === user && (mode & 0o022) === 0);
}

function checksum(payload: Uint8Array): Buffer {
  return createHash('sha256').update(payload).digest();
}
