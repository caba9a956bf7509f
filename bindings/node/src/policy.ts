/**
 * A loaded policy: the functions of the contract as methods. Nothing here needs Node.
 */
import type { Accepted, Catalog, Decided, Migrated, RetryPlan, Violation } from './answers.js';
import { compiled } from './compile.js';
import { LoadError, Misuse, messageOf } from './errors.js';
import { textOf, textOfAttributes, type Attributes, type EventInput } from './event.js';
import { Instance, type Call } from './instance.js';
import type { PolicyModule } from './module.js';
import * as read from './read.js';
import { unreadableToMigrate, unreadableToProcess, unreadableToValidate } from './unreadable.js';

/** The arguments that stand in for a clock and a configuration, which a policy does not have. */
export interface Context {
  /** The time to judge by: a `Date`, or RFC 3339 with an offset. */
  now: string | Date;
  /** The version in which the event shall leave; absent: that of its type. */
  targetVersion?: string | undefined;
}

/**
 * A policy, ready to be called. It belongs to the thread that made it: a worker makes its own. Calls are synchronous and run
 * one after another; a call that loops forever can be stopped only with its thread.
 */
export class Policy {
  /** `sha256:` and the hexadecimal SHA-256 of the policy's file. */
  readonly digest: string;
  readonly #catalog: string;
  readonly #eventBytes: number;
  #instance: Instance | undefined;

  /** The policy in a module that `tidegate-transpile` wrote. Throws {@link LoadError}. */
  static async from(module: PolicyModule): Promise<Policy> {
    return new this(module.digest, new Instance(module, await compiled(module.cores)));
  }

  protected constructor(digest: string, instance: Instance) {
    this.digest = digest;
    this.#instance = instance;
    try {
      this.#catalog = instance.call('catalog');
      this.#eventBytes = this.catalog().limits.eventBytes;
    } catch (error) {
      throw new LoadError(messageOf(error), { cause: error });
    }
  }

  /** Judges an event. Throws {@link InvalidEvent}. */
  validate(event: EventInput, attributes?: Attributes): Accepted {
    return read.accepted(this.validateJson(event, attributes));
  }

  /** Migrates an event to a version. Throws {@link MigrationFailed}. */
  migrate(event: EventInput, toVersion: string, attributes?: Attributes): Migrated {
    const text = this.#text(event);
    // Only an event with a text is ever migrated.
    return read.migrated(this.#migrate(text, toVersion, attributes), text as string);
  }

  /** What follows when attempt number `attempt` failed. The first attempt is 0. */
  nextAttempt(eventType: string, attempt: number): RetryPlan {
    return read.retryPlan(this.nextAttemptJson(eventType, attempt));
  }

  /** Judges an event and says what to send. An event that is rejected is a decision, not an error. */
  process(event: EventInput, context: Context, attributes?: Attributes): Decided {
    return read.decided(this.processJson(event, context, attributes));
  }

  /** What the policy knows. */
  catalog(): Catalog {
    return read.catalog(this.catalogJson());
  }

  /** As `validate`: the policy's answer unchanged. */
  validateJson(event: EventInput, attributes?: Attributes): string {
    const text = this.#text(event);
    return typeof text === 'string'
      ? this.#call('validate', text, textOfAttributes(attributes))
      : unreadableToValidate(text);
  }

  /** As `migrate`: the policy's answer unchanged. */
  migrateJson(event: EventInput, toVersion: string, attributes?: Attributes): string {
    return this.#migrate(this.#text(event), toVersion, attributes);
  }

  /** As `nextAttempt`: the policy's answer unchanged. */
  nextAttemptJson(eventType: string, attempt: number): string {
    return this.#call('nextAttempt', request({ event_type: eventType, attempt }));
  }

  /** As `process`: the policy's answer unchanged. */
  processJson(event: EventInput, context: Context, attributes?: Attributes): string {
    const text = this.#text(event);
    if (typeof text !== 'string') {
      return unreadableToProcess(text);
    }
    const asked = request({ event: text, now: time(context.now), target_version: context.targetVersion });
    return this.#call('process', asked, textOfAttributes(attributes));
  }

  /** As `catalog`: the policy's answer unchanged. */
  catalogJson(): string {
    this.#open();
    return this.#catalog;
  }

  /** Frees the policy's memory. Later calls throw {@link Misuse}; closing again does nothing. */
  close(): void {
    this.#instance = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #migrate(text: string | Violation, toVersion: string, attributes: Attributes | undefined): string {
    if (typeof text === 'string') {
      return this.#call('migrate', request({ event: text, to_version: toVersion }), textOfAttributes(attributes));
    }
    if (typeof toVersion !== 'string') {
      throw new Misuse('toVersion must be a string');
    }
    return unreadableToMigrate(text, toVersion);
  }

  #text(event: EventInput): string | Violation {
    this.#open();
    return textOf(event, this.#eventBytes);
  }

  #call(name: Call, ...given: string[]): string {
    const answer = this.#open().call(name, ...given);
    const misuse = read.misuse(answer);
    if (misuse !== undefined) {
      throw new Misuse(misuse);
    }
    return answer;
  }

  #open(): Instance {
    if (this.#instance === undefined) {
      throw new Misuse('the policy is closed');
    }
    return this.#instance;
  }
}

function request(members: object): string {
  try {
    return JSON.stringify(members);
  } catch (error) {
    throw new Misuse(`the arguments cannot be written as JSON (${messageOf(error)})`);
  }
}

function time(now: string | Date): string {
  if (now instanceof Date && Number.isNaN(now.getTime())) {
    throw new Misuse('now is an invalid Date');
  }
  return now instanceof Date ? now.toISOString() : now;
}
