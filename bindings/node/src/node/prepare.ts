/**
 * Runs `prepare` once in advance, as the gate does: its memory is kept, and instances start with it.
 */
import { compiled } from '../compile.js';
import { cannotStart } from '../instance.js';
import type { Instantiate } from '../module.js';
import { memoryOf, start } from '../start.js';
import { RESOURCES, WORLD } from '../world.js';
import { exposed, stateOf } from './expose.js';
import type { Transpiled } from './transpile.js';

/**
 * The policy's memory after `prepare`. `undefined` when `prepare` changes, or may change, more than the memory: then each
 * instance has to call it. Throws {@link LoadError}.
 */
export async function preparedMemory(instantiate: Instantiate, cores: Transpiled['cores']): Promise<Uint8Array | undefined> {
  const visible = Object.entries(cores).map(([name, core]) => [name, exposed(core)] as const);
  if (!visible.every((entry): entry is readonly [string, Uint8Array] => entry[1] !== undefined)) {
    return undefined;
  }
  const modules = (await compiled(Object.fromEntries(visible))) as ReadonlyMap<string, WebAssembly.Module>;
  let holds = false;
  const world = watched(() => (holds = true));
  try {
    const { exported, parts } = start(instantiate, modules, world);
    holds = false;
    const before = parts.flatMap(stateOf);
    exported.prepare?.();
    const after = parts.flatMap(stateOf);
    const same = before.length === after.length && before.every((value, at) => Object.is(value, after[at]));
    const memory = memoryOf(parts);
    return same && !holds && memory !== undefined ? new Uint8Array(memory.buffer.slice(0)) : undefined;
  } catch (error) {
    throw cannotStart(error);
  }
}

/** The world, which records that it has given a handle: a later instance could not use the handle. */
function watched(gave: () => void): object {
  const watchedFunction = (member: Function) =>
    (...given: unknown[]): unknown => {
      const answer: unknown = member(...given);
      if (RESOURCES.some((resource) => answer instanceof resource)) {
        gave();
      }
      return answer;
    };
  const watchedMember = ([name, member]: [string, Function]) =>
    [name, RESOURCES.includes(member) ? member : watchedFunction(member)] as const;
  const watchedInterface = ([name, members]: [string, Record<string, Function>]) =>
    [name, Object.fromEntries(Object.entries(members).map(watchedMember))] as const;
  return Object.fromEntries(Object.entries(WORLD).map(watchedInterface));
}
