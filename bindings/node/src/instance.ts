/**
 * The current instance of a policy.
 *
 * It is reused only after a call that ended normally. After a trap its memory cannot be trusted: it is dropped, and the next
 * call starts a new one.
 */
import { LoadError, PolicyFault, messageOf } from './errors.js';
import type { PolicyModule } from './module.js';
import { memoryOf, start, type Cores, type Started } from './start.js';
import { WORLD } from './world.js';

const PAGE = 65_536;

const INTERFACE = 'tidegate:policy/json@0.2.0';
const FUNCTIONS = ['validate', 'migrate', 'nextAttempt', 'process', 'catalog'] as const;

/** A function of the contract's `json` interface. */
export type Call = (typeof FUNCTIONS)[number];

type Functions = Record<Call, (...given: string[]) => unknown>;

/** What is needed to start a new instance; without the bytes of the modules, which need not be kept. */
export type Startable = Pick<PolicyModule, 'instantiate' | 'prepared'>;

export class Instance {
  readonly #module: Startable;
  readonly #cores: Cores;
  #functions: Functions | undefined;

  /** Starts the first instance. `cores` are the compiled ones of `module`. */
  constructor({ instantiate, prepared }: Startable, cores: ReadonlyMap<string, object>) {
    this.#module = { instantiate, prepared };
    this.#cores = cores as Cores;
    try {
      this.#functions = this.#start();
    } catch (error) {
      throw cannotStart(error);
    }
  }

  /** Calls a function of the contract's `json` interface. An answer that is not a text is a {@link PolicyFault}. */
  call(name: Call, ...given: string[]): string {
    let answer: unknown;
    try {
      this.#functions ??= this.#start();
      answer = this.#functions[name](...given);
    } catch (error) {
      this.#functions = undefined;
      throw new PolicyFault('trap', `the policy trapped in ${name}: ${messageOf(error)}`, { cause: error });
    }
    if (typeof answer !== 'string') {
      throw new PolicyFault('answer', `the policy's answer to ${name} is not a text`);
    }
    return answer;
  }

  #start(): Functions {
    const started = start(this.#module.instantiate, this.#cores, WORLD);
    const functions = started.exported[INTERFACE];
    const missing = FUNCTIONS.find((name) => typeof functions?.[name] !== 'function');
    if (missing !== undefined) {
      throw new LoadError(`it does not export ${INTERFACE} with the function ${missing}`);
    }
    if (this.#module.prepared === undefined) {
      started.exported.prepare?.();
    } else {
      restore(started, this.#module.prepared);
    }
    return functions as Functions;
  }
}

/** Why a policy cannot be started, for the caller that loads it. */
export function cannotStart(error: unknown): LoadError {
  return error instanceof LoadError
    ? error
    : new LoadError(`the policy cannot be started: ${messageOf(error)}`, { cause: error });
}

/** Gives a new instance the memory that `prepare` left in another. */
function restore({ parts }: Started, prepared: Uint8Array): void {
  const memory = memoryOf(parts);
  if (memory === undefined) {
    throw new LoadError('its module has no memory to put what is prepared in; transpile it anew');
  }
  memory.grow((prepared.length - memory.buffer.byteLength) / PAGE);
  new Uint8Array(memory.buffer).set(prepared);
}
