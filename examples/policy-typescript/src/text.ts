/** `json`: the same functions from text to text. */
import type { Decided } from "tidegate:policy/gate@0.2.0";
import type { MigrationFailure } from "tidegate:policy/migration@0.2.0";
import type { Attribute, Rejection, Violation } from "tidegate:policy/validation@0.2.0";

import * as catalogs from "./catalog.ts";
import { isInteger, isTime } from "./checks.ts";
import { Failure, recover } from "./failure.ts";
import * as gate from "./gate.ts";
import * as migration from "./migration.ts";
import * as retry from "./retry.ts";
import * as validation from "./validation.ts";
import { type Members, parse, type Unreadable, type Value } from "./values.ts";

const MOST_ATTEMPTS = 2 ** 32 - 1;

/** A request or attributes of a form that the contract does not show. */
interface Misuse {
  misuse: string;
}

export function validate(event: string, attributes: string): string {
  return orMisuse(() => {
    const given = attributesOf(attributes);
    return recover(
      () => {
        const { eventId, eventType, eventVersion, key, claim } = validation.validate(event, given);
        return text({
          valid: true,
          event_id: eventId,
          event_type: eventType,
          event_version: eventVersion,
          key: key ?? null,
          claim: claim ?? null,
        });
      },
      ({ cause, eventId, eventType, violations }: Rejection) =>
        text({
          valid: false,
          cause,
          event_id: eventId ?? null,
          event_type: eventType ?? null,
          violations: violations.map(shown),
        }),
    );
  });
}

export function migrate(request: string, attributes: string): string {
  return orMisuse(() => {
    const asked = members(request);
    const [event, toVersion] = [string(asked, "event"), string(asked, "to_version")];
    const given = attributesOf(attributes);
    return recover(
      () => {
        const { event: migrated, attributes, fromVersion, path } = migration.migrate(event, given, toVersion);
        return text({
          migrated: true,
          event: migrated ?? null,
          attributes,
          from_version: fromVersion,
          to_version: toVersion,
          path,
        });
      },
      ({ cause, eventType, fromVersion, violations }: MigrationFailure) =>
        text({
          migrated: false,
          cause,
          event_type: eventType ?? null,
          from_version: fromVersion ?? null,
          to_version: toVersion,
          violations: violations.map(shown),
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

export function process(request: string, attributes: string): string {
  return orMisuse(() => {
    const asked = members(request);
    const [event, now] = [string(asked, "event"), string(asked, "now")];
    if (!isTime(now)) {
      throw misused("now must be a date and time with an offset (RFC 3339), such as 2026-03-01T09:30:00Z");
    }
    const target = asked.get("target_version") ?? null;
    const targetVersion = target === null ? undefined : string(asked, "target_version");
    return decidedText(gate.process(event, attributesOf(attributes), { now, targetVersion, handedBack: false }));
  });
}

export function catalog(): string {
  const { name, version, digest, eventTypes, channels, envelope, cloudEvents, deadLetters, alerts, limits } = catalogs.catalog();
  return text({
    name,
    version,
    digest: digest ?? null,
    event_types: eventTypes.map((type) => ({
      name: type.name,
      versions: type.versions,
      target_version: type.targetVersion,
      default_version: type.defaultVersion,
      migrations: type.migrations,
      rules: type.rules,
      drop_rules: type.dropRules,
      accepted: type.accepted,
      channels: type.channels,
      retry_delays_ms: [...type.retryDelaysMs],
    })),
    channels,
    envelope: {
      id: envelope.id ?? null,
      event_type: envelope.eventType,
      version: envelope.version ?? null,
      key: envelope.key ?? null,
      time: envelope.time ?? null,
    },
    cloud_events: { attributes: cloudEvents.attributes, payload: cloudEvents.payload ?? null },
    dead_letters: {
      channel: deadLetters.channel,
      event_type: deadLetters.eventType,
      template: deadLetters.template ?? null,
    },
    alerts: alerts.map(({ channel, eventTypes }) => ({ channel, event_types: eventTypes ?? null })),
    limits: { event_bytes: limits.eventBytes, depth: limits.depth },
  });
}

function decidedText(given: Decided): string {
  return text({
    decision: given.decision,
    rule: given.rule ?? null,
    claim: given.claim ?? null,
    event_id: given.eventId ?? null,
    event_type: given.eventType ?? null,
    event_version: given.eventVersion ?? null,
    key: given.key ?? null,
    outputs: given.outputs.map((output) => ({
      channel: output.channel,
      key: output.key ?? null,
      id: output.id,
      event_type: output.eventType,
      event: output.event ?? null,
      attributes: output.attributes,
      not_before: output.notBefore ?? null,
    })),
    violations: given.violations.map(shown),
  });
}

function shown({ code, path, message, rule, version }: Violation): object {
  return { code, path, message, rule: rule ?? null, version: version ?? null };
}

const text = (answer: object): string => JSON.stringify(answer);

function orMisuse(answer: () => string): string {
  return recover<string, Misuse>(answer, text);
}

function misused(misuse: string): Failure<Misuse> {
  return new Failure({ misuse });
}

function members(json: string, what = "the request"): Members {
  const value = recover(
    () => parse(json),
    ({ message }: Unreadable) => {
      throw misused(`${what} cannot be read: ${message}`);
    },
  );
  if (!(value instanceof Map)) throw misused(`${what} must be a JSON object`);
  return value;
}

/** The attributes of an event; the empty string stands for none. */
function attributesOf(json: string): Attribute[] {
  const given = members(json || "{}", "the attributes");
  return Array.from(given.keys(), (name) => ({ name, value: string(given, name) }));
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
