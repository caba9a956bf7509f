/** `retry`: when is a failed event retried, and when is it dead-lettered? */
import type { RetryPlan, Schedule } from "tidegate:policy/retry@0.2.0";

import { DELAYS_MS, TYPES } from "./known.ts";

export function scheduleFor(eventType: string): Schedule {
  const delays = TYPES.get(eventType)?.delaysMs ?? DELAYS_MS;
  return { maxRetries: delays.length, delaysMs: Uint32Array.from(delays) };
}

export function nextAttempt(eventType: string, attempt: number): RetryPlan {
  const { maxRetries, delaysMs } = scheduleFor(eventType);
  const delayMs = delaysMs[attempt];
  if (delayMs === undefined) return { action: "dead-letter", delayMs: 0, retriesLeft: 0 };
  return { action: "retry", delayMs, retriesLeft: maxRetries - attempt - 1 };
}
