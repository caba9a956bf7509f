/** What is sent when an event is dead-lettered: its dead letter, with the complete original, and an alert. */
import type { FailedEvent, Misuse, Output } from "tidegate:policy/gate@0.1.0";

import { isInteger, user } from "./checks.ts";
import { Failure, recover } from "./failure.ts";
import { alert, requireTime, send } from "./gate.ts";
import { EVENT_BYTES, object } from "./known.ts";
import { read } from "./validation.ts";
import { type Members, Num } from "./values.ts";

/** The customer of an original that names none. */
const UNKNOWN_CUSTOMER = "unknown";

export function deadLetter(failed: FailedEvent, now: string): Output[] {
  requireTime(now);
  if (failed.encoding === "base64") requireBase64(failed.original);
  const original: Members = failed.encoding === "text" ? recover(() => read(failed.original), nothing) : nothing();
  const userId = user(original.get("user_id") ?? null) ? UNKNOWN_CUSTOMER : (original.get("user_id") as string);
  const taskId = isInteger(original.get("task_id")) ? (original.get("task_id") as Num) : new Num("0");
  const id = `dlq-${fingerprint(failed)}`;
  // In this form `tidegate dlq` can show and redrive it.
  const letter = object({
    [`original_${failed.encoding}`]: failed.original,
    dlq_metadata: object({
      failed_at: now,
      error: failed.error,
      retry_count: new Num(String(failed.retryCount)),
      violations: failed.violations.map(({ code, path, message }) => object({ code, path, message })),
      source: failed.source,
      policy: failed.policy,
    }),
  });
  const message = `dead-lettered after ${failed.retryCount} retries: ${failed.error}`;
  return [
    send("dlq.failed", id, taskId, userId, now, letter),
    alert(`${id}-alert`, taskId, userId, now, { about: id, message }),
  ];
}

/** The members that can be read from an original that is not a JSON object. */
const nothing = (): Members => new Map();

function requireBase64(text: string): void {
  // A single expression would overflow the stack on a long text.
  const digits = text.replace(/={1,2}$/, "");
  if (text.length % 4 !== 0 || digits.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(digits)) {
    throw new Failure<Misuse>({ message: "original must be base64 (RFC 4648, section 4, with padding)" });
  }
}

/**
 * The same id for the same original and source: two hashes like FNV-1a, since the component has no hash function. Of an
 * original longer than any valid event, only its beginning and its length are hashed, since the time of a call is limited.
 */
function fingerprint({ source, original }: FailedEvent): string {
  const text = `${source}\0${original.length}\0${original.slice(0, EVENT_BYTES)}`;
  let [one, other] = [0x811c9dc5, 0x9747b28c];
  for (let at = 0; at < text.length; at += 1) {
    one = Math.imul(one ^ text.charCodeAt(at), 0x01000193);
    other = Math.imul(other ^ text.charCodeAt(at), 0x5bd1e995);
  }
  return [one, other].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}
