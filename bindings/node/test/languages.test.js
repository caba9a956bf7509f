// Policies that are not written in Rust.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { InvalidEvent, Policy } from 'tidegate';
import { COMPLETE, built, scratch } from './given.js';

const NOW = { now: '2026-03-01T09:30:00Z' };
const NODE = Number(process.versions.node.split('.')[0]);

/** A test with the policy in this file, which is skipped when that was not built. */
function withPolicy(language, what, body) {
  const path = `dist/policy-${language}.wasm`;
  const missing = !existsSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)));
  const skip = missing && !COMPLETE && `${path} is missing: run \`cargo xtask build\``;
  test(`${path}: ${what}`, { skip }, () => body(built(path)));
}

/** All calls, with the policy's own examples, of a policy that was just prepared and of one from the cache. */
async function judges(file) {
  const cacheDir = await scratch();
  for (const policy of [await Policy.load(file, { cacheDir }), await Policy.load(file, { cacheDir })]) {
    const { eventTypes, channels } = policy.catalog();
    for (const { name, versions, targetVersion, accepted, channel } of eventTypes) {
      for (const { version, example } of versions) {
        assert.equal(policy.validate(example).eventVersion, version);
        assert.equal(policy.migrate(example, targetVersion).toVersion, targetVersion);
        const { decision, outputs } = policy.process(example, NOW);
        assert.equal(decision, !accepted ? 'reject' : channel === null ? 'drop' : 'forward', name);
        assert.ok(outputs.every((output) => channels.includes(output.channel)), name);
      }
      assert.match(policy.nextAttempt(name, 0).action, /^(retry|dead-letter)$/);
    }
    assert.throws(() => policy.validate('{'), InvalidEvent);
    policy.close();
  }
}

withPolicy('typescript', 'judges its own examples', judges);

if (NODE >= 22) {
  withPolicy('python', 'judges its own examples', judges);
} else {
  withPolicy('python', 'needs Node 22, and the error leads there', async (file) => {
    await assert.rejects(Policy.load(file), {
      name: 'LoadError',
      message: /cannot be compiled: .*constant expressions.*; a newer Node or browser may take it$/,
    });
  });
}
