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
  /** The rule that is broken; null: the schema, or the form of the event. */
  rule: string | null;
  /** The version in which the path is to be read, when it is not the event's own. */
  version: string | null;
}

/** How far a rejected event got: it is no JSON object, its type or version is not known, or it breaks the rules of its type. */
export type RejectionCause = 'unreadable' | 'unknown' | 'invalid';

/** Why a migration failed. */
export type MigrationCause = 'rejected' | 'no-path' | 'step-failed' | 'invalid-result';

/** A valid event. */
export interface Accepted {
  eventId: string;
  eventType: string;
  /** Its version, or the default of its type when it states none. */
  eventVersion: string;
  /** The partition key; null: it has none. */
  key: string | null;
  /** What it is claimed by, so that a repeat is recognised; null: it is not claimed. */
  claim: string | null;
}

/** A change to the attributes of an event. */
export interface Change {
  name: string;
  /** The new value; null: the attribute is removed. */
  value: string | null;
}

/** An event in the wanted version. */
export interface Migrated {
  /** The event's text: the one that was passed in when it needed no change. Numbers keep their digits. */
  event: string;
  /** False when the text needed no change. */
  changed: boolean;
  /** The changes to its attributes. */
  attributes: Change[];
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
  /** The partition key: events of one key keep their order; null: it has none. */
  key: string | null;
  /** Its id. A repeated call gives the same one. */
  id: string;
  eventType: string;
  /** Its text; null when the event leaves unchanged, byte for byte. */
  event: string | null;
  /** The changes to the attributes that the event came with; of another event, its attributes. */
  attributes: Change[];
  /** Not to be sent before this time, RFC 3339; null: at once. */
  notBefore: string | null;
}

/** The decision on one event, with its reasons and its outputs. */
export interface Decided {
  decision: 'forward' | 'drop' | 'reject';
  /** The drop rule by which it is dropped. */
  rule: string | null;
  /** What it is claimed by, so that a repeat is recognised; null: it is not claimed. */
  claim: string | null;
  eventId: string | null;
  eventType: string | null;
  eventVersion: string | null;
  key: string | null;
  /** What to send, in this order; empty unless the decision is `forward`. */
  outputs: Output[];
  /** The violations; never empty when the decision is `reject`. */
  violations: Violation[];
}

/** One event type. */
export interface EventType {
  name: string;
  /** Its versions, oldest first, each with a valid event as JSON text. */
  versions: { version: string; example: string }[];
  targetVersion: string;
  /** The version of an event that states none. */
  defaultVersion: string;
  /** Which version can be brought to which, in any number of steps, and whether that can lose what an event says. */
  migrations: { from: string; to: string; lossy: boolean }[];
  /** The ids of the rules that its events must keep. */
  rules: string[];
  /** The ids of the rules by which its valid events are dropped. */
  dropRules: string[];
  /** False for types that the policy sends and never accepts. */
  accepted: boolean;
  /** All channels on which its events may leave; empty: valid events of this type are dropped. */
  channels: string[];
  /** Milliseconds to wait before each retry. */
  retryDelaysMs: number[];
}

/** What a policy knows. */
export interface Catalog {
  name: string;
  version: string;
  /** SHA-256 of its bundle; null: it is not made of files alone. */
  digest: string | null;
  /** Sorted by name. */
  eventTypes: EventType[];
  /** Every channel on which the policy may send, and those of dead letters and alerts, sorted. */
  channels: string[];
  /** Where an event states its names, as JSON Pointers; null: events state none. */
  envelope: { id: string | null; eventType: string; version: string | null; key: string | null; time: string | null };
  /** How a CloudEvent is read as a document: which attribute stands for which member, and where its data stands. */
  cloudEvents: { attributes: { name: string; place: string }[]; payload: string | null };
  /** The dead letters that a gate builds: in its own form when there is no template, which is JSON text. */
  deadLetters: { channel: string; eventType: string; template: string | null };
  /** The channels that receive alerts about dead letters, each with the types of the events; null: of all. */
  alerts: { channel: string; eventTypes: string[] | null }[];
  /** The longest event in bytes of UTF-8, and the deepest nesting of arrays and objects. */
  limits: { eventBytes: number; depth: number };
}
