// A valid event.

package dev.tidegate;

/**
 * A valid event.
 *
 * @param eventId its id
 * @param eventType its type
 * @param eventVersion its version, or the default when it names none
 * @param key its partition key: its user
 */
public record Accepted(String eventId, String eventType, String eventVersion, String key) {}
