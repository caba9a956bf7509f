// What a valid event is.

package dev.tidegate;

/**
 * What a valid event is.
 *
 * @param eventId its id
 * @param eventType its type
 * @param eventVersion its version, or the one that an absent version stands for
 * @param key its partition key: its user
 */
public record Accepted(String eventId, String eventType, String eventVersion, String key) {}
