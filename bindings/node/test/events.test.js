// The forms in which an event may be passed, and the answers to text that is not one.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { InvalidEvent, Misuse, Policy } from 'tidegate';
import { GOOD, guest, policy } from './given.js';

const bytes = (text) => new TextEncoder().encode(text);
const violation = (event) => JSON.parse(policy.validateJson(event)).violations[0];

/** A violation of the whole event that breaks no rule. */
const unreadable = (code, message) => ({ code, path: '', message, rule: null, version: null });

test('text, bytes and an object are the same event', () => {
  const accepted = { eventId: 'e-1', eventType: 'task.created', eventVersion: '1.0', key: 'user-1', claim: 'e-1' };
  const inALargerBuffer = Buffer.concat([Buffer.from('xx'), bytes(GOOD), Buffer.from('yy')]).subarray(2, -2);
  for (const event of [GOOD, bytes(GOOD), inALargerBuffer, JSON.parse(GOOD)]) {
    assert.deepEqual(policy.validate(event), accepted);
  }
});

test('an event that is not valid comes with its violations', () => {
  assert.throws(
    () => policy.validate({ ...JSON.parse(GOOD), task_id: '42' }),
    (error) => {
      assert.ok(error instanceof InvalidEvent);
      assert.equal(error.cause, 'invalid');
      assert.equal(error.eventId, 'e-1');
      assert.equal(error.eventType, 'task.created');
      assert.deepEqual(error.violations, [
        { code: 'type', path: '/task_id', message: 'must be an integer', rule: null, version: null },
      ]);
      assert.equal(error.message, 'the event is invalid: type at "/task_id": must be an integer');
      return true;
    },
  );
});

test('a lone surrogate is not UTF-8, and is not corrected', () => {
  for (const [text, byte] of [
    ['\ud800', 1],
    ['a\udc00', 2],
    ['äöü€\ud83d', 10],
    ['😀\ufffd\ud800\udbff', 8],
  ]) {
    assert.deepEqual(violation(text), unreadable('not-utf8', `not UTF-8 at byte ${byte}`));
  }
  assert.equal(violation('😀').code, 'not-json');
});

test('a lone surrogate in an object is written as an escape, which the policy judges', () => {
  assert.equal(violation({ event_id: '\ud800' }).code, 'not-json');
});

test('the position of bytes that are not UTF-8 is where the first invalid sequence begins', () => {
  for (const [event, byte] of [
    [[0xff], 1],
    [[0x7b, 0x80], 2],
    [[0x61, 0xc3], 2],
    [[0x61, 0xef, 0xbf], 2],
    [[0x61, 0xef, 0xbf, 0x41], 2],
    [[0xef, 0xbf, 0xbd, 0xef, 0xbf], 4],
    [[0xf0, 0x9f, 0x98, 0x80, 0xed, 0xa0, 0x80], 5],
    [[0x61, 0xc0, 0x80], 2],
    [[0xf4, 0x90, 0x80, 0x80], 1],
  ]) {
    assert.deepEqual(violation(Uint8Array.from(event)), unreadable('not-utf8', `not UTF-8 at byte ${byte}`));
  }
});

test('an event that is not UTF-8 gets the same answer from every call', () => {
  const violations = [unreadable('not-utf8', 'not UTF-8 at byte 2')];
  const event = Uint8Array.of(0x7b, 0xff);
  assert.equal(
    policy.migrateJson(event, '1.1'),
    `{"migrated":false,"cause":"rejected","event_type":null,"from_version":null,"to_version":"1.1","violations":${JSON.stringify(violations)}}`,
  );
  const decided = policy.process(event, { now: '2026-03-01T09:30:00Z' });
  assert.deepEqual(decided, {
    decision: 'reject',
    rule: null,
    claim: null,
    eventId: null,
    eventType: null,
    eventVersion: null,
    key: null,
    outputs: [],
    violations,
  });
});

test('an event that is too long and not UTF-8 is too long', () => {
  const limit = policy.catalog().limits.eventBytes;
  const message = `${limit + 1} bytes; at most ${limit} are allowed`;
  const long = new Uint8Array(limit + 1).fill(0xff);
  assert.deepEqual(violation(long), unreadable('too-large', message));
  assert.deepEqual(violation(`${'a'.repeat(limit - 2)}\ud800`), unreadable('too-large', message));
  assert.equal(violation(long.subarray(1)).code, 'not-utf8');
});

test('NUL and a byte order mark reach the policy', () => {
  for (const [event, place] of [
    [`${GOOD}\0`, 'column 175'],
    ['\0', 'column 1'],
    [`\ufeff${GOOD}`, 'column 1'],
  ]) {
    const said = violation(event);
    assert.equal(said.code, 'not-json');
    assert.match(said.message, new RegExp(`^not JSON at line 1, ${place}:`));
    assert.deepEqual(violation(bytes(event)), said);
  }
});

test('numbers keep their digits', () => {
  const event = GOOD.replace('42', '9007199254740993').replace('"title"', '"large":1e400,"price":1.10,"title"');
  const { event: migrated, changed } = policy.migrate(event, '1.1');
  assert.ok(changed);
  assert.match(migrated, /"task_id":9007199254740993,.*"large":1e400,"price":1\.10,/);
});

test('an event that needs no migration is returned unchanged', () => {
  const event = GOOD.replaceAll(',', ' ,');
  for (const given of [event, bytes(event)]) {
    assert.deepEqual(policy.migrate(given, '1.0'), {
      event,
      changed: false,
      attributes: [],
      fromVersion: '1.0',
      toVersion: '1.0',
      path: ['1.0'],
    });
  }
});

test('the longest event is judged, and one byte more is too large', () => {
  const limit = policy.catalog().limits.eventBytes;
  const padded = (length) => GOOD.replace('plants', `plants${'x'.repeat(length - GOOD.length)}`);
  assert.equal(policy.validate(padded(limit)).eventId, 'e-1');
  assert.equal(policy.validate(bytes(padded(limit))).eventId, 'e-1');
  assert.equal(violation(padded(limit + 1)).code, 'too-large');
});

test('an event that is too long gets the same answer from every call, in whichever form it is passed', () => {
  const limit = policy.catalog().limits.eventBytes;
  for (const [event, length] of [
    ['x'.repeat(limit + 1), limit + 1],
    ['"'.repeat(5 * limit), 5 * limit],
    ['x'.repeat(80 * limit), 80 * limit],
    ['ä'.repeat(limit / 2 + 1), limit + 2],
    ['😀'.repeat(limit / 4 + 1), limit + 4],
    ['\ud800'.repeat(limit / 2), 1.5 * limit],
    [new Uint8Array(limit + 1).fill(0x22), limit + 1],
    [{ event_id: '€'.repeat(limit / 3 + 1) }, limit + 17],
  ]) {
    const violations = [unreadable('too-large', `${length} bytes; at most ${limit} are allowed`)];
    const rejected = { cause: 'unreadable', eventId: null, eventType: null, violations };
    assert.throws(() => policy.validate(event), rejected);
    const failed = { cause: 'rejected', eventType: null, fromVersion: null, toVersion: '1.1', violations };
    assert.throws(() => policy.migrate(event, '1.1'), failed);
    const decided = policy.process(event, { now: '2026-03-01T09:30:00Z' });
    assert.deepEqual(decided, {
      decision: 'reject',
      rule: null,
      claim: null,
      eventId: null,
      eventType: null,
      eventVersion: null,
      key: null,
      outputs: [],
      violations,
    });
  }
});

test('bytes are counted, not code units', () => {
  const limit = policy.catalog().limits.eventBytes;
  for (const text of ['ä'.repeat(limit / 2), '😀'.repeat(limit / 4)]) {
    assert.equal(violation(text).code, 'not-json');
  }
});

test('a policy that accepts any length is not called with an event that is too long', async () => {
  const calm = await Policy.load(guest('calm'));
  const { eventBytes } = calm.catalog().limits;
  const now = '2026-03-01T09:30:00Z';
  assert.equal(calm.process(GOOD.padEnd(eventBytes), { now }).decision, 'forward');
  assert.equal(calm.process(GOOD.padEnd(eventBytes + 1), { now }).violations[0].code, 'too-large');
});

test('a version is required even when the event is not read', () => {
  assert.throws(() => policy.migrate(Uint8Array.of(0xff)), new Misuse('toVersion must be a string'));
});

test('an event that cannot be written as JSON is a misuse that says what to do', () => {
  const cycle = {};
  cycle.self = cycle;
  for (const event of [{ task_id: 1n }, cycle, () => GOOD, { toJSON: () => undefined }]) {
    assert.throws(() => policy.validate(event), Misuse);
  }
  assert.throws(() => policy.validate({ task_id: 1n }), { name: 'Misuse', message: /BigInt.*pass its JSON text instead/ });
  assert.throws(() => policy.validate(cycle), TypeError);
  for (const event of [undefined, null, 5, true, 1n, Symbol('event'), new ArrayBuffer(2)]) {
    assert.throws(() => policy.validate(event), new Misuse('an event is a string, a Uint8Array or an object'));
  }
});
