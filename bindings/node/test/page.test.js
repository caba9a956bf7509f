// The program for JavaScript in docs/bindings.md prints what the page shows.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { PACKAGE, POLICY, scratch } from './given.js';

const run = promisify(execFile);

test('docs/bindings.md prints what is shown', async () => {
  const page = await readFile(join(PACKAGE, '../../docs/bindings.md'), 'utf8');
  const [event, printed, program] = ['json', 'text', 'js'].map(
    (language) => page.match(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'ms'))[1],
  );
  await mkdir(join(PACKAGE, 'build'), { recursive: true });
  const cwd = await scratch(join(PACKAGE, 'build'));
  await writeFile(join(cwd, 'event.json'), event);
  await writeFile(join(cwd, 'program.mjs'), program);
  await symlink(POLICY, join(cwd, 'policy.wasm'));
  const { stdout } = await run(process.execPath, ['program.mjs'], { cwd });
  assert.equal(stdout, printed);
});
