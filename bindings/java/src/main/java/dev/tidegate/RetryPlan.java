// What follows when an attempt failed, and when.

package dev.tidegate;

import java.time.Duration;

/**
 * What follows when an attempt failed, and when.
 *
 * @param action what to do
 * @param delay the time to wait before the next attempt, in whole milliseconds; zero for a dead letter
 * @param retriesLeft the retries after this one; 0 for a dead letter
 */
public record RetryPlan(Action action, Duration delay, long retriesLeft) {
    /** What to do. */
    public enum Action {
        /** Try again after the delay. */
        RETRY,
        /** Give it up. */
        DEAD_LETTER
    }
}
