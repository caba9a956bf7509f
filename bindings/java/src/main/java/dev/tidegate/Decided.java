// The decision on one event, and what to send.

package dev.tidegate;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;

/**
 * The decision on one event, with its reasons and its outputs.
 *
 * @param decision what becomes of it
 * @param rule the drop rule by which it is dropped
 * @param claim what it is claimed by, so that a repeat is recognised; empty when it is not claimed
 * @param eventId its id, when it could be read
 * @param eventType its type, when it could be read
 * @param eventVersion its version, when known
 * @param key its partition key, when it has one that could be read
 * @param outputs what to send, in this order; empty unless the decision is {@code FORWARD}
 * @param violations its violations; never empty when the decision is {@code REJECT}
 */
public record Decided(
        Decision decision,
        Optional<String> rule,
        Optional<String> claim,
        Optional<String> eventId,
        Optional<String> eventType,
        Optional<String> eventVersion,
        Optional<String> key,
        List<Output> outputs,
        List<Violation> violations) {
    /** What becomes of an event. */
    public enum Decision {
        /** Send the outputs. */
        FORWARD,
        /** Valid, and to be sent nowhere. */
        DROP,
        /** Not valid: it belongs in a dead letter. */
        REJECT
    }

    /**
     * One event to send.
     *
     * @param channel one of the catalog's channels
     * @param key the partition key: events of one key keep their order; empty when it has none
     * @param id its id, derived from the input, so that a repeated call gives the same one
     * @param eventType its type
     * @param event its text; empty when the event leaves unchanged, byte for byte
     * @param attributes the changes to the attributes that the event came with; of another event, its attributes
     * @param notBefore not to be sent before this time, RFC 3339; empty: at once
     */
    public record Output(
            String channel,
            Optional<String> key,
            String id,
            String eventType,
            Optional<String> event,
            List<Change> attributes,
            Optional<String> notBefore) {
        /**
         * What to send.
         *
         * @param original the text of the event that was judged
         * @return the text of this one
         */
        public String text(String original) {
            return event.orElse(original);
        }

        /**
         * The event, parsed.
         *
         * @return its tree, with every digit of its numbers; empty when the event leaves unchanged
         * @throws UnsupportedOperationException when there is none, as for {@link Migrated#json()}
         */
        public Optional<JsonNode> json() {
            return event.map(Answers::event);
        }
    }
}
