/**
 * A limit for the memory of a policy, written into its WebAssembly: when it asks for more, it is refused, or traps.
 */
import { LoadError } from '../errors.js';
import { Reader, moduleOf, number, sectionsOf } from './sections.js';

const PAGE = 65_536;

/** The default of the gate. */
const MOST_PAGES = (64 * 1024 * 1024) / PAGE;

const MEMORY_SECTION = 5;

/** Flags of a memory: it has a maximum, and two kinds that cannot be limited here. */
const HAS_MAXIMUM = 1;
const SHARED = 2;
const WIDE = 4;

/** The modules of one policy, with a limit for its only memory. Throws {@link LoadError}. */
export function bounded(cores: Record<string, Uint8Array>): Record<string, Uint8Array> {
  let memories = 0;
  const boundedCore = (wasm: Uint8Array) => {
    const sections = sectionsOf(wasm);
    const section = sections.find(({ id }) => id === MEMORY_SECTION);
    if (section === undefined) {
      return wasm;
    }
    const memory = new Reader(section.body);
    memories += memory.number();
    if (memories > 1) {
      throw new LoadError('it has more than one memory; a policy may have one');
    }
    section.body = boundedMemory(memory);
    return moduleOf(wasm, sections);
  };
  return Object.fromEntries(Object.entries(cores).map(([name, wasm]) => [name, boundedCore(wasm)]));
}

/** The section for one memory, with a limit. */
function boundedMemory(memory: Reader): Uint8Array {
  const flags = memory.byte();
  if ((flags & (SHARED | WIDE)) !== 0) {
    throw new LoadError('it has a memory that is shared or of 64 bits');
  }
  const least = memory.number();
  if (least > MOST_PAGES) {
    throw new LoadError(`it wants ${least * PAGE} bytes of memory; at most ${MOST_PAGES * PAGE} are allowed`);
  }
  const most = (flags & HAS_MAXIMUM) === 0 ? MOST_PAGES : Math.min(memory.number(), MOST_PAGES);
  return Uint8Array.of(1, HAS_MAXIMUM, ...number(least), ...number(most));
}
