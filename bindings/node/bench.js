// What a call and a load cost: `npm run bench`. Prints a table, and how busy the machine was.
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Policy } from 'tidegate';

const POLICY = fileURLToPath(new URL('../../dist/policy.wasm', import.meta.url));
const GOOD =
  '{"event_id":"e-1","event_type":"task.created","event_version":"1.0","task_id":42,"user_id":"user-1","timestamp":"2026-03-01T09:30:00Z","payload":{"title":"Water the plants"}}';
const BAD = GOOD.replace('42', '"42"').replace('"user-1"', '""');
const LARGE = GOOD.replace('plants', `plants${'x'.repeat(1024 * 1024 - GOOD.length)}`);
const NOW = { now: '2026-03-01T09:30:00Z' };

const cacheDirectory = await mkdtemp(join(tmpdir(), 'tidegate-bench-'));
const cold = await milliseconds(() => Policy.load(POLICY));
const filling = await milliseconds(() => Policy.load(POLICY, { cacheDirectory }));
const warm = await milliseconds(() => Policy.load(POLICY, { cacheDirectory }));
const policy = await Policy.load(POLICY, { cacheDirectory });

const rows = [
  ['`validateJson`', (event) => policy.validateJson(event)],
  ['`validate`', (event) => settled(() => policy.validate(event))],
  ['`process`', (event) => policy.process(event, NOW)],
];
console.log('| µs a call | good | bad | 1 MiB |\n|---|---|---|---|');
for (const [name, call] of rows) {
  console.log(`| ${name} | ${microseconds(call, GOOD, 50_000)} | ${microseconds(call, BAD, 50_000)} | ${microseconds(call, LARGE, 200)} |`);
}
settled(() => policy.validate(' '.repeat(100 * 1024 * 1024)));
const anew = await milliseconds(() => policy.validate(GOOD));
console.log(`
| load | ms |
|---|---|
| cold | ${cold} |
| cold, filling the cache | ${filling} |
| warm | ${warm} |
| the first call after a fault | ${anew} |

Node ${process.version}, load average ${loadavg()[0].toFixed(1)}.`);
await rm(cacheDirectory, { recursive: true });

async function milliseconds(work) {
  const start = performance.now();
  await work();
  return Math.round(performance.now() - start);
}

/** The mean of the best of three rounds, after one to warm up. */
function microseconds(call, event, times) {
  const round = () => {
    const start = performance.now();
    for (let time = 0; time < times; time += 1) {
      call(event);
    }
    return ((performance.now() - start) * 1000) / times;
  };
  round();
  const best = Math.min(round(), round(), round());
  return best < 100 ? best.toFixed(1) : Math.round(best);
}

function settled(call) {
  try {
    return call();
  } catch (error) {
    return error;
  }
}
