// The memory after `prepare` is kept when `prepare` changes nothing else, and only then.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { instantiateOf } from '../dist/node/module.js';
import { preparedMemory } from '../dist/node/prepare.js';
import { transpile } from '../dist/node/transpile.js';
import { POLICY, guest } from './given.js';

/** What is kept of a policy of one module, which may ask for standard output. */
async function kept(wat) {
  const instantiate = (core, world, start) => {
    const ask = () => void world['wasi:cli/stdout'].getStdout();
    const { exports } = start(core('core'), { world: { ask, now: world['wasi:clocks/monotonic-clock'].now } });
    return { prepare: exports.prepare };
  };
  return preparedMemory(instantiate, { core: await parse(wat) });
}

const module = (prepare, parts = '') =>
  `(module
    (import "world" "ask" (func $ask))
    (import "world" "now" (func $now (result i64)))
    (memory (export "memory") 1)
    (global $kept i32 (i32.const 7))
    (global $stack (mut i32) (i32.const 1024))
    (global $narrow (mut f32) (f32.const 1.5))
    (global $wide (mut f64) (f64.const 1.5))
    ${parts}
    (func $prepare (export "prepare") ${prepare}))`;

test('a memory that was written and grown is kept', async () => {
  const memory = await kept(module('(drop (memory.grow (i32.const 1))) (i32.store8 (i32.const 65600) (global.get $kept))'));
  assert.equal(memory.length, 2 * 65_536);
  assert.equal(memory[65_600], 7);
  assert.equal(memory.filter((byte) => byte !== 0).length, 1);
});

test('a mutable global that did not change does not matter', async () => {
  const restored = '(global.set $stack (i32.const 512)) (global.set $stack (i32.const 1024)) (drop (call $now))';
  assert.ok((await kept(module(restored))) instanceof Uint8Array);
});

test('nothing is kept when more than the memory changes', async () => {
  const table = '(table $table 2 funcref) (elem declare func $prepare)';
  for (const [prepare, parts] of [
    ['(global.set $stack (i32.const 1020))'],
    ['(global.set $wide (f64.const 2.5))'],
    ['(table.set $table (i32.const 0) (ref.func $prepare))', table],
    ['(drop (table.grow $table (ref.null func) (i32.const 1)))', table],
    ['(call $ask)'],
  ]) {
    assert.equal(await kept(module(prepare, parts)), undefined, prepare);
  }
});

test('nothing is kept when more might change than is visible', async () => {
  const unknown = '(global $simd (mut v128) (v128.const i64x2 0 0))';
  assert.equal(await kept(module('', unknown)), undefined);
});

test('a prepare that traps is no policy', async () => {
  await assert.rejects(kept(module('unreachable')), { name: 'LoadError', message: 'the policy cannot be started: unreachable' });
});

test('the memory of real policies is kept', async () => {
  for (const file of [POLICY, guest('calm')]) {
    const { source, cores } = await transpile(await readFile(file), 'policy');
    const memory = await preparedMemory(await instantiateOf('policy', source), cores);
    assert.equal(memory.length % 65_536, 0);
    assert.ok(memory.some((byte) => byte !== 0));
  }
});
