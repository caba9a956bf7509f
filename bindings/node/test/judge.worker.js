// A thread with its own policy: reports that it is ready, and answers each list of events.
import { parentPort, workerData } from 'node:worker_threads';

import { Policy } from 'tidegate';

const policy = await Policy.load(workerData.file, { cacheDir: workerData.cacheDir });
parentPort.on('message', (events) => {
  parentPort.postMessage(events.map((event) => policy.processJson(event, { now: '2026-03-01T09:30:00Z' })));
});
parentPort.postMessage('ready');
