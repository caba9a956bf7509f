/** `validation`: is this event valid? */
import type { Accepted, Attribute, Rejection, RejectionCause, Violation } from "tidegate:policy/validation@0.2.0";

import * as checks from "./checks.ts";
import { Failure, recover } from "./failure.ts";
import { EVENT_BYTES, type EventType, RULES, type Table, TYPES, type Version } from "./known.ts";
import { type Members, parse, type Unreadable, unreadable, type Value } from "./values.ts";

/** A valid event. */
export interface Event {
  members: Members;
  id: string;
  key: string;
  payload: Members;
  type: string;
  version: string;
  known: EventType;
}

/** Members of every event, all of them required; `event_version` may be absent. */
const ENVELOPE: Table = {
  event_id: checks.text,
  task_id: checks.integer,
  user_id: checks.user,
  timestamp: checks.time,
  payload: checks.members,
};

export function validate(text: string, _attributes: Attribute[]): Accepted {
  const valid = accept(text);
  return { eventId: valid.id, eventType: valid.type, eventVersion: valid.version, key: valid.key, claim: valid.id };
}

/** Reads an event and judges it. Fails with a rejection. */
export function accept(text: string): Event {
  return judge(read(text));
}

/** Reads an event, valid or not. Fails with a rejection. */
export function read(text: string): Members {
  return recover(
    () => {
      // A character is at most three bytes a unit, so a text this short needs no count.
      const bytes = text.length * 3 <= EVENT_BYTES ? 0 : utf8Length(text);
      if (bytes > EVENT_BYTES) throw unreadable("too-large", `${bytes} bytes; at most ${EVENT_BYTES} are allowed`);
      const value = parse(text);
      if (!(value instanceof Map)) throw unreadable("not-an-object", "an event is a JSON object");
      return value;
    },
    ({ code, message }: Unreadable) => {
      throw new Failure<Rejection>({ cause: "unreadable", violations: [violation(code, "", message)] });
    },
  );
}

/** Judges an event that has been read. Fails with a rejection. */
export function judge(members: Members): Event {
  const rejected = (cause: RejectionCause, violations: Violation[]) =>
    new Failure<Rejection>({ cause, eventId: string(members, "event_id"), eventType: string(members, "event_type"), violations });

  if (!members.has("event_type")) throw rejected("unknown", [required("/event_type")]);
  const type = string(members, "event_type");
  const known = type === undefined ? undefined : TYPES.get(type);
  if (type === undefined || !known) {
    const message = `must be one of ${[...TYPES.keys()].join(", ")}`;
    throw rejected("unknown", [violation("unknown-event-type", "/event_type", message)]);
  }
  const named = members.has("event_version") ? members.get("event_version") : oldest(known);
  const version = known.versions.find(({ name }) => name === named);
  if (!version) {
    const message = `must be one of ${known.versions.map(({ name }) => name).join(", ")}`;
    throw rejected("unknown", [violation("unknown-version", "/event_version", message)]);
  }
  const payload = members.get("payload");
  const violations = held(members, ENVELOPE, "");
  if (payload instanceof Map) violations.push(...held(payload, version.payload, "/payload"));
  if (violations.length > 0) throw rejected("invalid", violations.sort(byPlace));
  return {
    members,
    id: string(members, "event_id") as string,
    key: string(members, "user_id") as string,
    payload: payload as Members,
    type,
    version: version.name,
    known,
  };
}

export const oldest = (known: EventType): string => (known.versions[0] as Version).name;
export const latest = (known: EventType): string => (known.versions.at(-1) as Version).name;

function held(members: Members, table: Table, path: string): Violation[] {
  return Object.entries(table).flatMap(([name, check]) => {
    const value = members.get(name);
    if (value === undefined) return [required(`${path}/${name}`)];
    const problem = check(value);
    return problem ? [violation(problem[0], `${path}/${name}`, problem[1])] : [];
  });
}

function byPlace(one: Violation, other: Violation): number {
  const [a, b] = [`${one.path}\n${one.code}`, `${other.path}\n${other.code}`];
  return a < b ? -1 : Number(a > b);
}

/** A violation in the event's own version; the id of a rule is its code. */
export function violation(code: string, path: string, message: string): Violation {
  return { code, path, message, rule: RULES.includes(code) ? code : undefined };
}

function required(path: string): Violation {
  return violation("required", path, `${path.slice(path.lastIndexOf("/") + 1)} is required`);
}

/** The string of a member, when it is one. */
export function string(members: Members, name: string): string | undefined {
  const value: Value | undefined = members.get(name);
  return typeof value === "string" ? value : undefined;
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
