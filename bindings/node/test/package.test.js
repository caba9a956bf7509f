// The package as it is published: its content, and that it works after installation.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { PACKAGE, POLICY, scratch } from './given.js';
import { blocks } from './readme.js';

const run = promisify(execFile);

test('the tarball has the package and nothing else, and works from node_modules', async () => {
  await mkdir(join(PACKAGE, 'build'), { recursive: true });
  const project = await scratch(join(PACKAGE, 'build'));
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', project];
  const { stdout } = await run('npm', pack, { cwd: PACKAGE });
  const [{ filename, files }] = JSON.parse(stdout);
  const others = files.map(({ path }) => path).filter((path) => !path.startsWith('dist/') && !path.startsWith('LICENSE-'));
  assert.deepEqual(others.sort(), ['README.md', 'package.json']);

  await mkdir(join(project, 'node_modules'));
  await run('tar', ['-xzf', join(project, filename), '-C', project]);
  const installed = join(project, 'node_modules/tidegate');
  await rename(join(project, 'package'), installed);
  assert.match(JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')).license, /MIT/);
  await symlink(POLICY, join(project, 'policy.wasm'));
  const { code, output } = blocks.get('check.js');
  await writeFile(join(project, 'check.js'), code);
  await writeFile(join(project, 'package.json'), '{"type":"module"}');
  const { stdout: printed } = await run(process.execPath, ['check.js'], { cwd: project });
  assert.equal(printed, output);
});
