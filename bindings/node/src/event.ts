/**
 * The text of an event, whatever it was given as.
 *
 * A policy takes text. What is not UTF-8 never reaches it, and is never mended either: it gets the violation that says
 * where it breaks off. JavaScript would put U+FFFD in its place.
 */
import type { Violation } from './answers.js';
import { Misuse, messageOf } from './errors.js';

/**
 * An event: its JSON text, the bytes of that text, or an object to be written with `JSON.stringify`. Numbers keep their
 * digits in text and bytes; an object has lost those beyond a double before it gets here.
 */
export type EventInput = string | Uint8Array | object;

const encoder = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lossy = new TextDecoder('utf-8', { ignoreBOM: true });

/** The event's text, or why it has none. An event may have `limit` bytes. */
export function textOf(event: EventInput, limit: number): string | Violation {
  if (typeof event === 'string') {
    return event.isWellFormed() ? event : unreadable(encoder.encode(event).length, wellFormedPrefix(event), limit);
  }
  if (ArrayBuffer.isView(event)) {
    const bytes = new Uint8Array(event.buffer, event.byteOffset, event.byteLength);
    try {
      return strict.decode(bytes);
    } catch {
      return unreadable(bytes.length, validPrefix(bytes), limit);
    }
  }
  return written(event);
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

function unreadable(length: number, valid: number, limit: number): Violation {
  return length > limit
    ? { code: 'too-large', path: '', message: `${length} bytes; at most ${limit} are allowed` }
    : { code: 'not-utf8', path: '', message: `not UTF-8 at byte ${valid + 1}` };
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
    at -= 1; // back to the start of the U+FFFD, which may begin as the wrong bytes do
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
