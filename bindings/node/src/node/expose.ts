/**
 * Makes visible what a WebAssembly module can change besides its memory: its tables and its mutable globals.
 */
import { Reader, moduleOf, number, sectionsOf, type Section } from './sections.js';

const IMPORTS = 2;
const TABLES = 4;
const GLOBALS = 6;
const EXPORTS = 7;

/** The kinds of what is imported and exported. */
const FUNCTION = 0;
const TABLE = 1;
const MEMORY = 2;
const GLOBAL = 3;

/** The prefix of the names of the exports. */
const PREFIX = 'tidegate:';

/** In a constant: operations followed by a number, those with four or eight bytes, those without operand, and the end. */
const WITH_NUMBER = [0x41, 0x42, 0x23, 0xd0, 0xd2];
const F32 = 0x43;
const F64 = 0x44;
const ALONE = [0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e];
const END = 0x0b;

/** The module with exports for everything that it can change; `undefined` when it has parts that are not known here. */
export function exposed(wasm: Uint8Array): Uint8Array | undefined {
  const sections = sectionsOf(wasm);
  const read = (id: number) => new Reader(sections.find((section) => section.id === id)?.body ?? Uint8Array.of(0));
  try {
    const before = imported(read(IMPORTS));
    const tables = [...Array(read(TABLES).number()).keys()].map((at) => [TABLE, before.tables + at] as const);
    const variables = variablesOf(read(GLOBALS)).map((at) => [GLOBAL, before.globals + at] as const);
    return moduleOf(wasm, withExports(sections, [...tables, ...variables]));
  } catch (error) {
    if (error instanceof Unknown) {
      return undefined;
    }
    throw error;
  }
}

/** What {@link exposed} shows of an instance: the elements of its tables, and the values of its mutable globals. */
export function stateOf(part: WebAssembly.Instance): unknown[] {
  return Object.entries(part.exports)
    .filter(([name]) => name.startsWith(PREFIX))
    .flatMap(([, exported]) =>
      exported instanceof WebAssembly.Table
        ? Array.from({ length: exported.length }, (_, at): unknown => exported.get(at))
        : [(exported as WebAssembly.Global).value as unknown],
    );
}

/** How many tables and globals are imported: they are numbered first, and are shown by the module that defines them. */
function imported(reader: Reader): { tables: number; globals: number } {
  const count = { tables: 0, globals: 0 };
  for (let left = reader.number(); left > 0; left -= 1) {
    reader.take(reader.number());
    reader.take(reader.number());
    const kind = reader.byte();
    if (kind === FUNCTION) {
      reader.number();
    } else if (kind === TABLE) {
      reader.byte();
      skipLimits(reader);
      count.tables += 1;
    } else if (kind === MEMORY) {
      skipLimits(reader);
    } else if (kind === GLOBAL) {
      reader.take(2);
      count.globals += 1;
    } else {
      throw new Unknown();
    }
  }
  return count;
}

function skipLimits(reader: Reader): void {
  const hasMaximum = (reader.byte() & 1) !== 0;
  reader.number();
  if (hasMaximum) {
    reader.number();
  }
}

/** Which of the globals are mutable. */
function variablesOf(reader: Reader): number[] {
  const variables: number[] = [];
  const count = reader.number();
  for (let at = 0; at < count; at += 1) {
    reader.byte(); // its type
    if (reader.byte() === 1) {
      variables.push(at);
    }
    skipConstant(reader);
  }
  return variables;
}

function skipConstant(reader: Reader): void {
  for (let operation = reader.byte(); operation !== END; operation = reader.byte()) {
    if (WITH_NUMBER.includes(operation)) {
      reader.number();
    } else if (operation === F32 || operation === F64) {
      reader.take(operation === F32 ? 4 : 8);
    } else if (!ALONE.includes(operation)) {
      throw new Unknown();
    }
  }
}

function withExports(sections: Section[], added: (readonly [kind: number, at: number])[]): Section[] {
  if (added.length === 0) {
    return sections;
  }
  if (!sections.some(({ id }) => id === EXPORTS)) {
    throw new Unknown();
  }
  const entries = added.map(([kind, at], which) => {
    const name = Buffer.from(`${PREFIX}${which}`);
    return Uint8Array.of(name.length, ...name, kind, ...number(at));
  });
  return sections.map(({ id, body }) => {
    if (id !== EXPORTS) {
      return { id, body };
    }
    const own = new Reader(body);
    const count = own.number() + added.length;
    return { id, body: Buffer.concat([Uint8Array.from(number(count)), own.rest(), ...entries]) };
  });
}

class Unknown extends Error {}
