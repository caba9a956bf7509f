/**
 * The answers of a policy: the records of `wit/policy.wit`, with members in camelCase. An absent value is null.
 */
/** One reason why an event is invalid. */
export interface Violation {
  /** What is wrong, for programs: `required`, `type`, `not-json` … */
  code: string;
  /** JSON Pointer to the value at fault; empty for the whole document. */
  path: string;
  /** What is wrong, for people. */
  message: string;
}

/** How far a rejected event got: it is no JSON object, its type or version is not known, or it breaks the rules of its type. */
export type RejectionCause = 'unreadable' | 'unknown' | 'invalid';

/** Why a migration failed. */
export type MigrationCause = 'rejected' | 'no-path' | 'step-failed' | 'invalid-result';

/** A valid event. */
export interface Accepted {
  eventId: string;
  eventType: string;
  /** `event_version`, or the default when it is absent. */
  eventVersion: string;
  /** The partition key. */
  key: string;
}

/** An event in the wanted version. */
export interface Migrated {
  /** The event's text: the one that was passed in when it needed no change. Numbers keep their digits. */
  event: string;
  /** False when the event had that version already. */
  changed: boolean;
  fromVersion: string;
  toVersion: string;
  /** The versions on the migration path, the first and the last included. */
  path: string[];
}

/** What follows when an attempt failed, and when. */
export interface RetryPlan {
  action: 'retry' | 'dead-letter';
  /** Milliseconds to wait before the next attempt; 0 for `dead-letter`. */
  delayMs: number;
  /** Retries left after this one; 0 for `dead-letter`. */
  retriesLeft: number;
}

/** One event to send. */
export interface Output {
  channel: string;
  /** The partition key: events of one key keep their order. */
  key: string;
  /** Its id. A repeated call gives the same one. */
  id: string;
  eventType: string;
  /** Its text; null when the event leaves unchanged, byte for byte. */
  event: string | null;
}

/** The decision on one event, with its reasons and its outputs. */
export interface Decided {
  decision: 'forward' | 'drop' | 'reject';
  /** Why, in one line for people. */
  reason: string;
  eventId: string | null;
  eventType: string | null;
  eventVersion: string | null;
  /** What to send, in this order; empty unless the decision is `forward`. */
  outputs: Output[];
  /** The violations; empty unless the decision is `reject`. */
  violations: Violation[];
}

/** One event type. */
export interface EventType {
  name: string;
  /** Its versions, oldest first, each with a valid event as JSON text. */
  versions: { version: string; example: string }[];
  latest: string;
  /** False for types that the policy sends and never accepts. */
  accepted: boolean;
  /** The channel on which it leaves; null: valid events of this type are dropped. */
  channel: string | null;
  /** Milliseconds to wait before each retry. */
  retryDelaysMs: number[];
}

/** What a policy knows. */
export interface Catalog {
  name: string;
  version: string;
  /** Sorted by name. */
  eventTypes: EventType[];
  channels: string[];
  /** The longest event in bytes of UTF-8, and the deepest nesting of arrays and objects. */
  limits: { eventBytes: number; depth: number };
}
