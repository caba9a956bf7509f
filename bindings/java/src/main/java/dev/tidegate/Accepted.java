// A valid event.

package dev.tidegate;

import java.util.Optional;

/**
 * A valid event.
 *
 * @param eventId its id
 * @param eventType its type
 * @param eventVersion its version, or the default of its type when it names none
 * @param key its partition key; empty when it has none
 * @param claim what it is claimed by, so that a repeat is recognised; empty when it is not claimed
 */
public record Accepted(
        String eventId, String eventType, String eventVersion, Optional<String> key, Optional<String> claim) {}
