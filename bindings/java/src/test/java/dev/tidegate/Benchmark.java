// What a call costs: a program, not a test. `cargo xtask bench bindings` runs it.

package dev.tidegate;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

final class Benchmark {
    private static final int ROUNDS = 9;
    private static final int CALLS = 10_000;

    private Benchmark() {}

    public static void main(String[] arguments) throws Exception {
        switch (String.join(" ", arguments)) {
            case "" -> printTable();
            case "--json" -> printJson();
            case "--fill-cache" -> load(Fixtures.options());
            default -> throw new IllegalArgumentException("usage: Benchmark [--json]");
        }
    }

    private static void printTable() {
        Policy policy = Fixtures.builtin();
        print("validate", () -> policy.validate(Fixtures.VALID));
        print("validate, JSON", () -> policy.validateJson(Fixtures.VALID));
        print("validate, JSON, not valid", () -> policy.validateJson(Fixtures.INVALID));
        print("validate, not valid", () -> reject(policy));
        print("migrate", () -> policy.migrate(Fixtures.VALID, "1.1"));
        print("process", () -> policy.process(Fixtures.VALID, Fixtures.NOW));
        print("next-attempt", () -> policy.nextAttempt("task.created", 1));
    }

    private static void print(String name, Runnable call) {
        System.out.printf("%-28s %6.1f µs%n", name, micros(CALLS, call));
    }

    /** Microseconds a call, milliseconds a load, MiB of resident memory (Linux has them), and bytes of the jar. */
    private static void printJson() throws Exception {
        fillCache();
        double before = residentMiB();
        Policy policy = Fixtures.builtin();
        for (int i = 0; i < 1000; i++) {
            policy.validate(Fixtures.VALID);
        }
        double memory = residentMiB() - before;
        double valid = micros(CALLS, () -> policy.validate(Fixtures.VALID));
        double invalid = micros(CALLS, () -> reject(policy));
        double warm = micros(1, () -> load(Fixtures.options())) / 1000;
        long start = System.nanoTime();
        load(PolicyOptions.defaults());
        double cold = (System.nanoTime() - start) / 1e6;
        System.out.printf(
                Locale.ROOT,
                "{\"language\":\"java\",\"valid_us\":%.2f,\"invalid_us\":%.2f,\"load_cold_ms\":%.2f,"
                        + "\"load_warm_ms\":%.2f,\"memory_mib\":%.2f,\"package_bytes\":%s}%n",
                valid, invalid, cold, warm, memory, packageBytes());
    }

    /** In a JVM of its own: compiling here would leave memory behind that is then measured. */
    private static void fillCache() throws Exception {
        int exit = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Djna.library.path=" + System.getProperty("jna.library.path"),
                        "--class-path",
                        System.getProperty("java.class.path"),
                        Benchmark.class.getName(),
                        "--fill-cache")
                .inheritIO()
                .start()
                .waitFor();
        if (exit != 0) {
            throw new IllegalStateException("the cache could not be filled");
        }
    }

    private static void load(PolicyOptions options) {
        Policy.open(Fixtures.built("dist", "policy.wasm"), options).close();
    }

    private static void reject(Policy policy) {
        try {
            policy.validate(Fixtures.INVALID);
        } catch (InvalidEventException expected) {
            return;
        }
        throw new AssertionError("accepted");
    }

    /** The median of some rounds. A round before them warms the compiler up. */
    private static double micros(int times, Runnable call) {
        double[] rounds = new double[ROUNDS];
        for (int round = -1; round < ROUNDS; round++) {
            long start = System.nanoTime();
            for (int i = 0; i < times; i++) {
                call.run();
            }
            if (round >= 0) {
                rounds[round] = (System.nanoTime() - start) / 1e3 / times;
            }
        }
        Arrays.sort(rounds);
        return rounds[ROUNDS / 2];
    }

    private static double residentMiB() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
            }
        }
        throw new IOException("/proc/self/status does not say how much memory is resident");
    }

    /** The size of the jar, when {@code mvn package} has made one. */
    private static Long packageBytes() throws IOException {
        try (DirectoryStream<Path> jars = Files.newDirectoryStream(Path.of("target"), "tidegate-*.jar")) {
            for (Path jar : jars) {
                return Files.size(jar);
            }
        }
        return null;
    }
}
