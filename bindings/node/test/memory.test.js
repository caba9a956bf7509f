// The limit that is written into the memory of a module.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { bounded as boundedCores } from '../dist/node/memory.js';
import { start } from '../dist/start.js';

const PAGES = 1024;

const bounded = (core) => boundedCores({ core }).core;

/** How far the memory of this module can grow, in pages. */
async function reach(wat) {
  const module = new WebAssembly.Module(bounded(await parse(wat)));
  const { memory } = new WebAssembly.Instance(module).exports;
  const least = memory.buffer.byteLength / 65_536;
  let most = least;
  try {
    for (; most < 2 * PAGES; most += 1) {
      memory.grow(1);
    }
  } catch (error) {
    assert.ok(error instanceof RangeError);
  }
  return [least, most];
}

test('a memory without a limit gets one, and a lower one stays', async () => {
  assert.deepEqual(await reach('(module (memory (export "memory") 1))'), [1, PAGES]);
  assert.deepEqual(await reach('(module (memory (export "memory") 200 300))'), [200, 300]);
  assert.deepEqual(await reach('(module (memory (export "memory") 0 65536))'), [0, PAGES]);
});

test('the rest of the module stays', async () => {
  const wat = '(module (func (export "f") (result i32) i32.const 7) (memory 1) (data (i32.const 0) "abc"))';
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bounded(await parse(wat))));
  assert.equal(exports.f(), 7);
  const without = await parse('(module (func))');
  assert.deepEqual(bounded(without), without);
});

test('a memory that cannot be limited is refused', async () => {
  for (const [memory, why] of [
    ['1025', 'it wants 67174400 bytes of memory; at most 67108864 are allowed'],
    ['1 2 shared', 'it has a memory that is shared or of 64 bits'],
    ['i64 1', 'it has a memory that is shared or of 64 bits'],
  ]) {
    const wasm = await parse(`(module (memory ${memory}))`);
    assert.throws(() => bounded(wasm), { name: 'LoadError', message: why });
  }
});

test('a second memory is refused, in the same module or in another', async () => {
  const message = 'it has more than one memory; a policy may have one';
  const one = await parse('(module (memory 1))');
  const two = await parse('(module (memory 1) (memory 1))');
  const none = await parse('(module (import "other" "memory" (memory 1)))');
  assert.throws(() => bounded(two), { name: 'LoadError', message });
  assert.throws(() => boundedCores({ one, none, other: one }), { name: 'LoadError', message });
  assert.deepEqual(Object.keys(boundedCores({ one, none })), ['one', 'none']);
});

test('a module that is started twice, each time with a memory, is refused', async () => {
  const core = new WebAssembly.Module(await parse('(module (memory 1))'));
  const twice = (core, _, start) => [start(core('core')), start(core('core'))];
  assert.throws(() => start(twice, new Map([['core', core]]), {}), {
    name: 'LoadError',
    message: /^it starts one of its modules twice/,
  });
});
