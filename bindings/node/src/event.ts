/**
 * The text of an event, in whichever form it is passed, and of its attributes.
 *
 * A policy accepts text of a bounded length. An event that is longer, or not UTF-8, never reaches it, and gets its violation
 * here. It is not corrected either, as JavaScript would do with U+FFFD.
 */
import type { Violation } from './answers.js';
import { Misuse, messageOf } from './errors.js';

/**
 * An event: its JSON text, the bytes of that text, or an object to be written with `JSON.stringify`. Numbers keep their
 * digits in text and bytes; an object has already lost those beyond a double.
 */
export type EventInput = string | Uint8Array | object;

/** The CloudEvents attributes of an event, such as `{ type: 'order.placed' }`. */
export type Attributes = Readonly<Record<string, string>>;

const encoder = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lossy = new TextDecoder('utf-8', { ignoreBOM: true });

/** The event's text, or why it cannot be passed to the policy. An event may have `limit` bytes of UTF-8. */
export function textOf(event: EventInput, limit: number): string | Violation {
  if (ArrayBuffer.isView(event)) {
    return decoded(new Uint8Array(event.buffer, event.byteOffset, event.byteLength), limit);
  }
  const text = typeof event === 'string' ? event : written(event);
  // A code unit is one to three bytes: only a text that may be too long has to be encoded.
  if (text.length * 3 > limit) {
    const { length } = encoder.encode(text);
    if (length > limit) {
      return tooLarge(length, limit);
    }
  }
  return text.isWellFormed() ? text : notUtf8(wellFormedPrefix(text));
}

/** The text of attributes; the empty string for none. */
export function textOfAttributes(attributes: Attributes | undefined): string {
  if (attributes === undefined) {
    return '';
  }
  const isObject = typeof attributes === 'object' && attributes !== null;
  if (!isObject || !Object.values(attributes).every((value) => typeof value === 'string')) {
    throw new Misuse('the attributes must be an object of strings');
  }
  return JSON.stringify(attributes);
}

function decoded(bytes: Uint8Array, limit: number): string | Violation {
  if (bytes.length > limit) {
    return tooLarge(bytes.length, limit);
  }
  try {
    return strict.decode(bytes);
  } catch {
    return notUtf8(validPrefix(bytes));
  }
}

function written(event: unknown): string {
  if (typeof event !== 'object' || event === null || event instanceof ArrayBuffer) {
    throw new Misuse('an event is a string, a Uint8Array or an object');
  }
  let text: string | undefined;
  try {
    text = JSON.stringify(event);
  } catch (error) {
    throw new Misuse(`the event cannot be written as JSON (${messageOf(error)}); pass its JSON text instead`);
  }
  if (text === undefined) {
    throw new Misuse('the event has no JSON; pass its JSON text instead');
  }
  return text;
}

function tooLarge(length: number, limit: number): Violation {
  return unreadable('too-large', `${length} bytes; at most ${limit} are allowed`);
}

/** For an event of which the first `valid` bytes are UTF-8. */
function notUtf8(valid: number): Violation {
  return unreadable('not-utf8', `not UTF-8 at byte ${valid + 1}`);
}

function unreadable(code: string, message: string): Violation {
  return { code, path: '', message, rule: null, version: null };
}

/** How many bytes of UTF-8 come before the first lone surrogate. */
function wellFormedPrefix(text: string): number {
  return encoder.encode(text.slice(0, firstDifference(text, text.toWellFormed()))).length;
}

/** How many bytes come before the first that is not UTF-8. */
function validPrefix(bytes: Uint8Array): number {
  const mended = encoder.encode(lossy.decode(bytes));
  let at = firstDifference(bytes, mended);
  while (((mended[at] ?? 0) & 0xc0) === 0x80) {
    at -= 1; // back to the start of the U+FFFD, which may begin with the same bytes as the invalid sequence
  }
  return at;
}

function firstDifference(one: ArrayLike<unknown>, other: ArrayLike<unknown>): number {
  let at = 0;
  while (one[at] === other[at]) {
    at += 1;
  }
  return at;
}
