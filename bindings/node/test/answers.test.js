// The answers of the gate, call for call and byte for byte.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Misuse, Policy } from 'tidegate';
import { answers, built, policy as compiled } from './given.js';

/** The same policy compiled, and made of its files. */
const POLICIES = { compiled, 'made of files': await Policy.load(built('dist/built-policy.wasm')) };

const CALLS = {
  validate: (policy, line) => policy.validateJson(event(line), line.attributes),
  migrate: (policy, line) => policy.migrateJson(event(line), line.to_version, line.attributes),
  'next-attempt': (policy, line) => policy.nextAttemptJson(line.event_type, line.attempt),
  process: (policy, line) =>
    policy.processJson(event(line), { now: line.now, targetVersion: line.target_version }, line.attributes),
  catalog: (policy) => withoutDigest(policy.catalogJson()),
};

/** The typed calls, whose results must agree with the JSON. */
const TYPED = {
  validate: (policy, line) => policy.validate(event(line), line.attributes),
  migrate: (policy, line) => policy.migrate(event(line), line.to_version, line.attributes),
  'next-attempt': (policy, line) => policy.nextAttempt(line.event_type, line.attempt),
  process: (policy, line) =>
    policy.process(event(line), { now: line.now, targetVersion: line.target_version }, line.attributes),
  catalog: (policy) => policy.catalog(),
};

for (const [name, policy] of Object.entries(POLICIES)) {
  for (const file of ['vectors.jsonl', 'random.jsonl']) {
    test(`${file}, ${name}: every answer is the gate's`, async (t) => {
      const lines = await answers(file);
      assert.ok(lines.length > 0, `${file} is empty`);
      for (const line of lines) {
        const call = () => CALLS[line.call](policy, line);
        if (line.misuse === undefined) {
          assert.equal(call(), line.answer, `${line.name} (${line.call})`);
          agrees(policy, line);
        } else {
          assert.throws(call, new Misuse(line.misuse), `${line.name} (${line.call})`);
        }
      }
      t.diagnostic(`${lines.length} answers are equal`);
    });
  }
}

/** Only a policy that is made of files names their digest. */
function withoutDigest(catalog) {
  return catalog.replace(/"sha256:[0-9a-f]{64}"/, 'null');
}

/** The result of the typed call agrees with the JSON answer. */
function agrees(policy, line) {
  const { cause, violations, ...answer } = JSON.parse(line.answer);
  if (cause !== undefined) {
    assert.throws(
      () => TYPED[line.call](policy, line),
      (error) => {
        assert.deepEqual({ cause: error.cause, violations: error.violations }, { cause, violations }, line.name);
        return true;
      },
    );
    return;
  }
  const result = TYPED[line.call](policy, line);
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
