/** What the policy knows: event types, their versions, channels and retries; rules, and where dead letters go. */
import type { Alert, DeadLetters } from "tidegate:policy/validation@0.2.0";

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

/** The rules of every event: codes of violations that no schema could have. */
export const RULES = ["empty-user-id"];

/** The host builds the dead letters, in its own form, and tells operations of all of them. */
export const DEAD_LETTERS: DeadLetters = { channel: "dlq", eventType: "dlq.failed" };
export const ALERTS: Alert[] = [{ channel: "ops-alerts" }];

/** The members of every event, in the order in which they are written. */
const MEMBERS = ["event_id", "event_type", "event_version", "task_id", "user_id", "timestamp", "payload"] as const;

/** An event of the policy's own. */
export function event(members: Record<(typeof MEMBERS)[number], Value>): Members {
  return inOrder(object(members));
}

/** An event with its members in their order, and unknown ones after them. */
export function inOrder(event: Members): Members {
  const place = ([name]: [string, Value]) => (MEMBERS as readonly string[]).concat(name).indexOf(name);
  return new Map([...event].sort((one, other) => place(one) - place(other)));
}

/** An object of JSON, with members in this order. */
export function object(members: Record<string, Value>): Members {
  return new Map(Object.entries(members));
}
