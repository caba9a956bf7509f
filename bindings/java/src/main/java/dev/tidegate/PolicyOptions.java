// What a caller may choose when it opens a policy.

package dev.tidegate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;

/** The options with which a caller opens a policy. Immutable: each method returns a copy with one more option. */
public final class PolicyOptions {
    private static final PolicyOptions DEFAULTS = new PolicyOptions(JsonNodeFactory.instance.objectNode());

    /** Members as the library reads them. */
    private final ObjectNode chosen;

    private PolicyOptions(ObjectNode chosen) {
        this.chosen = chosen;
    }

    /** What calls share. */
    public enum Isolation {
        /** One call after another runs in an instance of the policy, until one of them faults. */
        REUSE,
        /** Each call has its own instance: no call sees what another left behind. Costs more. */
        FRESH
    }

    /**
     * The defaults: reuse, 100 ms, 64 MiB of memory, answers of 16 MiB, 16 calls at once, no cache.
     *
     * @return the defaults
     */
    public static PolicyOptions defaults() {
        return DEFAULTS;
    }

    /**
     * Chooses what calls share.
     *
     * @param isolation what they share
     * @return a copy with this option
     */
    public PolicyOptions isolation(Isolation isolation) {
        return with("isolation", TextNode.valueOf(isolation.name().toLowerCase(Locale.ROOT)));
    }

    /**
     * Bounds how long a call may run; one that runs longer ends with a {@link PolicyFaultException}.
     *
     * @param deadline the bound, positive; it is rounded up to milliseconds
     * @return a copy with this option
     */
    public PolicyOptions deadline(Duration deadline) {
        return with("deadline_ms", LongNode.valueOf(deadline.plusNanos(999_999).toMillis()));
    }

    /**
     * Bounds the memory of an instance.
     *
     * @param bytes the bound in bytes
     * @return a copy with this option
     */
    public PolicyOptions memoryLimit(long bytes) {
        return with("memory_bytes", LongNode.valueOf(bytes));
    }

    /**
     * Bounds an answer.
     *
     * @param bytes the bound in bytes
     * @return a copy with this option
     */
    public PolicyOptions outputLimit(long bytes) {
        return with("output_bytes", LongNode.valueOf(bytes));
    }

    /**
     * Bounds how many calls run at once; others wait. Each reserves gigabytes of addresses, though not of memory.
     *
     * @param calls the bound, at least 1
     * @return a copy with this option
     */
    public PolicyOptions maxConcurrentCalls(int calls) {
        return with("max_concurrent_calls", LongNode.valueOf(calls));
    }

    /**
     * Keeps compiled policies: opening takes milliseconds the second time. The files in the directory are executed, so no other
     * user may write to it: opening fails with a {@link PolicyLoadException} when others can, and when the directory cannot be
     * used.
     *
     * @param directory where to keep them; it is created when it is missing
     * @return a copy with this option
     */
    public PolicyOptions cacheDir(Path directory) {
        return with("cache_dir", TextNode.valueOf(directory.toString()));
    }

    String json() {
        return chosen.toString();
    }

    private PolicyOptions with(String name, JsonNode value) {
        ObjectNode copy = chosen.deepCopy();
        copy.set(name, value);
        return new PolicyOptions(copy);
    }
}
