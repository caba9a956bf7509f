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

/** What a caller chooses when it opens a policy. Immutable: each method gives a copy with one more choice. */
public final class PolicyOptions {
    private static final PolicyOptions DEFAULTS = new PolicyOptions(JsonNodeFactory.instance.objectNode());

    /** Members as the library reads them. */
    private final ObjectNode chosen;

    private PolicyOptions(ObjectNode chosen) {
        this.chosen = chosen;
    }

    /** What calls share. */
    public enum Isolation {
        /** One call after another uses an instance of the policy, until one of them faults. */
        REUSE,
        /** Each call has an instance of its own: nothing that it leaves behind reaches another. Costs more. */
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
     * @return a copy with this choice
     */
    public PolicyOptions isolation(Isolation isolation) {
        return with("isolation", TextNode.valueOf(isolation.name().toLowerCase(Locale.ROOT)));
    }

    /**
     * Bounds how long a call may run; one that runs longer ends with a {@link PolicyFaultException}.
     *
     * @param deadline the bound, more than 0; a part of a millisecond counts as a whole one
     * @return a copy with this choice
     */
    public PolicyOptions deadline(Duration deadline) {
        return with("deadline_ms", LongNode.valueOf(deadline.plusNanos(999_999).toMillis()));
    }

    /**
     * Bounds the memory of an instance.
     *
     * @param bytes the bound in bytes
     * @return a copy with this choice
     */
    public PolicyOptions memoryLimit(long bytes) {
        return with("memory_bytes", LongNode.valueOf(bytes));
    }

    /**
     * Bounds an answer.
     *
     * @param bytes the bound in bytes
     * @return a copy with this choice
     */
    public PolicyOptions outputLimit(long bytes) {
        return with("output_bytes", LongNode.valueOf(bytes));
    }

    /**
     * Bounds how many calls run at once; others wait. Each place reserves gigabytes of addresses, though not of memory.
     *
     * @param calls the bound, at least 1
     * @return a copy with this choice
     */
    public PolicyOptions maxConcurrentCalls(int calls) {
        return with("max_concurrent_calls", LongNode.valueOf(calls));
    }

    /**
     * Keeps compiled policies: opening takes milliseconds the second time. What the directory holds is run, so that nobody
     * else may write there; opening fails with a {@link PolicyLoadException} where others may, and where the directory cannot be
     * used.
     *
     * @param directory where to keep them; it is made when it is missing
     * @return a copy with this choice
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
