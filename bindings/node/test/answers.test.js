// The answers of the gate, call for call and byte for byte.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Misuse } from 'tidegate';
import { answers, policy } from './given.js';

const CALLS = {
  validate: (line) => policy.validateJson(event(line), line.attributes),
  migrate: (line) => policy.migrateJson(event(line), line.to_version, line.attributes),
  'next-attempt': (line) => policy.nextAttemptJson(line.event_type, line.attempt),
  process: (line) =>
    policy.processJson(event(line), { now: line.now, targetVersion: line.target_version }, line.attributes),
  catalog: () => policy.catalogJson(),
};

/** The typed calls, whose results must agree with the JSON. */
const TYPED = {
  validate: (line) => policy.validate(event(line), line.attributes),
  migrate: (line) => policy.migrate(event(line), line.to_version, line.attributes),
  'next-attempt': (line) => policy.nextAttempt(line.event_type, line.attempt),
  process: (line) =>
    policy.process(event(line), { now: line.now, targetVersion: line.target_version }, line.attributes),
  catalog: () => policy.catalog(),
};

for (const file of ['vectors.jsonl', 'random.jsonl']) {
  test(`${file}: every answer is the gate's`, async (t) => {
    const lines = await answers(file);
    assert.ok(lines.length > 0, `${file} is empty`);
    for (const line of lines) {
      if (line.misuse === undefined) {
        assert.equal(CALLS[line.call](line), line.answer, `${line.name} (${line.call})`);
        agrees(line);
      } else {
        assert.throws(() => CALLS[line.call](line), new Misuse(line.misuse), `${line.name} (${line.call})`);
      }
    }
    t.diagnostic(`${lines.length} answers are equal`);
  });
}

/** The result of the typed call agrees with the JSON answer. */
function agrees(line) {
  const { cause, violations, ...answer } = JSON.parse(line.answer);
  if (cause !== undefined) {
    assert.throws(
      () => TYPED[line.call](line),
      (error) => {
        assert.deepEqual({ cause: error.cause, violations: error.violations }, { cause, violations }, line.name);
        return true;
      },
    );
    return;
  }
  const result = TYPED[line.call](line);
  assert.equal(result.eventId, answer.event_id, line.name);
  assert.equal(result.key, answer.key, line.name);
  assert.equal(result.claim, answer.claim, line.name);
  assert.deepEqual(result.attributes, answer.attributes, line.name);
  assert.equal(result.toVersion, answer.to_version, line.name);
  assert.equal(result.delayMs, answer.delay_ms, line.name);
  assert.deepEqual(result.violations, violations, line.name);
  assert.deepEqual(result.outputs?.map(({ event }) => event), answer.outputs?.map(({ event }) => event), line.name);
}

function event(line) {
  return line.event_base64 === undefined ? line.event : Buffer.from(line.event_base64, 'base64');
}
