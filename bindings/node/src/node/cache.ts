/**
 * Transpiled policies on disk, so that only the first start takes its second.
 *
 * What is found here is run: the directory must belong to the user and be writable by nobody else. An entry is a module
 * as `tidegate-transpile` writes it, under the digest of the policy and the versions that made it. It appears whole or
 * not at all.
 */
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { LoadError, messageOf } from '../errors.js';
import type { PolicyModule } from '../module.js';
import { write } from './module.js';
import type { Transpiled } from './transpile.js';
import { VERSIONS } from './versions.js';

const NAME = 'policy';

/** The module of the policy with this digest: the one found in `directory`, or the one that `make` makes. */
export async function cached(
  directory: string,
  digest: string,
  make: () => Promise<Transpiled>,
): Promise<PolicyModule> {
  await checkPrivate(directory);
  const entry = join(resolve(directory), `${digest.replace('sha256:', '')}-${VERSIONS}`);
  if (!(await exists(entry))) {
    const unfinished = await mkdtemp(`${entry}.`);
    await write(unfinished, NAME, digest, await make());
    // When another was faster, its entry is the same.
    await rename(unfinished, entry).catch(() => rm(unfinished, { recursive: true }));
  }
  try {
    const module = (await import(pathToFileURL(join(entry, `${NAME}.js`)).href)) as { default: PolicyModule };
    return module.default;
  } catch (error) {
    throw new LoadError(`${entry} is damaged; remove it (${messageOf(error)})`, { cause: error });
  }
}

async function checkPrivate(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { uid, mode } = await stat(directory);
  const user = process.getuid?.();
  if (user !== undefined && (uid !== user || (mode & 0o022) !== 0)) {
    throw new LoadError(`${directory} is not private: it must belong to this user and be writable by no other`);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
