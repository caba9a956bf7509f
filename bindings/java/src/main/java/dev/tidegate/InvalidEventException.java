// The event is not valid.

package dev.tidegate;

import java.util.List;
import java.util.Optional;

/** The event is not valid. */
public final class InvalidEventException extends TidegateException {
    private static final long serialVersionUID = 1;

    private final RejectionCause rejectionCause;
    private final String eventId;
    private final String eventType;
    private final transient List<Violation> violations;

    InvalidEventException(RejectionCause cause, String eventId, String eventType, List<Violation> violations) {
        super("the event is not valid (" + cause + "): " + inOneLine(violations), null);
        this.rejectionCause = cause;
        this.eventId = eventId;
        this.eventType = eventType;
        this.violations = violations;
    }

    /** How far an event got that is not valid. */
    public enum RejectionCause {
        /** It could not be read as one unambiguous JSON object. */
        UNREADABLE,
        /** Its type or version is not in the catalog. */
        UNKNOWN,
        /** Type and version are known, and it breaks their schema or rules. */
        INVALID
    }

    /**
     * How far the event got.
     *
     * @return the cause
     */
    public RejectionCause rejectionCause() {
        return rejectionCause;
    }

    /**
     * The event's id.
     *
     * @return the id, when it could be read
     */
    public Optional<String> eventId() {
        return Optional.ofNullable(eventId);
    }

    /**
     * The event's type.
     *
     * @return the type, when it could be read
     */
    public Optional<String> eventType() {
        return Optional.ofNullable(eventType);
    }

    /**
     * Its violations.
     *
     * @return at least one and at most 100, by path, then by code
     */
    public List<Violation> violations() {
        return violations;
    }
}
