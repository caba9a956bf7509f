/** `json`: the same functions from text to text. */
import type { Decided, Misuse } from "tidegate:policy/gate@0.1.0";
import type { MigrationFailure } from "tidegate:policy/migration@0.1.0";
import type { Rejection } from "tidegate:policy/validation@0.1.0";

import { isInteger } from "./checks.ts";
import { Failure, recover } from "./failure.ts";
import * as gate from "./gate.ts";
import * as migration from "./migration.ts";
import * as retry from "./retry.ts";
import * as validation from "./validation.ts";
import { type Members, Num, parse, type Unreadable, type Value } from "./values.ts";

const MOST_ATTEMPTS = 2 ** 32 - 1;

export function validate(event: string): string {
  return recover(
    () => {
      const { eventId, eventType, eventVersion, key } = validation.validate(event);
      return text({ valid: true, event_id: eventId, event_type: eventType, event_version: eventVersion, key });
    },
    ({ cause, eventId, eventType, violations }: Rejection) =>
      text({ valid: false, cause, event_id: eventId ?? null, event_type: eventType ?? null, violations }),
  );
}

export function migrate(request: string): string {
  return orMisuse(() => {
    const asked = members(request);
    const [event, toVersion] = [string(asked, "event"), string(asked, "to_version")];
    return recover(
      () => {
        const { event: migrated, fromVersion, path } = migration.migrate(event, toVersion);
        return text({ migrated: true, event: migrated ?? null, from_version: fromVersion, to_version: toVersion, path });
      },
      ({ cause, eventType, fromVersion, violations }: MigrationFailure) =>
        text({
          migrated: false,
          cause,
          event_type: eventType ?? null,
          from_version: fromVersion ?? null,
          to_version: toVersion,
          violations,
        }),
    );
  });
}

export function nextAttempt(request: string): string {
  return orMisuse(() => {
    const asked = members(request);
    const { action, delayMs, retriesLeft } = retry.nextAttempt(string(asked, "event_type"), attempt(asked.get("attempt")));
    return text({ action, delay_ms: delayMs, retries_left: retriesLeft });
  });
}

export function process(request: string): string {
  return orMisuse(() => {
    const asked = members(request);
    const target = asked.get("target_version") ?? null;
    const targetVersion = target === null ? undefined : string(asked, "target_version");
    return decidedText(gate.process(string(asked, "event"), { now: string(asked, "now"), targetVersion }));
  });
}

export function catalog(): string {
  const { name, version, eventTypes, channels, limits } = validation.catalog();
  return text({
    name,
    version,
    event_types: eventTypes.map((type) => ({
      name: type.name,
      versions: type.versions,
      latest: type.latest,
      accepted: type.accepted,
      channel: type.channel ?? null,
      retry_delays_ms: [...type.retryDelaysMs],
    })),
    channels,
    limits: { event_bytes: limits.eventBytes, depth: limits.depth },
  });
}

function decidedText(given: Decided): string {
  return text({
    decision: given.decision,
    reason: given.reason,
    event_id: given.eventId ?? null,
    event_type: given.eventType ?? null,
    event_version: given.eventVersion ?? null,
    outputs: given.outputs.map((output) => ({
      channel: output.channel,
      key: output.key,
      id: output.id,
      event_type: output.eventType,
      event: output.event ?? null,
    })),
    violations: given.violations,
  });
}

const text = (answer: object): string => JSON.stringify(answer);

function orMisuse(answer: () => string): string {
  return recover(answer, ({ message }: Misuse) => text({ misuse: message }));
}

function misused(message: string): Failure<Misuse> {
  return new Failure({ message });
}

function members(request: string): Members {
  const value = recover(
    () => parse(request),
    ({ message }: Unreadable) => {
      throw misused(`the request cannot be read: ${message}`);
    },
  );
  if (!(value instanceof Map)) throw misused("the request must be a JSON object");
  return value;
}

function string(asked: Members, name: string): string {
  const value = asked.get(name);
  if (typeof value !== "string") throw misused(`${name} must be a string`);
  return value;
}

function attempt(value: Value | undefined): number {
  const number = isInteger(value) ? Number(value.text) : -1;
  if (number < 0 || number > MOST_ATTEMPTS) throw misused(`attempt must be an integer from 0 to ${MOST_ATTEMPTS}`);
  return number;
}
