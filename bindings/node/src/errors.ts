/**
 * The errors of this package, distinguished by their class.
 *
 * `InvalidEvent` and `MigrationFailed` are about the event, `PolicyFault` and `LoadError` about the policy, `Misuse` about
 * the call.
 */
import type { MigrationCause, RejectionCause, Violation } from './answers.js';

/** The event is not valid. */
export class InvalidEvent extends Error {
  override readonly name = 'InvalidEvent';

  constructor(
    /** How far the event got. */
    override readonly cause: RejectionCause,
    /** The event's id, or null when it could not be read. */
    readonly eventId: string | null,
    /** The event's type, or null when it could not be read. */
    readonly eventType: string | null,
    /** The violations: at least one, in a stable order. */
    readonly violations: readonly Violation[],
  ) {
    super(summary(`the event is ${cause}`, violations));
  }
}

/** The event could not be migrated to the wanted version. It is unchanged. */
export class MigrationFailed extends Error {
  override readonly name = 'MigrationFailed';

  constructor(
    /** Why it failed. */
    override readonly cause: MigrationCause,
    /** The event's type, or null when it is not known. */
    readonly eventType: string | null,
    /** The event's version, or null when it is not known. */
    readonly fromVersion: string | null,
    /** The version that was asked for. */
    readonly toVersion: string,
    /** The violations: at least one, in a stable order. */
    readonly violations: readonly Violation[],
  ) {
    super(summary(`no migration to ${toVersion} (${cause})`, violations));
  }
}

/**
 * The policy itself failed. This says nothing about the event. The instance that failed is dropped, and the next call
 * gets a new one.
 */
export class PolicyFault extends Error {
  override readonly name = 'PolicyFault';

  constructor(
    /** `trap`: it stopped during a call, or could not be started. `answer`: its answer breaks the contract. */
    readonly kind: 'trap' | 'answer',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What was loaded is not a policy, or cannot be run here. The message says why. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
}

/** The arguments make no sense, or the policy is closed. A `TypeError`, as JavaScript's own functions throw. */
export class Misuse extends TypeError {
  override readonly name = 'Misuse';
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function summary(what: string, violations: readonly Violation[]): string {
  const lines = violations.map(({ code, path, message }) => `${code} at "${path}": ${message}`);
  return `${what}: ${lines.join('; ')}`;
}
