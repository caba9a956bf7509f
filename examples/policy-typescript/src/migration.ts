/** `migration`: `weight_kg: 2.50` in 1.0 is `weight: {value: 2.50, unit: "kg"}` in 1.1. The digits are moved, not computed. */
import type { Migrated, MigrationCause, MigrationFailure } from "tidegate:policy/migration@0.2.0";
import type { Attribute, Rejection, Violation } from "tidegate:policy/validation@0.2.0";

import { Failure, recover } from "./failure.ts";
import { type EventType, object } from "./known.ts";
import { accept, type Event, judge, violation } from "./validation.ts";
import { type Members, type Value, write } from "./values.ts";

export function migrate(event: string, _attributes: Attribute[], toVersion: string): Migrated {
  const before = recover(
    () => accept(event),
    ({ eventType, violations }: Rejection) => {
      throw new Failure<MigrationFailure>({ cause: "rejected", eventType, toVersion, violations });
    },
  );
  const after = bring(before, toVersion);
  const fromVersion = before.version;
  if (after === before) return { attributes: [], fromVersion, toVersion, path: [toVersion] };
  return { event: write(after.members), attributes: [], fromVersion, toVersion, path: [fromVersion, toVersion] };
}

/** The event in another version; the very same object when it has it. Fails with a migration failure. */
export function bring(event: Event, toVersion: string): Event {
  const failed = (cause: MigrationCause, violations: Violation[]) =>
    new Failure<MigrationFailure>({ cause, eventType: event.type, fromVersion: event.version, toVersion, violations });

  if (toVersion === event.version) return event;
  const found = stepsOf(event.known).find(({ from, to }) => from === event.version && to === toVersion);
  if (!found) {
    const message = `${event.type} has the versions ${event.known.versions.map(({ name }) => name).join(", ")}`;
    throw failed("no-path", [violation("no-path", "/event_version", message)]);
  }
  const payload = recover(
    () => found.step(event.payload),
    (stuck: Violation) => {
      throw failed("step-failed", [stuck]);
    },
  );
  const members = new Map(event.members).set("event_version", toVersion).set("payload", payload);
  return recover(
    () => judge(members),
    ({ violations }: Rejection) => {
      throw failed("invalid-result", violations.map((found) => ({ ...found, version: toVersion })));
    },
  );
}

/** Why a step cannot carry a value over, and where the value is. */
function stuck(path: string, message: string): Failure<Violation> {
  return new Failure(violation("migration-failed", path, message));
}

/** A step from one version of a payload to another. */
interface Step {
  from: string;
  to: string;
  step: (payload: Members) => Members;
}

const STEPS: readonly Step[] = [
  { from: "1.0", to: "1.1", step: addUnit },
  { from: "1.1", to: "1.0", step: removeUnit },
];

/** The steps between the versions of a type. */
export function stepsOf({ versions }: EventType): Step[] {
  const names = versions.map(({ name }) => name);
  return STEPS.filter(({ from, to }) => names.includes(from) && names.includes(to));
}

function addUnit(payload: Members): Members {
  return replace(payload, "weight_kg", "weight", (value) => object({ value, unit: "kg" }));
}

function removeUnit(payload: Members): Members {
  return replace(payload, "weight", "weight_kg", (weight) => {
    const { value, unit, ...others } = Object.fromEntries(weight as Members);
    if (unit !== "kg") throw stuck("/payload/weight/unit", "version 1.0 knows kilograms only");
    const [other] = Object.keys(others);
    if (other !== undefined) throw stuck("/payload/weight", "version 1.0 has no place for more than value and unit");
    return value as Value;
  });
}

/** The payload with one member replaced; all others keep their values and positions. */
function replace(payload: Members, old: string, name: string, step: (value: Value) => Value): Members {
  if (payload.has(name)) throw stuck(`/payload/${name}`, `is in the way of what becomes of ${old}`);
  return new Map(Array.from(payload, ([key, value]) => (key === old ? [name, step(value)] : [key, value])));
}
