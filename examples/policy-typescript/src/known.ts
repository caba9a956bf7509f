/** What the policy knows: event types, their versions, channels and retries. */
import * as checks from "./checks.ts";
import { type Members, Num, type Value } from "./values.ts";

/** Longest event, in bytes of UTF-8: one of that size is judged well within the deadline of a call. */
export const EVENT_BYTES = 16 * 1024;

/** Required members, and the check of each. */
export type Table = Record<string, checks.Check>;

/** One event type. */
export interface EventType {
  channel: string;
  /** False for types that the policy sends and never accepts. */
  accepted: boolean;
  /** Milliseconds before each retry. */
  delaysMs: readonly number[];
  /** Oldest first; at least one. */
  versions: readonly Version[];
}

export interface Version {
  name: string;
  payload: Table;
  /** The payload of an example. */
  example: Members;
}

/** Milliseconds before each retry of most types, and of unknown types. */
export const DELAYS_MS: readonly number[] = [1_000, 5_000, 30_000];

const alert: Version = {
  name: "1.0",
  payload: { about: checks.text, message: checks.text },
  example: object({ about: "e-1", message: "missed 3 times" }),
};

const letter: Version = {
  name: "1.0",
  payload: { dlq_metadata: checks.members },
  example: object({
    original_text: "{",
    dlq_metadata: object({
      failed_at: "2026-03-01T09:30:00Z",
      error: "not JSON",
      retry_count: new Num("0"),
      violations: [],
      source: "task-events/3@1042",
      policy: "sha256:00",
    }),
  }),
};

/** All event types, by name. */
export const TYPES: ReadonlyMap<string, EventType> = new Map([
  ["alert.ops", { channel: "ops-alerts", accepted: false, delaysMs: DELAYS_MS, versions: [alert] }],
  [
    "delivery.missed",
    {
      channel: "reminders",
      accepted: true,
      delaysMs: [60_000, 600_000],
      versions: parcel({ attempts: checks.count }, { attempts: new Num("1") }),
    },
  ],
  ["delivery.planned", { channel: "task-events", accepted: true, delaysMs: DELAYS_MS, versions: parcel() }],
  ["dlq.failed", { channel: "dlq", accepted: false, delaysMs: DELAYS_MS, versions: [letter] }],
]);

/** The versions of a type about a parcel, with more members. In 1.0 all weights were in kilograms. */
function parcel(more: Table = {}, example: Record<string, Value> = {}): Version[] {
  const kilograms = new Num("2.50");
  return [
    {
      name: "1.0",
      payload: { parcel: checks.text, weight_kg: checks.positive, ...more },
      example: object({ parcel: "P-1001", weight_kg: kilograms, ...example }),
    },
    {
      name: "1.1",
      payload: { parcel: checks.text, weight: checks.weight, ...more },
      example: object({ parcel: "P-1001", weight: object({ value: kilograms, unit: "kg" }), ...example }),
    },
  ];
}

/** The members of an event, in the order in which they are written. */
export function event(envelope: {
  event_id: string;
  event_type: string;
  event_version: string;
  task_id: Value;
  user_id: string;
  timestamp: string;
  payload: Value;
}): Members {
  return object(envelope);
}

/** An object of JSON, with members in this order. */
export function object(members: Record<string, Value>): Members {
  return new Map(Object.entries(members));
}
