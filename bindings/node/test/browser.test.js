// The package outside of Node: in a bundle, and in a page of a real browser.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { build } from 'esbuild';
import { chromium } from 'playwright-core';

import { serve } from '../examples/page/serve.js';
import { COMPLETE, GOOD, PACKAGE, POLICY, scratch } from './given.js';
import { written } from './readme.js';

const CHROMIUM = found(['chromium', 'chromium-browser', 'google-chrome']);
const FLAGS =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

/** Why the tests in a browser are skipped. */
const skip = CHROMIUM === undefined && !COMPLETE && 'no chromium, chromium-browser or google-chrome in PATH: apt-get install chromium';

/** The policy as `tidegate-transpile` writes it. */
const POLICY_MODULE = join(await scratch(), 'policy');
await promisify(execFile)(process.execPath, [join(PACKAGE, 'dist/node/cli.js'), POLICY, '--out', POLICY_MODULE]);

test('a bundle for browsers has nothing of Node in it', async () => {
  const { metafile } = await bundle();
  const inputs = Object.keys(metafile.inputs);
  assert.ok(inputs.includes('dist/policy.js'));
  assert.deepEqual(inputs.filter((input) => /^dist\/node\/|node_modules/.test(input)), []);
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  assert.deepEqual(imports, []);
});

test('the bundled app of the README runs in Chromium', { skip }, async () => {
  const { directory } = await bundle();
  await cp(POLICY_MODULE, directory, { recursive: true, filter: (file) => !file.endsWith('.js') });
  const script = '<link rel="icon" href="data:,"><script type="module" src="app.js"></script>';
  await writeFile(join(directory, 'index.html'), `${script}<body>${GOOD}</body>`);
  const page = await open(pathToFileURL(`${directory}/`), '/policy/index.html');
  await page.getByText('task.created', { exact: true }).waitFor();
});

test('the page judges what is typed', { skip }, async () => {
  const page = await open(pathToFileURL(`${POLICY_MODULE}/`), '/');
  const event = page.getByLabel('Event');
  const title = page.getByRole('heading', { level: 2 });
  const violations = page.getByRole('listitem');

  await page.getByText('Judged in this page by tidegate-tasks').waitFor();
  assert.equal(await title.textContent(), 'Valid');
  await page.getByLabel('Start from').selectOption({ label: 'task.updated 1.0' });
  assert.equal(await page.getByRole('definition').first().textContent(), 'task.updated');

  await event.fill(GOOD.replace('42', '"42"').replace('"user_id":"user-1",', ''));
  assert.equal(await title.textContent(), 'Not valid: 2 violations');
  assert.deepEqual(await violations.allInnerTexts().then((texts) => texts.map((text) => text.split('\n'))), [
    ['/task_id', 'must be an integer', 'type'],
    ['/user_id', 'user_id is required', 'required'],
  ]);
  assert.equal(await event.getAttribute('aria-invalid'), 'true');

  await event.fill('{"event_id": <img src=x>');
  assert.equal(await title.textContent(), 'Not valid: 1 violation');
  assert.match(await violations.innerText(), /^the whole event\nnot JSON at line 1, column 14/);

  await event.fill(GOOD);
  await event.press('End');
  await event.pressSequentially('  ');
  assert.equal(await title.textContent(), 'Valid');
  assert.equal(await violations.count(), 0);
});

/** The first of these programs that is in PATH. */
function found(programs) {
  const directories = process.env.PATH.split(delimiter);
  return programs.flatMap((program) => directories.map((directory) => join(directory, program))).find(existsSync);
}

/** Bundles the app of the README. */
async function bundle() {
  const app = await written();
  await cp(POLICY_MODULE, join(app, 'policy'), { recursive: true });
  const directory = await scratch();
  const { metafile } = await build({
    absWorkingDir: PACKAGE,
    entryPoints: [join(app, 'app.js')],
    outdir: directory,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    minify: true,
    metafile: true,
    logLevel: 'error',
  });
  return { directory, metafile };
}

/** Opens a page of the example's server; any error of the page fails the test. */
async function open(policy, path) {
  assert.ok(CHROMIUM, 'there is no chromium, chromium-browser or google-chrome in PATH');
  const server = await serve(policy);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS.split(' ') });
  after(async () => {
    await browser.close();
    server.close();
  });
  const page = await browser.newPage();
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(error.message));
  page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
  after(() => assert.deepEqual(wrong, []));
  await page.goto(`http://127.0.0.1:${server.address().port}${path}`);
  return page;
}
