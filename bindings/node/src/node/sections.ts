/**
 * The sections of a WebAssembly module.
 */
const HEADER = 8;

export interface Section {
  id: number;
  body: Uint8Array;
}

/** The sections of a module, in their order. */
export function sectionsOf(wasm: Uint8Array): Section[] {
  const reader = new Reader(wasm, HEADER);
  const sections: Section[] = [];
  while (!reader.done) {
    sections.push({ id: reader.byte(), body: reader.take(reader.number()) });
  }
  return sections;
}

/** The module with these sections. */
export function moduleOf(wasm: Uint8Array, sections: readonly Section[]): Uint8Array {
  const parts = sections.flatMap(({ id, body }) => [Uint8Array.of(id, ...number(body.length)), body]);
  return Buffer.concat([wasm.subarray(0, HEADER), ...parts]);
}

/** Reads from the front to the back. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at] ?? 0;
    this.#at += 1;
    return byte;
  }

  take(length: number): Uint8Array {
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }

  /** An unsigned LEB128 number. Of a signed one only the length is right. */
  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        return value;
      }
    }
  }
}

/** Writes an unsigned LEB128 number. */
export function number(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...number(value >>> 7)];
}
