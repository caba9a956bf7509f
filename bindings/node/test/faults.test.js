// Policies that misbehave: what is reported, and that the next call works.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { LoadError, Policy, PolicyFault } from 'tidegate';
import { GOOD, guest, policy as builtin } from './given.js';

const NOW = { now: '2026-03-01T09:30:00Z' };
/** An event of the catalog, which hostile policies judge correctly. */
const EXAMPLE = GOOD.replace('e-1', 'example-task.created');
const TOLD = GOOD.replace('{"title"', '{"trap":true,"title"');

test('after a trap the next call works', async () => {
  const policy = await Policy.load(guest('traps-when-told'));
  assert.equal(policy.process(GOOD, NOW).decision, 'forward');
  for (let time = 0; time < 3; time += 1) {
    assert.throws(
      () => policy.process(TOLD, NOW),
      (error) => {
        assert.ok(error instanceof PolicyFault);
        assert.equal(error.kind, 'trap');
        assert.match(error.message, /^the policy trapped in process: .*unreachable/);
        assert.ok(error.cause instanceof WebAssembly.RuntimeError);
        assert.ok(error.cause.stack.length < 10_000, 'the stack holds no source');
        return true;
      },
    );
    assert.equal(policy.process(GOOD, NOW).decision, 'forward');
  }
});

test('a policy gets as much memory as in the gate, and no more', async () => {
  const policy = await Policy.load(guest('eats-memory'));
  const before = process.memoryUsage.rss();
  for (let time = 0; time < 2; time += 1) {
    assert.throws(() => policy.process(GOOD, NOW), { name: 'PolicyFault', kind: 'trap' });
    assert.equal(policy.process(EXAMPLE, NOW).decision, 'forward');
  }
  assert.ok(process.memoryUsage.rss() - before < 256 * 1024 * 1024);
});

test('the instance after a fault answers as the first one', () => {
  const answer = builtin.processJson(GOOD, NOW);
  assert.throws(() => builtin.nextAttempt('x'.repeat(100_000_000), 0), { name: 'PolicyFault', kind: 'trap' });
  assert.equal(builtin.processJson(GOOD, NOW), answer);
});

test('a stack that overflows is a trap', async () => {
  const policy = await Policy.load(guest('recurses'));
  assert.throws(() => policy.process(GOOD, NOW), { name: 'PolicyFault', kind: 'trap' });
});

test('a policy that exits or waits is stopped', async () => {
  for (const [name, why] of [
    ['exits', /it wants to exit/],
    ['waits', /time stands still for a policy/],
    ['asks-for-randomness', /it wants 67108864 random bytes at once/],
  ]) {
    const policy = await Policy.load(guest(name));
    assert.throws(() => policy.process(GOOD, NOW), { name: 'PolicyFault', kind: 'trap', message: why }, name);
  }
});

test('a policy sees what it sees in the gate: nothing', async () => {
  const snapshot = new URL(
    '../../../tests/containment/snapshots/containment__calls__a_policy_sees_nothing_of_the_world.snap',
    import.meta.url,
  );
  const [seen] = (await readFile(snapshot, 'utf8')).trim().split('\n').slice(-1);
  const policy = await Policy.load(guest('looks-around'));
  assert.equal(policy.process(GOOD, NOW).key, seen);
});

test('a policy that imports files, or traps before its first call, is not loaded', async () => {
  await assert.rejects(Policy.load(guest('reads-files')), (error) => {
    assert.ok(error instanceof LoadError);
    assert.match(error.message, /reads-files\.wasm: it imports .*wasi:filesystem\/types.*; a policy may not$/);
    return true;
  });
  await assert.rejects(Policy.load(guest('traps-in-prepare')), { name: 'LoadError', message: /cannot be started/ });
});

test('an answer that is not the contract\'s is a fault, not a decision', async () => {
  const policy = await Policy.load(guest('calm'));
  assert.equal(policy.validateJson(GOOD), '{"valid":true}');
  assert.throws(
    () => policy.validate(GOOD),
    { name: 'PolicyFault', kind: 'answer', message: 'the policy\'s answer to validate has no "event_id"' },
  );
  assert.equal(policy.process(GOOD, NOW).decision, 'forward');
});
