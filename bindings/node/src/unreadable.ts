/**
 * The answers to an event that never reaches the policy: too long, or not UTF-8. They are those of every host.
 */
import type { Violation } from './answers.js';

/** In place of the answer to `validate`. */
export function unreadableToValidate(violation: Violation): string {
  return JSON.stringify({ valid: false, cause: 'unreadable', event_id: null, event_type: null, violations: [violation] });
}

/** In place of the answer to `migrate`. */
export function unreadableToMigrate(violation: Violation, toVersion: string): string {
  return JSON.stringify({
    migrated: false,
    cause: 'rejected',
    event_type: null,
    from_version: null,
    to_version: toVersion,
    violations: [violation],
  });
}

/** In place of the answer to `process`. */
export function unreadableToProcess(violation: Violation): string {
  return JSON.stringify({
    decision: 'reject',
    rule: null,
    claim: null,
    event_id: null,
    event_type: null,
    event_version: null,
    key: null,
    outputs: [],
    violations: [violation],
  });
}
