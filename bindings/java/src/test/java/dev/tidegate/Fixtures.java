// What the tests share: policies that `cargo xtask build` made, and events for them.

package dev.tidegate;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;

final class Fixtures {
    static final String VALID =
            """
            {"event_id":"e-1","event_type":"task.created","event_version":"1.0","task_id":42,"user_id":"user-1",\
            "timestamp":"2026-03-01T09:30:00Z","payload":{"title":"Water the plants"}}""";
    static final String INVALID = VALID.replace("\"user_id\":\"user-1\",", "");
    static final String UNKNOWN = VALID.replace("created", "vanished");
    static final Instant NOW = Instant.parse("2026-03-01T09:30:00Z");

    static final Path ROOT = Path.of("..", "..").toAbsolutePath().normalize();

    /** Spares compiling a policy that an earlier test, or an earlier run, has compiled. */
    static final Path CACHE = ROOT.resolve("target/bindings/cache");

    private Fixtures() {}

    /** A file that {@code cargo xtask build} makes. */
    static Path built(String... parts) {
        Path path = ROOT.resolve(String.join("/", parts));
        if (!Files.exists(path)) {
            throw new AssertionError(path + " is missing: run `cargo xtask build` first");
        }
        return path;
    }

    static PolicyOptions options() {
        return PolicyOptions.defaults().cacheDir(CACHE);
    }

    /** Tidegate's own policy. All tests share it; none closes it. */
    static Policy builtin() {
        return Builtin.POLICY;
    }

    /** One of the policies for tests, each of which has one fault. */
    static Policy guest(String name, PolicyOptions options) {
        return Policy.open(built("dist", "guests", name + ".wasm"), options);
    }

    static Policy guest(String name) {
        return guest(name, options());
    }

    /** An event that the policies for tests take in, with more members. */
    static String guestEvent(String id, String members) {
        return "{\"event_id\":\"" + id + "\",\"event_type\":\"task.created\",\"user_id\":\"user-1\"" + members + "}";
    }

    private static final class Builtin {
        static final Policy POLICY = Policy.open(built("dist", "policy.wasm"), options());
    }
}
