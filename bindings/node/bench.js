// What a call and a load cost: `npm run bench` prints tables, and how busy the machine was; `node bench.js --json` prints
// what `cargo xtask bench bindings` reads.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { Policy } from 'tidegate';

const BENCH = fileURLToPath(import.meta.url);
const PACKAGE = fileURLToPath(new URL('./', import.meta.url));
const POLICY = fileURLToPath(new URL('../../dist/policy.wasm', import.meta.url));
const GOOD =
  '{"event_id":"e-1","event_type":"task.created","event_version":"1.0","task_id":42,"user_id":"user-1","timestamp":"2026-03-01T09:30:00Z","payload":{"title":"Water the plants"}}';
const BAD = GOOD.replace('"user_id":"user-1",', '');
const LARGE = GOOD.replace('plants', `plants${'x'.repeat(1024 * 1024 - GOOD.length)}`);
const NOW = { now: '2026-03-01T09:30:00Z' };
const WARM_LOADS = 5;

const run = promisify(execFile);
if (process.argv[2] === '--load') {
  console.log(await milliseconds(() => Policy.load(POLICY, { cacheDir: process.argv[3] })));
} else {
  await bench(process.argv.includes('--json') ? json : tables);
}

async function bench(report) {
  const cacheDir = await mkdtemp(join(tmpdir(), 'tidegate-bench-'));
  try {
    // Each in its own process, as a service starts.
    const load = async () => Number((await run(process.execPath, [BENCH, '--load', cacheDir])).stdout);
    const cold = await load();
    const warms = [];
    for (let at = 0; at < WARM_LOADS; at += 1) {
      warms.push(await load());
    }
    const before = process.memoryUsage.rss();
    const policy = await Policy.load(POLICY, { cacheDir });
    for (let call = 0; call < 1000; call += 1) {
      policy.validate(GOOD);
    }
    collect();
    const memory = process.memoryUsage.rss() - before;
    console.log(await report(policy, { cold, warm: median(warms), memory }));
  } finally {
    await rm(cacheDir, { recursive: true });
  }
}

/** Collects garbage, so that the memory in use is measured. */
function collect() {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

async function json(policy, { cold, warm, memory }) {
  const validate = (event) => settled(() => policy.validate(event));
  return JSON.stringify({
    language: 'node',
    valid_us: Number(microseconds(validate, GOOD, 20_000).toFixed(2)),
    invalid_us: Number(microseconds(validate, BAD, 20_000).toFixed(2)),
    load_cold_ms: Math.round(cold),
    load_warm_ms: Math.round(warm),
    memory_mib: Number((memory / 1024 / 1024).toFixed(1)),
    package_bytes: await packageBytes(),
  });
}

function tables(policy, { cold, warm, memory }) {
  const calls = [
    ['`validateJson`', (event) => policy.validateJson(event)],
    ['`validate`', (event) => settled(() => policy.validate(event))],
    ['`process`', (event) => policy.process(event, NOW)],
  ];
  const short = (us) => (us < 100 ? us.toFixed(1) : Math.round(us));
  const rows = calls.map(([name, call]) => {
    const [good, bad] = [GOOD, BAD].map((event) => short(microseconds(call, event, 20_000)));
    return `| ${name} | ${good} | ${bad} | ${short(microseconds(call, LARGE, 50))} |\n`;
  });
  settled(() => policy.nextAttempt('x'.repeat(100 * 1024 * 1024), 0)); // more than its memory
  const start = performance.now();
  policy.validate(GOOD);
  const anew = performance.now() - start;
  return `| µs a call | good | bad | 1 MiB |
|---|---|---|---|
${rows.join('')}
| load | ms |
|---|---|
| cold | ${Math.round(cold)} |
| warm | ${Math.round(warm)} |
| the first call after a fault | ${Math.round(anew)} |

${Math.round(memory / 1024 / 1024)} MiB of memory for a policy from the cache and 1,000 calls.
Node ${process.version}, load average ${loadavg()[0].toFixed(1)}.`;
}

/** The size of the tarball, or null where the package cannot be packed. */
async function packageBytes() {
  try {
    const { stdout } = await run('npm', ['pack', '--json', '--dry-run', '--ignore-scripts'], { cwd: PACKAGE });
    return JSON.parse(stdout)[0].size;
  } catch {
    return null;
  }
}

async function milliseconds(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** The mean of a call in the median of seven rounds, after one to warm up. */
function microseconds(call, event, times) {
  const round = () => {
    const start = performance.now();
    for (let time = 0; time < times; time += 1) {
      call(event);
    }
    return ((performance.now() - start) * 1000) / times;
  };
  round();
  return median(Array.from({ length: 7 }, round));
}

function median(numbers) {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)];
}

function settled(call) {
  try {
    return call();
  } catch (error) {
    return error;
  }
}
