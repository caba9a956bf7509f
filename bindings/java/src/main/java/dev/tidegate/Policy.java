// The public interface: a loaded policy and its functions.

package dev.tidegate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;

/**
 * A loaded policy. Open one, share it, and close it when it is no longer needed.
 *
 * <p>An event is given as a {@code String} or as bytes. A string with a lone surrogate, and bytes that are not UTF-8, are
 * judged like any other event: they are unreadable, with the violation {@code not-utf8}.
 *
 * <p><b>Threads.</b> All methods may be called from any number of threads. A call runs on the thread that makes it, for some
 * microseconds; at most as many run at once as {@link PolicyOptions#maxConcurrentCalls(int)} allows, and the others wait.
 * A call cannot be interrupted: the policy's deadline bounds it, see {@link PolicyOptions#deadline(java.time.Duration)}.
 *
 * <p><b>Exceptions.</b> Every method that calls the policy may throw {@link PolicyFaultException}, which says nothing about the
 * event, {@link IllegalStateException} when the policy is closed, and {@link IllegalArgumentException} when arguments make no
 * sense.
 *
 * <p>An unreachable policy is closed some time after the garbage collector finds it.
 */
public final class Policy implements AutoCloseable {
    private final Handle handle;
    private final String digest;

    private Policy(Handle handle) {
        this.handle = handle;
        this.digest = handle.digest();
    }

    /**
     * Loads the policy in a file. It is compiled, which takes seconds unless it is in the directory of {@link PolicyOptions#cacheDir(Path)}.
     *
     * @param file the component, such as {@code policy.wasm}
     * @return the policy
     * @throws PolicyLoadException when it cannot be read, or is not a policy
     */
    public static Policy open(Path file) {
        return open(file, PolicyOptions.defaults());
    }

    /**
     * Loads the policy in a file.
     *
     * @param file the component, such as {@code policy.wasm}
     * @param options what differs from the defaults
     * @return the policy
     * @throws PolicyLoadException when it cannot be read, is not a policy, or the cache cannot be used
     * @throws IllegalArgumentException when an option makes no sense
     */
    public static Policy open(Path file, PolicyOptions options) {
        byte[] component;
        try {
            component = Files.readAllBytes(file);
        } catch (IOException error) {
            throw new PolicyLoadException(file + " cannot be read: " + error, error);
        }
        return new Policy(Handle.open(file + ": ", component, options));
    }

    /**
     * Loads a policy from a component in memory. The bytes are not needed afterwards.
     *
     * @param component the bytes of the file
     * @param options what differs from the defaults
     * @return the policy
     * @throws PolicyLoadException when it is not a policy, or the cache cannot be used
     * @throws IllegalArgumentException when an option makes no sense
     */
    public static Policy open(byte[] component, PolicyOptions options) {
        return new Policy(Handle.open("", component, options));
    }

    /**
     * The digest of the policy's file.
     *
     * @return {@code sha256:} and 64 hexadecimal digits
     */
    public String digest() {
        return digest;
    }

    /**
     * Is this event one that the policy accepts?
     *
     * @param event the text of the event
     * @return what was read
     * @throws InvalidEventException when it is not valid
     */
    public Accepted validate(String event) {
        return validate(event, Map.of());
    }

    /**
     * Is this event, with attributes, one that the policy accepts?
     *
     * @param event the text of the event
     * @param attributes its CloudEvents attributes, such as {@code type}; an empty map is none
     * @return what was read
     * @throws InvalidEventException when it is not valid
     */
    public Accepted validate(String event, Map<String, String> attributes) {
        return Answers.validation(validateJson(event, attributes));
    }

    /**
     * Is this event one that the policy accepts?
     *
     * @param event the bytes of the event
     * @return what was read
     * @throws InvalidEventException when it is not valid
     */
    public Accepted validate(byte[] event) {
        return validate(event, Map.of());
    }

    /**
     * Is this event, with attributes, one that the policy accepts?
     *
     * @param event the bytes of the event
     * @param attributes its CloudEvents attributes, such as {@code type}; an empty map is none
     * @return what was read
     * @throws InvalidEventException when it is not valid
     */
    public Accepted validate(byte[] event, Map<String, String> attributes) {
        return Answers.validation(validateJson(event, attributes));
    }

    /**
     * Migrates an event to another version, up or down.
     *
     * @param event the text of the event
     * @param toVersion the wanted version, such as {@code 1.1}
     * @return the event in that version
     * @throws MigrationFailedException when that fails
     */
    public Migrated migrate(String event, String toVersion) {
        return migrate(event, toVersion, Map.of());
    }

    /**
     * Migrates an event with attributes to another version, up or down.
     *
     * @param event the text of the event
     * @param toVersion the wanted version, such as {@code 1.1}
     * @param attributes its CloudEvents attributes, such as {@code type}; an empty map is none
     * @return the event in that version
     * @throws MigrationFailedException when that fails
     */
    public Migrated migrate(String event, String toVersion, Map<String, String> attributes) {
        return Answers.migration(migrateJson(event, toVersion, attributes), () -> event);
    }

    /**
     * Migrates an event to another version, up or down.
     *
     * @param event the bytes of the event
     * @param toVersion the wanted version, such as {@code 1.1}
     * @return the event in that version
     * @throws MigrationFailedException when that fails
     */
    public Migrated migrate(byte[] event, String toVersion) {
        return migrate(event, toVersion, Map.of());
    }

    /**
     * Migrates an event with attributes to another version, up or down.
     *
     * @param event the bytes of the event
     * @param toVersion the wanted version, such as {@code 1.1}
     * @param attributes its CloudEvents attributes, such as {@code type}; an empty map is none
     * @return the event in that version
     * @throws MigrationFailedException when that fails
     */
    public Migrated migrate(byte[] event, String toVersion, Map<String, String> attributes) {
        return Answers.migration(migrateJson(event, toVersion, attributes), () -> Utf8.text(event));
    }

    /**
     * What follows when an attempt at an event of this type failed?
     *
     * @param eventType the event's type; one that is not in the catalog has the policy's default
     * @param attempt the attempt that failed: 0 for the first, up to 4294967295
     * @return what to do, and when
     */
    public RetryPlan nextAttempt(String eventType, long attempt) {
        return Answers.retryPlan(nextAttemptJson(eventType, attempt));
    }

    /**
     * What would a gate do with this event, sending it in the target version of its type?
     *
     * @param event the text of the event
     * @param now the time to judge by
     * @return the decision, also of an event that is not valid
     */
    public Decided process(String event, Instant now) {
        return process(event, now, null);
    }

    /**
     * What would a gate do with this event?
     *
     * @param event the text of the event
     * @param now the time to judge by
     * @param targetVersion the version in which it shall leave; null for that of its type
     * @return the decision, also of an event that is not valid
     */
    public Decided process(String event, Instant now, String targetVersion) {
        return process(event, now, targetVersion, Map.of());
    }

    /**
     * What would a gate do with this event, with attributes?
     *
     * @param event the text of the event
     * @param now the time to judge by
     * @param targetVersion the version in which it shall leave; null for that of its type
     * @param attributes its CloudEvents attributes, such as {@code type}; an empty map is none
     * @return the decision, also of an event that is not valid
     */
    public Decided process(String event, Instant now, String targetVersion, Map<String, String> attributes) {
        return Answers.decided(processJson(event, now.toString(), targetVersion, attributes));
    }

    /**
     * What would a gate do with this event?
     *
     * @param event the bytes of the event
     * @param now the time to judge by
     * @param targetVersion the version in which it shall leave; null for that of its type
     * @return the decision, also of an event that is not valid
     */
    public Decided process(byte[] event, Instant now, String targetVersion) {
        return process(event, now, targetVersion, Map.of());
    }

    /**
     * What would a gate do with this event, with attributes?
     *
     * @param event the bytes of the event
     * @param now the time to judge by
     * @param targetVersion the version in which it shall leave; null for that of its type
     * @param attributes its CloudEvents attributes, such as {@code type}; an empty map is none
     * @return the decision, also of an event that is not valid
     */
    public Decided process(byte[] event, Instant now, String targetVersion, Map<String, String> attributes) {
        return Answers.decided(processJson(event, now.toString(), targetVersion, attributes));
    }

    /**
     * What does the policy know?
     *
     * @return its event types, channels and limits
     */
    public Catalog catalog() {
        return Answers.catalog(catalogJson());
    }

    /**
     * {@link #validate(String)}, with the policy's answer unchanged.
     *
     * @param event the text of the event
     * @return {@code {"valid":true,…}}, or {@code {"valid":false,…}} for an event that is not valid
     */
    public String validateJson(String event) {
        return validateJson(event, Map.of());
    }

    /**
     * {@link #validate(String, Map)}, with the policy's answer unchanged.
     *
     * @param event the text of the event
     * @param attributes its CloudEvents attributes, such as {@code type}; an empty map is none
     * @return {@code {"valid":true,…}}, or {@code {"valid":false,…}} for an event that is not valid
     */
    public String validateJson(String event, Map<String, String> attributes) {
        return validateJson(Utf8.bytes(event), attributes);
    }

    /**
     * {@link #validate(byte[])}, with the policy's answer unchanged.
     *
     * @param event the bytes of the event
     * @return {@code {"valid":true,…}}, or {@code {"valid":false,…}} for an event that is not valid
     */
    public String validateJson(byte[] event) {
        return validateJson(event, Map.of());
    }

    /**
     * {@link #validate(byte[], Map)}, with the policy's answer unchanged.
     *
     * @param event the bytes of the event
     * @param attributes its CloudEvents attributes, such as {@code type}; an empty map is none
     * @return {@code {"valid":true,…}}, or {@code {"valid":false,…}} for an event that is not valid
     */
    public String validateJson(byte[] event, Map<String, String> attributes) {
        return handle.validate(event, attributes);
    }

    /**
     * {@link #migrate(String, String)}, with the policy's answer unchanged.
     *
     * @param event the text of the event
     * @param toVersion the wanted version
     * @return {@code {"migrated":true,…}}, its event null when nothing had to change, or {@code {"migrated":false,…}}
     */
    public String migrateJson(String event, String toVersion) {
        return migrateJson(event, toVersion, Map.of());
    }

    /**
     * {@link #migrate(String, String, Map)}, with the policy's answer unchanged.
     *
     * @param event the text of the event
     * @param toVersion the wanted version
     * @param attributes its CloudEvents attributes, such as {@code type}; an empty map is none
     * @return {@code {"migrated":true,…}}, its event null when nothing had to change, or {@code {"migrated":false,…}}
     */
    public String migrateJson(String event, String toVersion, Map<String, String> attributes) {
        return migrateJson(Utf8.bytes(event), toVersion, attributes);
    }

    /**
     * {@link #migrate(byte[], String)}, with the policy's answer unchanged.
     *
     * @param event the bytes of the event
     * @param toVersion the wanted version
     * @return {@code {"migrated":true,…}}, its event null when nothing had to change, or {@code {"migrated":false,…}}
     */
    public String migrateJson(byte[] event, String toVersion) {
        return migrateJson(event, toVersion, Map.of());
    }

    /**
     * {@link #migrate(byte[], String, Map)}, with the policy's answer unchanged.
     *
     * @param event the bytes of the event
     * @param toVersion the wanted version
     * @param attributes its CloudEvents attributes, such as {@code type}; an empty map is none
     * @return {@code {"migrated":true,…}}, its event null when nothing had to change, or {@code {"migrated":false,…}}
     */
    public String migrateJson(byte[] event, String toVersion, Map<String, String> attributes) {
        return handle.migrate(event, toVersion, attributes);
    }

    /**
     * {@link #nextAttempt(String, long)}, with the policy's answer unchanged.
     *
     * @param eventType the event's type
     * @param attempt the attempt that failed: 0 for the first, up to 4294967295
     * @return {@code {"action":"retry|dead-letter","delay_ms":1000,"retries_left":2}}
     */
    public String nextAttemptJson(String eventType, long attempt) {
        return handle.nextAttempt(eventType, attempt);
    }

    /**
     * {@link #process(String, Instant, String)}, with the policy's answer unchanged.
     *
     * @param event the text of the event
     * @param now the time to judge by, RFC 3339 with an offset
     * @param targetVersion the version in which it shall leave; null for that of its type
     * @return {@code {"decision":"forward|drop|reject",…}}
     */
    public String processJson(String event, String now, String targetVersion) {
        return processJson(event, now, targetVersion, Map.of());
    }

    /**
     * {@link #process(String, Instant, String, Map)}, with the policy's answer unchanged.
     *
     * @param event the text of the event
     * @param now the time to judge by, RFC 3339 with an offset
     * @param targetVersion the version in which it shall leave; null for that of its type
     * @param attributes its CloudEvents attributes, such as {@code type}; an empty map is none
     * @return {@code {"decision":"forward|drop|reject",…}}
     */
    public String processJson(String event, String now, String targetVersion, Map<String, String> attributes) {
        return processJson(Utf8.bytes(event), now, targetVersion, attributes);
    }

    /**
     * {@link #process(byte[], Instant, String)}, with the policy's answer unchanged.
     *
     * @param event the bytes of the event
     * @param now the time to judge by, RFC 3339 with an offset
     * @param targetVersion the version in which it shall leave; null for that of its type
     * @return {@code {"decision":"forward|drop|reject",…}}
     */
    public String processJson(byte[] event, String now, String targetVersion) {
        return processJson(event, now, targetVersion, Map.of());
    }

    /**
     * {@link #process(byte[], Instant, String, Map)}, with the policy's answer unchanged.
     *
     * @param event the bytes of the event
     * @param now the time to judge by, RFC 3339 with an offset
     * @param targetVersion the version in which it shall leave; null for that of its type
     * @param attributes its CloudEvents attributes, such as {@code type}; an empty map is none
     * @return {@code {"decision":"forward|drop|reject",…}}
     */
    public String processJson(byte[] event, String now, String targetVersion, Map<String, String> attributes) {
        return handle.process(event, now, targetVersion, attributes);
    }

    /**
     * {@link #catalog()}, with the policy's answer unchanged.
     *
     * @return {@code {"name":…,"version":…,"event_types":[…],"channels":[…],…,"limits":{…}}}
     */
    public String catalogJson() {
        return handle.catalog();
    }

    /** Frees the policy. Running calls finish. Closing again does nothing. */
    @Override
    public void close() {
        handle.close();
    }
}
