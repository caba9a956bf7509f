// The typed calls, their arguments, and the end of a policy.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MigrationFailed, Misuse, Policy } from 'tidegate';
import { GOOD, POLICY, policy } from './given.js';

test('nextAttempt gives the delay in milliseconds', () => {
  assert.deepEqual(policy.nextAttempt('task.completed', 1), { action: 'retry', delayMs: 300_000, retriesLeft: 1 });
  assert.deepEqual(policy.nextAttempt('task.completed', 3), { action: 'dead-letter', delayMs: 0, retriesLeft: 0 });
  assert.equal(policy.nextAttempt('task.completed', 2 ** 32 - 1).action, 'dead-letter');
});

test('process takes a Date or a text, and a version', () => {
  const now = '2026-03-01T09:30:00.000Z';
  const decided = policy.process(GOOD, { now });
  assert.equal(decided.decision, 'forward');
  assert.match(decided.outputs[0].event, /"event_version":"1.1"/);
  assert.deepEqual(policy.process(GOOD, { now: new Date(now) }), decided);
  const asItCame = policy.process(GOOD, { now, targetVersion: '1.0' });
  assert.deepEqual(asItCame.outputs, [
    {
      channel: 'task-events',
      key: 'user-1',
      id: 'e-1',
      eventType: 'task.created',
      event: null,
      attributes: [],
      notBefore: null,
    },
  ]);
});

test('a rejected event is a decision', () => {
  const decided = policy.process('{', { now: new Date() });
  assert.equal(decided.decision, 'reject');
  assert.equal(decided.violations[0].code, 'not-json');
});

test('a broken rule is named', () => {
  const [violation] = policy.process(GOOD.replace('user-1', ' '), { now: new Date() }).violations;
  assert.deepEqual([violation.path, violation.rule, violation.version], ['/user_id', 'empty-user-id', null]);
});

test('attributes that the policy does not map change nothing', () => {
  const attributes = { source: '/tasks', subject: '42' };
  const now = { now: '2026-03-01T09:30:00Z' };
  assert.deepEqual(policy.validate(GOOD, attributes), policy.validate(GOOD));
  assert.deepEqual(policy.migrate(GOOD, '1.1', attributes), policy.migrate(GOOD, '1.1'));
  assert.deepEqual(policy.process(GOOD, now, attributes), policy.process(GOOD, now));
});

test('a failed migration has a cause', () => {
  assert.throws(
    () => policy.migrate(GOOD, '9.9'),
    (error) => {
      assert.ok(error instanceof MigrationFailed);
      const { cause, eventType, fromVersion, toVersion } = error;
      assert.deepEqual({ cause, eventType, fromVersion, toVersion }, {
        cause: 'no-path',
        eventType: 'task.created',
        fromVersion: '1.0',
        toVersion: '9.9',
      });
      assert.equal(error.violations[0].code, 'no-path');
      return true;
    },
  );
});

test('the catalog is typed throughout', () => {
  const { name, digest, eventTypes, channels, envelope, cloudEvents, deadLetters, alerts, limits } = policy.catalog();
  assert.equal(name, 'tidegate-tasks');
  assert.equal(digest, null);
  const updated = eventTypes.find((type) => type.name === 'task.updated');
  assert.deepEqual(updated.retryDelaysMs, [1000, 2000, 4000, 8000, 16000]);
  assert.equal(updated.defaultVersion, '1.0');
  assert.deepEqual(updated.migrations[0], { from: '1.0', to: '1.1', lossy: true });
  assert.deepEqual([updated.rules, updated.dropRules], [['empty-user-id'], []]);
  for (const { version, example } of updated.versions) {
    assert.equal(policy.validate(example).eventVersion, version);
  }
  assert.deepEqual(updated.channels, ['task-events']);
  assert.ok(channels.includes('task-events'));
  assert.deepEqual(envelope, {
    id: '/event_id',
    eventType: '/event_type',
    version: '/event_version',
    key: '/user_id',
    time: '/timestamp',
  });
  assert.deepEqual(cloudEvents, { attributes: [], payload: null });
  assert.deepEqual([deadLetters.channel, deadLetters.eventType], ['dlq', 'dlq.failed']);
  assert.deepEqual(alerts[0], { channel: 'ops-alerts', eventTypes: null });
  assert.ok(alerts[1].eventTypes.includes('reminder.due'));
  assert.deepEqual(limits, { eventBytes: 1_048_576, depth: 128 });
});

test('arguments that make no sense are a misuse, which is a TypeError', () => {
  for (const call of [
    () => policy.nextAttempt('task.created', -1),
    () => policy.nextAttempt('task.created', 2 ** 32),
    () => policy.nextAttempt('task.created', 0.5),
    () => policy.nextAttempt('task.created', NaN),
    () => policy.nextAttempt('task.created', 1n),
    () => policy.nextAttempt('\ud800', 0),
    () => policy.migrate(GOOD),
    () => policy.migrate(GOOD, 1.1),
    () => policy.process(GOOD, { now: 'yesterday' }),
    () => policy.process(GOOD, { now: new Date('yesterday') }),
    () => policy.process(GOOD, { now: 0 }),
    () => policy.validate(GOOD, null),
    () => policy.validate(GOOD, 'subject'),
    () => policy.validate(GOOD, { subject: 1 }),
    () => policy.validate(GOOD, { subject: undefined }),
    () => policy.validate(GOOD, { subject: '\ud800' }),
    () => policy.validate(GOOD, ['subject']),
    () => policy.migrate(GOOD, '1.1', ['subject']),
    () => policy.process(GOOD, { now: new Date() }, ['subject']),
  ]) {
    assert.throws(call, (error) => error instanceof Misuse && error instanceof TypeError && error.message !== '', call);
  }
  assert.equal(policy.validate(GOOD).eventId, 'e-1');
});

test('calls of a closed policy are a misuse', async () => {
  const closed = await Policy.load(POLICY);
  closed.close();
  closed[Symbol.dispose]();
  for (const call of [
    () => closed.validate(GOOD),
    () => closed.validate('\ud800'),
    () => closed.migrate(GOOD, '1.1'),
    () => closed.nextAttempt('task.created', 0),
    () => closed.process(GOOD, { now: new Date() }),
    () => closed.catalog(),
  ]) {
    assert.throws(call, new Misuse('the policy is closed'));
  }
});
