// The event could not be migrated to the wanted version.

package dev.tidegate;

import java.util.List;
import java.util.Optional;

/** The event could not be migrated to the wanted version. It is unchanged. */
public final class MigrationFailedException extends TidegateException {
    private static final long serialVersionUID = 1;

    private final MigrationCause migrationCause;
    private final String eventType;
    private final String fromVersion;
    private final String toVersion;
    private final transient List<Violation> violations;

    MigrationFailedException(
            MigrationCause cause, String eventType, String fromVersion, String toVersion, List<Violation> violations) {
        super("no migration to \"" + toVersion + "\" (" + cause + "): " + inOneLine(violations), null);
        this.migrationCause = cause;
        this.eventType = eventType;
        this.fromVersion = fromVersion;
        this.toVersion = toVersion;
        this.violations = violations;
    }

    /** Why a migration fails. */
    public enum MigrationCause {
        /** The event is not valid to begin with. */
        REJECTED,
        /** No steps lead from its version to the wanted one. */
        NO_PATH,
        /** A step found a value that it could not carry over. */
        STEP_FAILED,
        /** The steps ran, and the result breaks the schema of the wanted version. */
        INVALID_RESULT
    }

    /**
     * Why it failed.
     *
     * @return the cause
     */
    public MigrationCause migrationCause() {
        return migrationCause;
    }

    /**
     * The event's type.
     *
     * @return the type, when known
     */
    public Optional<String> eventType() {
        return Optional.ofNullable(eventType);
    }

    /**
     * The event's version.
     *
     * @return the version, when known
     */
    public Optional<String> fromVersion() {
        return Optional.ofNullable(fromVersion);
    }

    /**
     * The version that was asked for.
     *
     * @return the version
     */
    public String toVersion() {
        return toVersion;
    }

    /**
     * Its violations.
     *
     * @return at least one, in a stable order
     */
    public List<Violation> violations() {
        return violations;
    }
}
