/**
 * The instance of a policy that runs now.
 *
 * It is used again after a clean call only. After a trap nobody knows what is in its memory: it is dropped, and the next
 * call starts a new one.
 */
import { LoadError, PolicyFault, messageOf } from './errors.js';
import type { Instantiate } from './module.js';
import { WORLD } from './world.js';

const INTERFACE = 'tidegate:policy/json@0.1.0';
const FUNCTIONS = ['validate', 'migrate', 'decide', 'process', 'catalog'] as const;

/** A function of the contract's `json` interface. */
export type Call = (typeof FUNCTIONS)[number];

type Functions = Record<Call, (argument?: string) => unknown>;

export class Instance {
  readonly #instantiate: Instantiate;
  readonly #cores: ReadonlyMap<string, object>;
  #functions: Functions | undefined;

  /** Starts the first instance. */
  constructor(instantiate: Instantiate, cores: ReadonlyMap<string, object>) {
    this.#instantiate = instantiate;
    this.#cores = cores;
    try {
      this.#functions = this.#start();
    } catch (error) {
      throw error instanceof LoadError
        ? error
        : new LoadError(`the policy cannot be started: ${messageOf(error)}`, { cause: error });
    }
  }

  /** Calls a function of the contract's `json` interface. Anything but a text is a {@link PolicyFault}. */
  call(name: Call, argument?: string): string {
    let answer: unknown;
    try {
      this.#functions ??= this.#start();
      answer = this.#functions[name](argument);
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
    const exported = this.#instantiate(
      (name) => this.#core(name),
      WORLD,
      (module: WebAssembly.Module, imports?: WebAssembly.Imports) => new WebAssembly.Instance(module, imports),
    ) as { prepare?: () => void } & Record<string, Partial<Functions> | undefined>;
    const functions = exported[INTERFACE];
    const missing = FUNCTIONS.find((name) => typeof functions?.[name] !== 'function');
    if (missing !== undefined) {
      throw new LoadError(`it does not export ${INTERFACE} with the function ${missing}`);
    }
    exported.prepare?.();
    return functions as Functions;
  }

  #core(name: string): object {
    const core = this.#cores.get(name);
    if (core === undefined) {
      throw new LoadError(`its module has no "${name}"; transpile it anew`);
    }
    return core;
  }
}
