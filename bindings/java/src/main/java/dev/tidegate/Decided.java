// The decision on one event, and what to send.

package dev.tidegate;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;

/**
 * The decision on one event, with its reasons and its outputs.
 *
 * @param decision what becomes of it
 * @param reason why, in one line for people
 * @param eventId its id, when it could be read
 * @param eventType its type, when it could be read
 * @param eventVersion its version, when known
 * @param outputs what to send, in this order; empty unless the decision is {@code FORWARD}
 * @param violations its violations; empty unless the decision is {@code REJECT}
 */
public record Decided(
        Decision decision,
        String reason,
        Optional<String> eventId,
        Optional<String> eventType,
        Optional<String> eventVersion,
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
     * @param key the partition key: events of one key keep their order
     * @param id its id, derived from the input, so that a repeated call gives the same one
     * @param eventType its type
     * @param event its text; empty when the event leaves unchanged, byte for byte
     */
    public record Output(String channel, String key, String id, String eventType, Optional<String> event) {
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
