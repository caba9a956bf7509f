/** `gate`: the decision on an event and its outputs; the event of a publisher, completed. */
import type { Attribute, Composed, Context, Decided, Output } from "tidegate:policy/gate@0.2.0";
import type { MigrationFailure } from "tidegate:policy/migration@0.2.0";
import type { Rejection, Violation } from "tidegate:policy/validation@0.2.0";

import { isInteger } from "./checks.ts";
import { recover } from "./failure.ts";
import { type EventType, event, inOrder, object, TYPES } from "./known.ts";
import { bring } from "./migration.ts";
import { accept, type Event, judge, latest, oldest, read, string, violation } from "./validation.ts";
import { type Members, type Num, write } from "./values.ts";

/** After so many missed deliveries the staff gets an alert. */
const ALARMING_ATTEMPTS = 3;

export function process(text: string, _attributes: Attribute[], context: Context): Decided {
  let members: Members = new Map();
  return recover<Decided, Rejection>(
    () => {
      members = read(text);
      return forward(judge(members), context);
    },
    ({ cause, eventId, eventType, violations }) => {
      const known = cause === "invalid" ? TYPES.get(eventType as string) : undefined;
      const eventVersion = known && (string(members, "event_version") ?? oldest(known));
      return reject({ eventId, eventType, eventVersion, key: string(members, "user_id"), violations });
    },
  );
}

export function compose(text: string, _attributes: Attribute[], id: string, now: string): Composed {
  const given = read(text);
  const members = new Map([["event_id", id], ["timestamp", now], ...given]);
  if (members.size === given.size) return { eventId: judge(given).id, attributes: [] };
  const complete = write(inOrder(members));
  // Read again: it has grown.
  return { eventId: accept(complete).id, event: complete, attributes: [] };
}

function forward(came: Event, { now, targetVersion, handedBack }: Context): Decided {
  const judged = { eventId: came.id, eventType: came.type, eventVersion: came.version, key: came.key };
  if (!came.known.accepted && !handedBack) {
    const message = `${came.type} is sent by this policy and never taken in`;
    return reject({ ...judged, violations: [violation("emitted-only", "/event_type", message)] });
  }
  return recover<Decided, MigrationFailure>(
    () => {
      const leaves = bring(came, (came.known.accepted && targetVersion) || latest(came.known));
      const sent: Output = {
        channel: came.known.channel,
        key: came.key,
        id: came.id,
        eventType: came.type,
        event: leaves === came ? undefined : write(leaves.members),
        attributes: [],
      };
      const outputs = handedBack ? [sent] : [sent, ...alarm(came, now)];
      return { decision: "forward", claim: came.id, ...judged, outputs, violations: [] };
    },
    ({ violations }) => reject({ ...judged, violations }),
  );
}

function alarm(came: Event, now: string): Output[] {
  const attempts = came.payload.get("attempts");
  if (came.type !== "delivery.missed" || !isInteger(attempts) || Number(attempts.text) < ALARMING_ATTEMPTS) return [];
  const [id, eventType] = [`${came.id}-alert`, "alert.ops"];
  const alert = event({
    event_id: id,
    event_type: eventType,
    event_version: "1.0",
    task_id: came.members.get("task_id") as Num,
    user_id: came.key,
    timestamp: now,
    payload: object({ about: came.id, message: `missed ${attempts.text} times` }),
  });
  const { channel } = TYPES.get(eventType) as EventType;
  return [{ channel, key: came.key, id, eventType, event: write(alert), attributes: [] }];
}

function reject(
  judged: { eventId?: string; eventType?: string; eventVersion?: string; key?: string; violations: Violation[] },
): Decided {
  return { decision: "reject", claim: judged.eventId || undefined, ...judged, outputs: [] };
}
