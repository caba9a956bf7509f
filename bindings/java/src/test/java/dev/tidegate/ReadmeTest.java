// The programs in README.md and docs/bindings.md run, and print what is shown.

package dev.tidegate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadmeTest {
    private static final Pattern CODE = Pattern.compile("\n```java\n");
    private static final Pattern PROGRAM =
            Pattern.compile("\n```java\n(.*?)```\n\n```text\n(.*?)```\n", Pattern.DOTALL);

    @Test
    void theReadmeShowsWhatItsProgramsPrint(@TempDir Path directory) throws Exception {
        Fixtures.builtin(); // The programs find it in the cache.
        String readme = Files.readString(Path.of("README.md"));
        Files.copy(Fixtures.built("dist", "policy.wasm"), directory.resolve("policy.wasm"));
        Path cache = Files.createSymbolicLink(directory.resolve("cache"), Fixtures.CACHE);
        long programs = CODE.matcher(readme).results().count();
        assertTrue(programs > 0, "it has no programs");
        assertEquals(programs, PROGRAM.matcher(readme).results().count(), "programs that say what they print");
        for (MatchResult program : PROGRAM.matcher(readme).results().toList()) {
            assertEquals(program.group(2), run(directory, program.group(1)));
        }
        Files.delete(cache);
    }

    @Test
    void thePageShowsWhatItsProgramPrints(@TempDir Path directory) throws Exception {
        Fixtures.builtin();
        String page = Files.readString(Path.of("..", "..", "docs", "bindings.md"));
        Files.copy(Fixtures.built("dist", "policy.wasm"), directory.resolve("policy.wasm"));
        Files.writeString(directory.resolve("event.json"), block(page, "json"));
        Path cache = Files.createSymbolicLink(directory.resolve("cache"), Fixtures.CACHE);
        assertEquals(block(page, "text"), run(directory, block(page, "java")));
        Files.delete(cache);
    }

    /** The first block of a language. */
    private static String block(String page, String language) {
        Pattern pattern = Pattern.compile("\n```" + language + "\n(.*?)```\n", Pattern.DOTALL);
        return pattern.matcher(page).results().findFirst().orElseThrow().group(1);
    }

    /** Compiles a program and runs it, in a JVM of its own beside the policy. */
    private static String run(Path directory, String program) throws Exception {
        Files.writeString(directory.resolve("Program.java"), program);
        Process java = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Djna.library.path=" + System.getProperty("jna.library.path"),
                        "--class-path",
                        System.getProperty("java.class.path"),
                        "Program.java")
                .directory(directory.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String printed = new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, java.waitFor(), "exit code");
        return printed;
    }
}
