// The code of the README runs, and prints what it shows. `app.js` runs in the test with a browser.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { PACKAGE } from './given.js';
import { blocks, count, written } from './readme.js';

const run = promisify(execFile);
const TSC = join(PACKAGE, 'node_modules/.bin/tsc');
const STRICT = '--strict --target es2022 --lib es2022 --module nodenext --types node --ignoreConfig'.split(' ');

test('every block of code is run by a test', () => {
  assert.deepEqual([...blocks.keys()].sort(), ['app.js', 'check.js', 'judge.js', 'send.ts', 'with-deadline.js']);
  assert.equal(blocks.size, count);
});

for (const name of ['check.js', 'with-deadline.js']) {
  test(`${name} prints what is shown`, async () => {
    const { stdout } = await run(process.execPath, [name], { cwd: await written() });
    assert.equal(stdout, blocks.get(name).output);
  });
}

test('send.ts compiles, and runs', async () => {
  const cwd = await written();
  await run(TSC, [...STRICT, 'send.ts'], { cwd }).catch(({ stdout }) => assert.fail(stdout));
  const { stdout } = await run(process.execPath, ['send.js'], { cwd });
  const [sent, migrated, plan, known] = stdout.trim().split('\n');
  assert.match(sent, /^task-events user-1 \{"event_id":"e-1",.*"event_version":"1.1"/);
  assert.deepEqual([migrated, plan, known], ['true true', 'retry 1000 2', '1048576 71']);
});
