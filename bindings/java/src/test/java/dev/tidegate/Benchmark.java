// What a call costs: a program, not a test. README.md says how to run it.

package dev.tidegate;

final class Benchmark {
    private static final int ROUNDS = 5;
    private static final int CALLS = 20_000;

    private Benchmark() {}

    public static void main(String[] arguments) {
        Policy policy = Fixtures.builtin();
        measure("validate", () -> policy.validate(Fixtures.VALID));
        measure("validate, JSON", () -> policy.validateJson(Fixtures.VALID));
        measure("validate, JSON, not valid", () -> policy.validateJson(Fixtures.INVALID));
        measure("validate, not valid", () -> {
            try {
                policy.validate(Fixtures.INVALID);
            } catch (InvalidEventException expected) {
                return;
            }
            throw new AssertionError("accepted");
        });
        measure("migrate", () -> policy.migrate(Fixtures.VALID, "1.1"));
        measure("process", () -> policy.process(Fixtures.VALID, Fixtures.NOW));
        measure("decide", () -> policy.decide("task.created", 1));
    }

    /** Prints microseconds a call, the best of some rounds: the first ones warm the compiler up. */
    private static void measure(String name, Runnable call) {
        long best = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            for (int i = 0; i < CALLS; i++) {
                call.run();
            }
            best = Math.min(best, System.nanoTime() - start);
        }
        System.out.printf("%-28s %6.1f µs%n", name, best / 1000.0 / CALLS);
    }
}
