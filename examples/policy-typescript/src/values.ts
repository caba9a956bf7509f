/**
 * JSON text to values and back, without loss.
 *
 * `JSON.parse` rounds numbers, accepts duplicate members and moves members whose names look like numbers to the front. Here an
 * object is a `Map` with members in their order, and a number keeps its text.
 */

import { Failure } from "./failure.ts";

export type Value = null | boolean | string | Num | Value[] | Members;
export type Members = Map<string, Value>;

/** A JSON number as it was written: `1.10`, `1e400` and `9007199254740993` keep their digits. */
export class Num {
  constructor(readonly text: string) {}
}

/** Deepest nesting of arrays and objects in an event. */
export const DEPTH = 32;

/** Why a text is not one unambiguous JSON value. `code` is one of the contract's violation codes. */
export interface Unreadable {
  code: string;
  message: string;
}

/** Reads any JSON text that is nested no deeper than an event may be. Fails with an `Unreadable`. */
export function parse(text: string): Value {
  return new Parser(text).whole();
}

/** The compact text of a value. */
export function write(value: Value): string {
  if (value instanceof Num) return value.text;
  if (value instanceof Map) {
    return `{${Array.from(value, ([name, member]) => `${JSON.stringify(name)}:${write(member)}`).join(",")}}`;
  }
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  return JSON.stringify(value);
}

export function unreadable(code: string, message: string): Failure<Unreadable> {
  return new Failure({ code, message });
}

const COLON = /:/y;
const SPACE = " \t\n\r";
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const WORD = /true|false|null/y;

class Parser {
  private at = 0;

  constructor(private readonly text: string) {}

  whole(): Value {
    const value = this.value(DEPTH);
    this.skipSpace();
    if (this.at < this.text.length) throw this.notJson("the text goes on after its value");
    return value;
  }

  private value(levels: number): Value {
    this.skipSpace();
    switch (this.text[this.at]) {
      case "{":
        return this.object(levels - 1);
      case "[":
        return this.array(levels - 1);
      case '"':
        return this.string();
      case "t":
      case "f":
      case "n":
        return JSON.parse(this.expect(WORD, "a value"));
      default:
        return new Num(this.expect(NUMBER, "a value"));
    }
  }

  private object(levels: number): Members {
    const members: Members = new Map();
    this.items(levels, "}", () => {
      this.skipSpace();
      const name = this.string();
      if (members.has(name)) {
        throw unreadable("duplicate-member", `a member name twice in one object: ${JSON.stringify(name)}`);
      }
      this.skipSpace();
      this.expect(COLON, "a colon");
      members.set(name, this.value(levels));
    });
    return members;
  }

  private array(levels: number): Value[] {
    const items: Value[] = [];
    this.items(levels, "]", () => items.push(this.value(levels)));
    return items;
  }

  /** The items between brackets, separated by commas. */
  private items(levels: number, close: "}" | "]", item: () => void): void {
    if (levels < 0) throw unreadable("too-deep", `nested deeper than ${DEPTH}`);
    this.at += 1;
    this.skipSpace();
    if (this.text[this.at] !== close) {
      item();
      this.skipSpace();
      while (this.text[this.at] === ",") {
        this.at += 1;
        item();
        this.skipSpace();
      }
    }
    if (this.text[this.at] !== close) throw this.notJson(`expected a comma or ${close}`);
    this.at += 1;
  }

  private string(): string {
    const value: string = JSON.parse(this.expect(STRING, "a string"));
    if (!value.isWellFormed()) throw this.notJson("half of a surrogate pair stands alone");
    return value;
  }

  private expect(token: RegExp, what: string): string {
    const found = this.take(token);
    if (!found) throw this.notJson(`expected ${what}`);
    return found;
  }

  private skipSpace(): void {
    while (this.at < this.text.length && SPACE.includes(this.text.charAt(this.at))) this.at += 1;
  }

  private take(token: RegExp): string {
    token.lastIndex = this.at;
    const found = token.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  private notJson(what: string): Failure<Unreadable> {
    const lines = this.text.slice(0, this.at).split("\n");
    const column = [...(lines.at(-1) ?? "")].length + 1;
    return unreadable("not-json", `not JSON at line ${lines.length}, column ${column}: ${what}`);
  }
}
