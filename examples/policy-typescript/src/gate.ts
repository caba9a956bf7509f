/** `gate`: the decision on an event and its outputs; an event made from a draft. */
import type { Composed, Context, Decided, Draft, Misuse, Output } from "tidegate:policy/gate@0.1.0";
import type { MigrationFailure } from "tidegate:policy/migration@0.1.0";
import type { Rejection, Violation } from "tidegate:policy/validation@0.1.0";

import { isInteger, isTime } from "./checks.ts";
import { Failure, recover } from "./failure.ts";
import { event, object, TYPES } from "./known.ts";
import { bring } from "./migration.ts";
import { accept, type Event, latest, oldest } from "./validation.ts";
import { type Members, Num, parse, type Unreadable, type Value, write } from "./values.ts";

export { deadLetter } from "./letters.ts";

/** After so many missed deliveries the staff gets an alert. */
const ALARMING_ATTEMPTS = 3;

export function process(text: string, { now, targetVersion }: Context): Decided {
  requireTime(now);
  return recover<Decided, Rejection>(
    () => forward(accept(text), now, targetVersion),
    ({ eventId, eventType, violations }) => reject({ eventId, eventType, violations }),
  );
}

export function compose(draft: Draft, now: string): Composed {
  const timestamp = draft.timestamp ?? now;
  const eventId = draft.eventId ?? `${draft.eventType}-${draft.taskId}-${timestamp}`;
  const known = TYPES.get(draft.eventType);
  const taskId = new Num(draft.taskId);
  const text = write(
    event({
      event_id: eventId,
      event_type: draft.eventType,
      event_version: draft.eventVersion ?? (known ? oldest(known) : "1.0"),
      // As a string it is refused like any other task id that is no integer.
      task_id: isInteger(taskId) ? taskId : draft.taskId,
      user_id: draft.userId,
      timestamp,
      payload: payloadOf(draft),
    }),
  );
  accept(text);
  return { eventId, event: text };
}

/** Fails with a misuse when `now` is not a time. */
export function requireTime(now: string): void {
  if (!isTime(now)) {
    throw new Failure<Misuse>({
      message: "now must be a date and time with an offset (RFC 3339), such as 2026-03-01T09:30:00Z",
    });
  }
}

/** An alert for operations. */
export function alert(id: string, taskId: Value, userId: string, now: string, payload: Record<string, Value>): Output {
  return send("alert.ops", id, taskId, userId, now, object(payload));
}

/** An event that the policy makes itself. */
export function send(type: string, id: string, taskId: Value, userId: string, now: string, payload: Members): Output {
  const members = event({
    event_id: id,
    event_type: type,
    event_version: "1.0",
    task_id: taskId,
    user_id: userId,
    timestamp: now,
    payload,
  });
  return { channel: TYPES.get(type)?.channel ?? "dlq", key: userId, id, eventType: type, event: write(members) };
}

function forward(came: Event, now: string, targetVersion: string | undefined): Decided {
  const judged = { eventId: came.id, eventType: came.type, eventVersion: came.version };
  if (!came.known.accepted) {
    const message = `${came.type} is sent by this policy and never taken in`;
    return reject({ ...judged, violations: [{ code: "emitted-only", path: "/event_type", message }] });
  }
  const target = targetVersion ?? latest(came.known);
  return recover<Decided, MigrationFailure>(
    () => {
      const leaves = bring(came, target);
      const text = leaves === came ? undefined : write(leaves.members);
      const sent = { channel: came.known.channel, key: came.key, id: came.id, eventType: came.type, event: text };
      return {
        decision: "forward",
        reason: `${came.type} ${came.version} is valid and leaves as ${text === undefined ? "it came" : target}`,
        ...judged,
        outputs: [sent, ...alarm(came, now)],
        violations: [],
      };
    },
    ({ violations }) => reject({ ...judged, violations }),
  );
}

function alarm(came: Event, now: string): Output[] {
  const attempts = came.payload.get("attempts");
  if (came.type !== "delivery.missed" || !isInteger(attempts) || Number(attempts.text) < ALARMING_ATTEMPTS) return [];
  const payload = { about: came.id, message: `missed ${attempts.text} times` };
  return [alert(`${came.id}-alert`, came.members.get("task_id") as Num, came.key, now, payload)];
}

function reject(
  judged: { eventId?: string; eventType?: string; eventVersion?: string; violations: Violation[] },
): Decided {
  const [first] = judged.violations;
  const reason = first?.path ? `${first.path}: ${first.message}` : (first?.message ?? "");
  return { decision: "reject", reason, ...judged, outputs: [] };
}

function payloadOf(draft: Draft): Value {
  return recover(
    () => parse(draft.payload),
    ({ code, message }: Unreadable) => {
      const { eventId, eventType } = draft;
      const violations = [{ code, path: "/payload", message }];
      throw new Failure<Rejection>({ cause: "invalid", eventId, eventType, violations });
    },
  );
}
