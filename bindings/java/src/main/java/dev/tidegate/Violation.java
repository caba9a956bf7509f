// One reason why an event is not valid.

package dev.tidegate;

import java.util.Optional;

/**
 * One reason why an event is not valid.
 *
 * @param code what is wrong, for programs, such as {@code required} or {@code not-json}
 * @param path JSON Pointer to the value at fault; empty for the whole event
 * @param message what is wrong, for people; contains names from the event, and no values
 * @param rule the rule that is broken; empty: the schema, or the form of the event
 * @param version the version in which the path is to be read, when it is not the event's own
 */
public record Violation(
        String code, String path, String message, Optional<String> rule, Optional<String> version) {}
