// The code of the README, as files.
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after } from 'node:test';

import { PACKAGE, POLICY } from './given.js';

const BLOCK = /^```(js|ts)\n\/\/ (\S+)\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?/gms;

const text = await readFile(join(PACKAGE, 'README.md'), 'utf8');

/** The blocks by the names in their first lines, with the output that is shown below them. */
export const blocks = new Map([...text.matchAll(BLOCK)].map(([, , name, code, output]) => [name, { code, output }]));

/** How many blocks of code there are, with a name or without. */
export const count = [...text.matchAll(/^```(js|ts)$/gm)].length;

/** A directory with all blocks and the policy, from which the package is found by its name. */
export async function written() {
  await mkdir(join(PACKAGE, 'build'), { recursive: true });
  const directory = await mkdtemp(join(PACKAGE, 'build/readme-'));
  after(() => rm(directory, { recursive: true }));
  await Promise.all([...blocks].map(([name, { code }]) => writeFile(join(directory, name), code)));
  await symlink(POLICY, join(directory, 'policy.wasm'));
  return directory;
}
