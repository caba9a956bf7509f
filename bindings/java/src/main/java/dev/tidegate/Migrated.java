// An event in the wanted version.

package dev.tidegate;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * An event in the wanted version.
 *
 * @param event its text; the text that was passed in when it needed no change
 * @param changed false when the text needed no change
 * @param attributes the changes to its attributes
 * @param fromVersion the version that it had
 * @param toVersion the version that it has
 * @param path the versions on the migration path, the first and the last included
 */
public record Migrated(
        String event,
        boolean changed,
        List<Change> attributes,
        String fromVersion,
        String toVersion,
        List<String> path) {
    /**
     * The event, parsed.
     *
     * @return its tree; numbers keep every digit, as {@code BigInteger} and {@code BigDecimal} where smaller types do not suffice
     * @throws UnsupportedOperationException when it is nested more than 1,000 deep, or the exponent of a number is beyond what
     *     {@code BigDecimal} has, which is 32 bits; {@link #event()} still works
     */
    public JsonNode json() {
        return Answers.event(event);
    }
}
