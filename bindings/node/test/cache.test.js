// The cache: when an entry is used, when it is made again, and what is refused.
import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, readdir, rename, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { LoadError, Policy } from 'tidegate';
import { GOOD, guest, scratch } from './given.js';

const CALM = guest('calm');
const NOW = { now: '2026-03-01T09:30:00Z' };

/** A directory with the calm policy in the cache, and its file. */
async function filled() {
  const cacheDir = join(await scratch(), 'kept');
  const { digest } = await Policy.load(CALM, { cacheDir });
  const [name, ...others] = await readdir(cacheDir);
  assert.deepEqual(others, []);
  assert.ok(name.startsWith(digest.replace('sha256:', '')));
  return { cacheDir, file: join(cacheDir, name) };
}

/** Loads the calm policy, which works and leaves one file; true when that was made again. */
async function madeAnew({ cacheDir, file }) {
  const { ino } = await stat(file);
  const calm = await Policy.load(CALM, { cacheDir });
  assert.equal(calm.process(GOOD, NOW).decision, 'forward');
  assert.equal((await readdir(cacheDir)).length, 1);
  return (await stat(file)).ino !== ino;
}

test('a policy is kept under its digest, and found', async () => {
  const kept = await filled();
  assert.equal((await stat(kept.cacheDir)).mode & 0o777, 0o700);
  assert.equal((await stat(kept.file)).mode & 0o777, 0o600);
  assert.equal(await madeAnew(kept), false);
});

test('several loads at once leave one complete entry', async () => {
  const cacheDir = await scratch();
  const loaded = await Promise.all([1, 2, 3].map(() => Policy.load(CALM, { cacheDir })));
  assert.deepEqual(loaded.map((each) => each.process(GOOD, NOW).decision), ['forward', 'forward', 'forward']);
  assert.equal((await readdir(cacheDir)).length, 1);
});

test('an entry that is damaged is made again', async () => {
  const kept = await filled();
  const whole = await readFile(kept.file);
  for (const damage of [
    () => truncate(kept.file, 0),
    () => truncate(kept.file, 10),
    () => truncate(kept.file, 100_000),
    () => writeFile(kept.file, Buffer.concat([whole.subarray(0, -1), Buffer.of(whole.at(-1) ^ 1)])),
  ]) {
    await damage();
    assert.equal(await madeAnew(kept), true, String(damage));
    assert.equal(await madeAnew(kept), false, String(damage));
  }
});

test('an entry that others can write, or that is a link, is not run but made again', async () => {
  const kept = await filled();
  for (const mode of [0o666, 0o620, 0o602]) {
    await chmod(kept.file, mode);
    assert.equal(await madeAnew(kept), true, mode.toString(8));
    assert.equal((await stat(kept.file)).mode & 0o777, 0o600);
  }
  const elsewhere = join(await scratch(), 'elsewhere');
  await rename(kept.file, elsewhere);
  await symlink(elsewhere, kept.file);
  assert.equal(await madeAnew(kept), true);
});

test('a directory or an entry of another user is not used', async (t) => {
  const kept = await filled();
  const user = process.geteuid();
  const other = t.mock.method(process, 'geteuid', () => user + 1);
  await assert.rejects(Policy.load(CALM, { cacheDir: kept.cacheDir }), { name: 'LoadError', message: /kept is not private/ });
  // The directory is ours, and then the file is not.
  other.mock.mockImplementationOnce(() => user, other.mock.callCount());
  assert.equal(await madeAnew(kept), true);
});

test('a directory that others can write to is refused', async () => {
  const cacheDir = join(await scratch(), 'open');
  await mkdir(cacheDir);
  await chmod(cacheDir, 0o777);
  await assert.rejects(Policy.load(CALM, { cacheDir }), { name: 'LoadError', message: /open is not private/ });
  assert.deepEqual(await readdir(cacheDir), []);
});

test('a load that fails leaves nothing', async () => {
  const cacheDir = await scratch();
  for (const source of [guest('reads-files'), guest('traps-in-prepare'), Buffer.from('no policy')]) {
    await assert.rejects(Policy.load(source, { cacheDir }), LoadError);
    assert.deepEqual(await readdir(cacheDir), []);
  }
});

test('an entry that cannot be written is an error with a reason, and leaves nothing', async () => {
  const { cacheDir, file } = await filled();
  await rename(file, join(cacheDir, 'moved'));
  await mkdir(file);
  await assert.rejects(Policy.load(CALM, { cacheDir }), { name: 'LoadError', message: /EISDIR|EEXIST|ENOTEMPTY/ });
  assert.equal((await readdir(cacheDir)).length, 2);
});

test('a kept policy answers as one that was just made', async () => {
  const cacheDir = await scratch();
  const loaded = [];
  for (let time = 0; time < 2; time += 1) {
    loaded.push(await Policy.load(guest('remembers'), { cacheDir }));
  }
  const answers = loaded.map((each) => [1, 2, 3].map(() => each.processJson(GOOD, NOW)));
  assert.deepEqual(answers[0], answers[1]);
});
