// A policy belongs to its thread; every thread can have its own.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

import { GOOD, POLICY, guest, policy, scratch } from './given.js';

/** A thread that loads a policy and answers each event that it receives. */
const JUDGE = new URL('./judge.worker.js', import.meta.url);

test('threads judge in parallel, each with its own policy', async () => {
  const cacheDir = await scratch();
  const workers = [1, 2, 3].map(() => new Worker(JUDGE, { workerData: { file: POLICY, cacheDir } }));
  const events = Array.from({ length: 200 }, (_, at) => GOOD.replace('e-1', `e-${at}`));
  const answers = await Promise.all(workers.map((worker) => ask(worker, events)));
  await Promise.all(workers.map((worker) => worker.terminate()));
  const expected = events.map((event) => policy.processJson(event, { now: '2026-03-01T09:30:00Z' }));
  assert.deepEqual(answers, [expected, expected, expected]);
});

test('calls of one thread run one after another, whichever task makes them', async () => {
  const now = '2026-03-01T09:30:00Z';
  const ids = Array.from({ length: 100 }, (_, at) => `e-${at}`);
  const decisions = await Promise.all(
    ids.map(async (id) => {
      await new Promise(setImmediate);
      return policy.process(GOOD.replace('e-1', id), { now });
    }),
  );
  assert.deepEqual(decisions.map(({ eventId }) => eventId), ids);
});

test('a call that loops ends with its thread', async () => {
  const worker = new Worker(JUDGE, { workerData: { file: guest('loops') } });
  await once(worker, 'message');
  worker.on('message', () => assert.fail('it answered'));
  worker.postMessage([GOOD]);
  await new Promise((passed) => setTimeout(passed, 100));
  assert.equal(await worker.terminate(), 1);
});

async function ask(worker, events) {
  await once(worker, 'message');
  worker.postMessage(events);
  const [answers] = await once(worker, 'message');
  return answers;
}
