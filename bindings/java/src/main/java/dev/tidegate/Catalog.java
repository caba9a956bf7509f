// What a policy knows and what it may do.

package dev.tidegate;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a policy knows and what it may do.
 *
 * @param name the policy's name, for people
 * @param version the policy's version, for people
 * @param eventTypes all event types, sorted by name
 * @param channels all channels on which the policy may send, sorted
 * @param limits the limits of an event
 */
public record Catalog(String name, String version, List<EventType> eventTypes, List<String> channels, Limits limits) {
    /**
     * One event type.
     *
     * @param name the value of {@code event_type}
     * @param versions its versions, oldest first; at least one
     * @param latest the version in which an event leaves when the caller asks for none
     * @param accepted false for types that the policy sends and never accepts
     * @param channel where valid events leave; empty when they are dropped
     * @param retryDelays the times to wait before each retry; empty: never retried
     */
    public record EventType(
            String name,
            List<Version> versions,
            String latest,
            boolean accepted,
            Optional<String> channel,
            List<Duration> retryDelays) {}

    /**
     * One version of an event type.
     *
     * @param version the value of {@code event_version}
     * @param example the text of a valid event
     */
    public record Version(String version, String example) {}

    /**
     * Limits of an event that the policy reads.
     *
     * @param eventBytes the longest event, in bytes of UTF-8
     * @param depth the deepest nesting of arrays and objects; a scalar has depth 0
     */
    public record Limits(long eventBytes, long depth) {}
}
