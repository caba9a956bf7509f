// One reason why an event is not valid.

package dev.tidegate;

/**
 * One reason why an event is not valid.
 *
 * @param code what is wrong, for programs, such as {@code required} or {@code not-json}
 * @param path JSON Pointer to the value at fault; empty for the whole event
 * @param message what is wrong, for people; contains names from the event, and no values
 */
public record Violation(String code, String path, String message) {}
