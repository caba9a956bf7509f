/**
 * Reads the JSON answers of a policy. An incomplete answer is a fault of the policy.
 */
import type { Accepted, Catalog, Decided, EventType, Migrated, Output, RetryPlan } from './answers.js';
import { InvalidEvent, MigrationFailed, PolicyFault, messageOf } from './errors.js';

/** How the contract spells each member of `T`. */
type Spelling<T> = { readonly [Member in keyof T]: string };

type Rejection = Pick<InvalidEvent, 'cause' | 'eventId' | 'eventType' | 'violations'>;
type Failure = Pick<MigrationFailed, 'cause' | 'eventType' | 'fromVersion' | 'toVersion' | 'violations'>;
type Migration = Omit<Migrated, 'event' | 'changed'> & { event: string | null };

const ACCEPTED: Spelling<Accepted> = {
  eventId: 'event_id',
  eventType: 'event_type',
  eventVersion: 'event_version',
  key: 'key',
  claim: 'claim',
};

const REJECTION: Spelling<Rejection> = {
  cause: 'cause',
  eventId: 'event_id',
  eventType: 'event_type',
  violations: 'violations',
};

const MIGRATION: Spelling<Migration> = {
  event: 'event',
  attributes: 'attributes',
  fromVersion: 'from_version',
  toVersion: 'to_version',
  path: 'path',
};

const FAILURE: Spelling<Failure> = {
  cause: 'cause',
  eventType: 'event_type',
  fromVersion: 'from_version',
  toVersion: 'to_version',
  violations: 'violations',
};

const RETRY_PLAN: Spelling<RetryPlan> = { action: 'action', delayMs: 'delay_ms', retriesLeft: 'retries_left' };

const OUTPUT: Spelling<Output> = {
  channel: 'channel',
  key: 'key',
  id: 'id',
  eventType: 'event_type',
  event: 'event',
  attributes: 'attributes',
  notBefore: 'not_before',
};

const DECIDED: Spelling<Decided> = {
  decision: 'decision',
  rule: 'rule',
  claim: 'claim',
  eventId: 'event_id',
  eventType: 'event_type',
  eventVersion: 'event_version',
  key: 'key',
  outputs: 'outputs',
  violations: 'violations',
};

const EVENT_TYPE: Spelling<EventType> = {
  name: 'name',
  versions: 'versions',
  targetVersion: 'target_version',
  defaultVersion: 'default_version',
  migrations: 'migrations',
  rules: 'rules',
  dropRules: 'drop_rules',
  accepted: 'accepted',
  channels: 'channels',
  retryDelaysMs: 'retry_delays_ms',
};

const CATALOG: Spelling<Catalog> = {
  name: 'name',
  version: 'version',
  digest: 'digest',
  eventTypes: 'event_types',
  channels: 'channels',
  envelope: 'envelope',
  cloudEvents: 'cloud_events',
  deadLetters: 'dead_letters',
  alerts: 'alerts',
  limits: 'limits',
};

const ENVELOPE: Spelling<Catalog['envelope']> = {
  id: 'id',
  eventType: 'event_type',
  version: 'version',
  key: 'key',
  time: 'time',
};

const CLOUD_EVENTS: Spelling<Catalog['cloudEvents']> = { attributes: 'attributes', payload: 'payload' };

const DEAD_LETTERS: Spelling<Catalog['deadLetters']> = {
  channel: 'channel',
  eventType: 'event_type',
  template: 'template',
};

const ALERT: Spelling<Catalog['alerts'][number]> = { channel: 'channel', eventTypes: 'event_types' };

const LIMITS: Spelling<Catalog['limits']> = { eventBytes: 'event_bytes', depth: 'depth' };

/** Of `validate`. Throws {@link InvalidEvent}. */
export function accepted(text: string): Accepted {
  const answer = parsed('validate', text);
  if (answer['valid'] === true) {
    return record('validate', answer, ACCEPTED);
  }
  const { cause, eventId, eventType, violations } = record('validate', answer, REJECTION);
  throw new InvalidEvent(cause, eventId, eventType, violations);
}

/** Of `migrate`, for the event with this text. Throws {@link MigrationFailed}. */
export function migrated(text: string, event: string): Migrated {
  const answer = parsed('migrate', text);
  if (answer['migrated'] === true) {
    const migration = record('migrate', answer, MIGRATION);
    return { ...migration, event: migration.event ?? event, changed: migration.event !== null };
  }
  const { cause, eventType, fromVersion, toVersion, violations } = record('migrate', answer, FAILURE);
  throw new MigrationFailed(cause, eventType, fromVersion, toVersion, violations);
}

/** Of `nextAttempt`. */
export function retryPlan(text: string): RetryPlan {
  return record('nextAttempt', parsed('nextAttempt', text), RETRY_PLAN);
}

/** Of `process`. */
export function decided(text: string): Decided {
  const judged = record('process', parsed('process', text), DECIDED);
  return { ...judged, outputs: records('process', judged.outputs, OUTPUT) };
}

/** Of `catalog`. */
export function catalog(text: string): Catalog {
  const known = record('catalog', parsed('catalog', text), CATALOG);
  const eventTypes = records('catalog', known.eventTypes, EVENT_TYPE);
  return {
    ...known,
    eventTypes,
    envelope: record('catalog', known.envelope, ENVELOPE),
    cloudEvents: record('catalog', known.cloudEvents, CLOUD_EVENTS),
    deadLetters: record('catalog', known.deadLetters, DEAD_LETTERS),
    alerts: records('catalog', known.alerts, ALERT),
    limits: record('catalog', known.limits, LIMITS),
  };
}

/** The message of an answer that reports a misuse. */
export function misuse(text: string): string | undefined {
  return text.startsWith('{"misuse":') ? String(parsed('the call', text)['misuse']) : undefined;
}

function parsed(call: string, text: string): Record<string, unknown> {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (error) {
    throw new PolicyFault('answer', `the policy's answer to ${call} is not JSON: ${messageOf(error)}`);
  }
  return object(call, answer);
}

function records<T>(call: string, answers: unknown, spelling: Spelling<T>): T[] {
  if (!Array.isArray(answers)) {
    throw new PolicyFault('answer', `the policy's answer to ${call} has no list where there must be one`);
  }
  return answers.map((answer) => record(call, answer, spelling));
}

function record<T>(call: string, answer: unknown, spelling: Spelling<T>): T {
  const members = object(call, answer);
  const result: Partial<T> = {};
  for (const member in spelling) {
    const value = members[spelling[member]];
    if (value === undefined) {
      throw new PolicyFault('answer', `the policy's answer to ${call} has no "${spelling[member]}"`);
    }
    result[member] = value as T[typeof member];
  }
  return result as T;
}

function object(call: string, answer: unknown): Record<string, unknown> {
  if (typeof answer !== 'object' || answer === null) {
    throw new PolicyFault('answer', `the policy's answer to ${call} has no object where there must be one`);
  }
  return answer as Record<string, unknown>;
}
