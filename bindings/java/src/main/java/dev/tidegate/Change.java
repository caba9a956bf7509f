// A change to the attributes of an event.

package dev.tidegate;

import java.util.Optional;

/**
 * A change to the CloudEvents attributes of an event.
 *
 * @param name the attribute
 * @param value its new value; empty: the attribute is removed
 */
public record Change(String name, Optional<String> value) {}
