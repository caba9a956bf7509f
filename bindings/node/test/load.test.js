// What can be loaded, what cannot, and why.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';

import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { LoadError, Misuse, Policy } from 'tidegate';
import { result } from '../dist/node/background.js';
import { GOOD, PACKAGE, POLICY, policy, scratch } from './given.js';

const run = promisify(execFile);
const CLI = join(PACKAGE, 'dist/node/cli.js');

test('a path, an address and bytes load the same policy', async () => {
  const wasm = await readFile(POLICY);
  const digest = `sha256:${createHash('sha256').update(wasm).digest('hex')}`;
  for (const loaded of await Promise.all([wasm, pathToFileURL(POLICY)].map((source) => Policy.load(source)))) {
    assert.equal(loaded.digest, digest);
    assert.equal(loaded.catalogJson(), policy.catalogJson());
    assert.ok(loaded instanceof Policy);
  }
});

test('an unknown option is refused', async () => {
  await assert.rejects(Policy.load(POLICY, { cachedir: 'kept' }), new Misuse('there is no option cachedir: there is cacheDir'));
});

test('a file that is no policy is refused, with the reason', async () => {
  const wasm = await readFile(POLICY);
  const component = (body) => parse(`(component ${body})`);
  for (const [bytes, why] of [
    [new Uint8Array(), 'it is not WebAssembly'],
    [Buffer.from('(component)'), 'it is not WebAssembly'],
    [await parse('(module)'), 'it is a core module of WebAssembly, not a component; compile it for wasm32-wasip2'],
    [wasm.subarray(0, 100_000), /^it is damaged: /],
    [await component(importing('acme:secrets/read')), 'it imports acme:secrets/read; a policy may not'],
    [await component(importing('wasi:sockets/tcp@0.2.6')), 'it imports wasi:sockets/tcp; a policy may not'],
    [await component(importing('wasi:cli/run@0.2.6')), 'it imports wasi:cli/run; a policy may not'],
    [
      await component(''),
      'it does not export tidegate:policy/validation@0.2.0, tidegate:policy/migration@0.2.0, ' +
        'tidegate:policy/retry@0.2.0, tidegate:policy/gate@0.2.0, tidegate:policy/json@0.2.0, prepare',
    ],
  ]) {
    await assert.rejects(Policy.load(bytes), (error) => {
      assert.ok(error instanceof LoadError);
      const said = error.message.replace(/^the policy: /, '');
      assert.ok(why instanceof RegExp ? why.test(said) : said === why, said);
      return true;
    });
  }
  await assert.rejects(Policy.load('no/such.wasm'), { name: 'LoadError', message: /^no\/such\.wasm: ENOENT/ });
});

/** The parts of a component that uses the function `f` of the interface `name`. */
function importing(name) {
  return `(import "${name}" (instance $from (export "f" (func))))
    (core func $f (canon lower (func $from "f")))
    (core module $main (import "from" "f" (func)))
    (core instance (instantiate $main (with "from" (instance (export "f" (func $f))))))`;
}

test('a thread that ends without a message, or with an error, is not waited for', async () => {
  const worker = (code) => new Worker(code, { eval: true });
  await assert.rejects(result(worker('')), {
    name: 'LoadError',
    message: 'the thread that transpiles it ended with code 0 without a result',
  });
  await assert.rejects(result(worker('process.exit(3)')), { name: 'LoadError', message: /ended with code 3/ });
  await assert.rejects(result(worker('throw new Error("no more memory")')), { message: 'no more memory' });
});

test('tidegate-transpile writes a module that needs no transpiling', async () => {
  const out = await scratch();
  const { stdout } = await run(process.execPath, [CLI, POLICY, '--out', out, '--name', 'tasks']);
  const written = stdout.trim().split('\n');
  assert.deepEqual(written.sort(), (await readdir(out)).map((file) => `${out}/${file}`).sort());
  const { default: module } = await import(pathToFileURL(join(out, 'tasks.js')).href);
  const loaded = await Policy.from(module);
  assert.equal(loaded.digest, policy.digest);
  assert.equal(loaded.validateJson(GOOD), policy.validateJson(GOOD));
});

test('tidegate-transpile reports errors', async () => {
  const out = await scratch();
  for (const [args, code, said] of [
    [[], 2, /^tidegate-transpile POLICY\.wasm --out/],
    [[POLICY, '--out', out, '--name', '../up'], 2, /"\.\.\/up" cannot name a module/],
    [[POLICY, '--into', out], 1, /Unknown option '--into'/],
    [[CLI, '--out', out, '--name', 'cli'], 1, /cli\.js: it is not WebAssembly/],
  ]) {
    await assert.rejects(run(process.execPath, [CLI, ...args]), (error) => error.code === code && said.test(error.stderr));
  }
  assert.deepEqual(await readdir(out), []);
});
