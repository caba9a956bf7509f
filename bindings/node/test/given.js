// What the tests share: the built policy, the policies for tests, and the answers of the gate.
import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Policy } from 'tidegate';

const ROOT = new URL('../../../', import.meta.url);

export const PACKAGE = fileURLToPath(new URL('../', import.meta.url));
export const POLICY = built('dist/policy.wasm');

/** A valid event of version 1.0, as text. */
export const GOOD =
  '{"event_id":"e-1","event_type":"task.created","event_version":"1.0","task_id":42,"user_id":"user-1","timestamp":"2026-03-01T09:30:00Z","payload":{"title":"Water the plants"}}';

/** True when everything that the tests need must be installed: something missing is a failure then, not a skip. */
export const COMPLETE = process.env.CI === 'true';

/** The path of something that the build makes, from the root of the repository. */
export function built(path) {
  const file = fileURLToPath(new URL(path, ROOT));
  if (!existsSync(file)) {
    throw new Error(`${path} is missing: run \`cargo xtask build\` first`);
  }
  return file;
}

/** The path of a policy for tests. */
export const guest = (name) => built(`dist/guests/${name}.wasm`);

/** The answers of the gate in a file of JSON lines. */
export async function answers(file) {
  const text = await readFile(built(`target/answers/${file}`), 'utf8');
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
}

/** The policy, loaded once for a file of tests. */
export const policy = await Policy.load(POLICY);

/** A directory that is removed after the tests of the file. */
export async function scratch(parent = tmpdir()) {
  const directory = await mkdtemp(join(parent, 'tidegate-'));
  after(() => rm(directory, { recursive: true }));
  return directory;
}
