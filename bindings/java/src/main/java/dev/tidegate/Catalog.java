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
 * @param digest SHA-256 of its bundle; empty when it is not made of files alone
 * @param eventTypes all event types, sorted by name
 * @param channels all channels on which the policy may send, and those of dead letters and alerts, sorted
 * @param envelope where an event states its names
 * @param cloudEvents how a CloudEvent is read as a document
 * @param deadLetters how dead letters look and where they go
 * @param alerts which channels receive alerts about them
 * @param limits the limits of an event
 */
public record Catalog(
        String name,
        String version,
        Optional<String> digest,
        List<EventType> eventTypes,
        List<String> channels,
        Envelope envelope,
        CloudEvents cloudEvents,
        DeadLetters deadLetters,
        List<Alert> alerts,
        Limits limits) {
    /**
     * One event type.
     *
     * @param name its name, as events state it
     * @param versions its versions, oldest first; at least one
     * @param targetVersion the version in which an event leaves when the caller asks for none
     * @param defaultVersion the version of an event that states none
     * @param migrations which version can be brought to which, in any number of steps
     * @param rules the ids of the rules that its events must keep
     * @param dropRules the ids of the rules by which its valid events are dropped
     * @param accepted false for types that the policy sends and never accepts
     * @param channels all channels on which its events may leave; empty: valid ones are dropped
     * @param retryDelays the times to wait before each retry; empty: never retried
     */
    public record EventType(
            String name,
            List<Version> versions,
            String targetVersion,
            String defaultVersion,
            List<Migration> migrations,
            List<String> rules,
            List<String> dropRules,
            boolean accepted,
            List<String> channels,
            List<Duration> retryDelays) {}

    /**
     * One version of an event type.
     *
     * @param version its name, as events state it
     * @param example the text of a valid event
     */
    public record Version(String version, String example) {}

    /**
     * A version that events of another one can be brought to.
     *
     * @param from the version that it starts from
     * @param to the version that it leads to
     * @param lossy whether it can lose what an event says
     */
    public record Migration(String from, String to, boolean lossy) {}

    /**
     * Where an event states its names: JSON Pointers, empty where events state none.
     *
     * @param id the id
     * @param eventType the type
     * @param version the version
     * @param key the partition key
     * @param time the time
     */
    public record Envelope(
            Optional<String> id,
            String eventType,
            Optional<String> version,
            Optional<String> key,
            Optional<String> time) {}

    /**
     * How a CloudEvent is read as a document.
     *
     * @param attributes the attributes that stand for members
     * @param payload where the data stands, for an event whose type is an attribute; empty: the data is the document
     */
    public record CloudEvents(List<MappedAttribute> attributes, Optional<String> payload) {}

    /**
     * An attribute that stands for a member.
     *
     * @param name the attribute
     * @param place the JSON Pointer to the member, in the document
     */
    public record MappedAttribute(String name, String place) {}

    /**
     * The dead letters that a gate builds.
     *
     * @param channel the channel on which they leave
     * @param eventType their type
     * @param template how one looks, as a JSON template; empty: in the gate's own form
     */
    public record DeadLetters(String channel, String eventType, Optional<String> template) {}

    /**
     * A channel that receives alerts about dead letters.
     *
     * @param channel the channel
     * @param eventTypes the types of the events that it receives alerts about; empty: all
     */
    public record Alert(String channel, Optional<List<String>> eventTypes) {}

    /**
     * Limits of an event that the policy reads.
     *
     * @param eventBytes the longest event, in bytes of UTF-8
     * @param depth the deepest nesting of arrays and objects; a scalar has depth 0
     */
    public record Limits(long eventBytes, long depth) {}
}
