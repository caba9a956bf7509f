/**
 * Starts the WebAssembly of a policy.
 */
import { LoadError } from './errors.js';
import type { Instantiate } from './module.js';

/** The compiled modules of a policy, by name. */
export type Cores = ReadonlyMap<string, WebAssembly.Module>;

/** The exports of a policy that are called. */
export type Exported = { prepare?: () => void } & Record<string, Record<string, unknown> | undefined>;

export interface Started {
  exported: Exported;
  /** The instances of its modules, in the order in which they were started. */
  parts: WebAssembly.Instance[];
}

/** Starts an instance that sees `world`. `prepare` is not called. */
export function start(instantiate: Instantiate, cores: Cores, world: object): Started {
  const parts: WebAssembly.Instance[] = [];
  const seen = new Set<WebAssembly.Module>();
  const core = (name: string) => {
    const found = cores.get(name);
    if (found === undefined) {
      throw new LoadError(`its module has no "${name}"; transpile it anew`);
    }
    return found;
  };
  const startCore = (module: WebAssembly.Module, imports?: WebAssembly.Imports) => {
    if (seen.has(module)) {
      throw new LoadError('it starts one of its modules twice, which would give it more memory than it may have');
    }
    seen.add(module);
    const part = new WebAssembly.Instance(module, imports);
    parts.push(part);
    return part;
  };
  return { exported: instantiate(core, world, startCore) as Exported, parts };
}

/** The memory of a policy, when it has one that is exported. */
export function memoryOf(parts: readonly WebAssembly.Instance[]): WebAssembly.Memory | undefined {
  return parts
    .flatMap((part) => Object.values(part.exports))
    .find((exported) => exported instanceof WebAssembly.Memory);
}
