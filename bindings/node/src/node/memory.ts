/**
 * A bound for the memory of a policy, written into its WebAssembly modules: one that wants more traps.
 */
import { LoadError } from '../errors.js';

const PAGE = 65_536;

/** As much as the gate gives a policy. */
const MOST_PAGES = (64 * 1024 * 1024) / PAGE;

const HEADER = 8;
const MEMORY_SECTION = 5;

/** Flags of a memory: it has a maximum, and the two kinds that this cannot bound. */
const HAS_MAXIMUM = 1;
const SHARED = 2;
const WIDE = 4;

/** The core module `wasm` with each of its memories bounded. */
export function bounded(wasm: Uint8Array): Uint8Array {
  let at = HEADER;
  while (at < wasm.length) {
    const size = readNumber(wasm, at + 1);
    if (wasm[at] === MEMORY_SECTION) {
      const section = boundedSection(wasm, size.end);
      return Buffer.concat([wasm.subarray(0, at), section, wasm.subarray(size.end + size.value)]);
    }
    at = size.end + size.value;
  }
  return wasm;
}

function boundedSection(wasm: Uint8Array, start: number): Uint8Array {
  const count = readNumber(wasm, start);
  const body = [...number(count.value)];
  let at = count.end;
  for (let memory = 0; memory < count.value; memory += 1) {
    const flags = wasm[at] ?? 0;
    if ((flags & (SHARED | WIDE)) !== 0) {
      throw new LoadError('it has a memory that is shared or of 64 bits');
    }
    const least = readNumber(wasm, at + 1);
    if (least.value > MOST_PAGES) {
      throw new LoadError(`it wants ${least.value * PAGE} bytes of memory; at most ${MOST_PAGES * PAGE} are allowed`);
    }
    at = least.end;
    let most = MOST_PAGES;
    if ((flags & HAS_MAXIMUM) !== 0) {
      const own = readNumber(wasm, at);
      most = Math.min(own.value, MOST_PAGES);
      at = own.end;
    }
    body.push(HAS_MAXIMUM, ...number(least.value), ...number(most));
  }
  return Uint8Array.from([MEMORY_SECTION, ...number(body.length), ...body]);
}

/** Reads an unsigned LEB128 number. */
function readNumber(wasm: Uint8Array, at: number): { value: number; end: number } {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = wasm[at] ?? 0;
    at += 1;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) {
      return { value, end: at };
    }
  }
}

/** Writes an unsigned LEB128 number. */
function number(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...number(value >>> 7)];
}
