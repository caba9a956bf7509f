// Opening and closing a policy, and arguments that make no sense.

package dev.tidegate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class PolicyTest {
    private static final String EVENT = Fixtures.guestEvent("e-1", "");

    @Test
    void theDigestIsThatOfTheFile() throws Exception {
        byte[] file = Files.readAllBytes(Fixtures.built("dist", "policy.wasm"));
        String hex = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(file));
        assertEquals("sha256:" + hex, Fixtures.builtin().digest());
    }

    @Test
    void aPolicyInMemoryIsTheSame() throws Exception {
        byte[] component = Files.readAllBytes(Fixtures.built("dist", "guests", "calm.wasm"));
        PolicyOptions options = Fixtures.options()
                .isolation(PolicyOptions.Isolation.FRESH)
                .deadline(Duration.ofSeconds(1))
                .memoryLimit(32 << 20)
                .outputLimit(1 << 20)
                .maxConcurrentCalls(2);
        try (Policy policy = Policy.open(component, options)) {
            Arrays.fill(component, (byte) 0);
            assertEquals(Decided.Decision.FORWARD, policy.process(EVENT, Fixtures.NOW).decision());
        }
    }

    @Test
    void aFileThatIsNoPolicyIsNotLoaded(@TempDir Path directory) throws Exception {
        Path text = Files.writeString(directory.resolve("text.wasm"), "no component");
        for (Path path : List.of(text, Fixtures.built("dist", "guests", "reads-files.wasm"))) {
            PolicyLoadException failed = assertThrows(PolicyLoadException.class, () -> Policy.open(path));
            assertTrue(failed.getMessage().contains(path.toString()), failed.getMessage());
        }
        assertThrows(PolicyLoadException.class, () -> Policy.open(new byte[0], PolicyOptions.defaults()));
    }

    @Test
    void aMissingFileIsReportedAsMissing() {
        PolicyLoadException failed =
                assertThrows(PolicyLoadException.class, () -> Policy.open(Path.of("no", "such.wasm")));
        assertInstanceOf(NoSuchFileException.class, failed.getCause());
    }

    @Test
    void optionsThatMakeNoSenseAreRefused() {
        PolicyOptions options = PolicyOptions.defaults();
        List<Executable> choices = List.of(
                () -> Fixtures.guest("calm", options.deadline(Duration.ofSeconds(-1))),
                () -> Fixtures.guest("calm", options.memoryLimit(-1)),
                () -> Fixtures.guest("calm", options.outputLimit(-1)),
                () -> Fixtures.guest("calm", options.deadline(Duration.ZERO)),
                () -> Fixtures.guest("calm", options.maxConcurrentCalls(0)));
        for (Executable choice : choices) {
            assertThrows(IllegalArgumentException.class, choice);
        }
    }

    @Test
    void aCacheThatCannotBeUsedIsAnError(@TempDir Path directory) throws IOException {
        Path file = Files.createFile(directory.resolve("file"));
        Path shared = Files.createDirectory(directory.resolve("shared"));
        Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxrwxrwx"));
        for (Path unusable : List.of(file, shared, Path.of(""))) {
            PolicyOptions options = PolicyOptions.defaults().cacheDir(unusable);
            PolicyLoadException failed =
                    assertThrows(PolicyLoadException.class, () -> Fixtures.guest("calm", options), unusable.toString());
            assertTrue(failed.getMessage().contains(unusable.toString()), failed.getMessage());
        }
    }

    @Test
    void aClosedPolicyThrows() {
        Policy policy = Fixtures.guest("calm");
        String digest = policy.digest();
        policy.close();
        policy.close();
        assertThrows(IllegalStateException.class, () -> policy.validate(EVENT));
        assertThrows(IllegalStateException.class, policy::catalog);
        assertEquals(digest, policy.digest());
    }

    @Test
    void closingDuringCallsLetsThemFinish() throws Exception {
        Policy policy = Fixtures.guest("calm");
        Threads.run(8, thread -> {
            while (true) {
                try {
                    assertEquals(Decided.Decision.FORWARD, policy.process(EVENT, Fixtures.NOW).decision());
                } catch (IllegalStateException closed) {
                    return;
                }
                if (thread == 0) {
                    policy.close();
                }
            }
        });
    }

    @Test
    void anUnreachablePolicyIsClosed() throws Exception {
        long forgotten = openAndForget();
        long[] answer = new long[1];
        for (int i = 0; i < 200; i++) {
            if (Libtidegate.tidegate_digest(forgotten, answer, null) == Libtidegate.CLOSED) {
                return;
            }
            Libtidegate.tidegate_free(answer[0]);
            System.gc();
            Thread.yield();
        }
        fail("it is still open");
    }

    private static long openAndForget() throws IOException {
        byte[] component = Files.readAllBytes(Fixtures.built("dist", "guests", "calm.wasm"));
        return Handle.open("", component, Fixtures.options()).number;
    }

    @Test
    void argumentsThatMakeNoSenseAreRefused() {
        Policy policy = Fixtures.builtin();
        String event = Fixtures.VALID;
        List<Executable> calls = List.of(
                () -> policy.migrate(event, "1\0"),
                () -> policy.migrate(event, "\uD800"),
                () -> policy.nextAttempt("task\0", 0),
                () -> policy.nextAttempt("task.created", -1),
                () -> policy.nextAttempt("task.created", 1L << 32),
                () -> policy.process(event, Fixtures.NOW, "\0"),
                () -> policy.validate(event, Map.of("subject", "\uD800")),
                () -> policy.validate(event, Collections.singletonMap("subject", null)),
                () -> policy.migrate(event, "1.1", Collections.singletonMap("subject", null)),
                () -> policy.process(event, Fixtures.NOW, null, Collections.singletonMap("subject", null)),
                () -> policy.processJson(event, "noon", null),
                () -> policy.process(event, Instant.parse("+12026-03-01T09:30:00Z")));
        for (Executable call : calls) {
            assertThrows(IllegalArgumentException.class, call);
        }
    }
}
