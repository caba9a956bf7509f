// Policies that misbehave, in a JVM with signals of its own.

package dev.tidegate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FaultsTest {
    private static final String TRAP = Fixtures.guestEvent("e-1", ",\"trap\":true");
    private static final String EXAMPLE = "example-task.created";

    @Test
    void afterATrapTheNextCallWorks() {
        try (Policy policy = Fixtures.guest("traps-when-told")) {
            for (int i = 0; i < 20; i++) {
                assertFault(policy, TRAP, "trap");
                assertForward(policy, "e-2");
            }
        }
    }

    @Test
    void aDeadlineEndsACallThatLoops() {
        PolicyOptions options = Fixtures.options().deadline(Duration.ofMillis(20));
        try (Policy policy = Fixtures.guest("loops", options)) {
            for (int i = 0; i < 3; i++) {
                assertFault(policy, Fixtures.guestEvent("e-1", ""), "deadline");
                assertForward(policy, EXAMPLE);
            }
        }
    }

    @Test
    void aCallThatExceedsItsMemoryIsEnded() {
        try (Policy policy = Fixtures.guest("eats-memory", Fixtures.options().memoryLimit(16 << 20))) {
            assertFault(policy, Fixtures.guestEvent("e-1", ""), "memory");
            assertForward(policy, EXAMPLE);
        }
    }

    /**
     * Traps are signals, and so are the JVM's own: null pointers, divisions by zero, stack overflows, and the stops of its
     * collector. None handles another's.
     */
    @Test
    void trapsAndTheSignalsOfTheJvmDoNotInterfere() throws Exception {
        try (Policy policy = Fixtures.guest("traps-when-told")) {
            Threads.run(32, thread -> {
                for (int turn = 0; turn < 100; turn++) {
                    String id = "e-" + thread + "-" + turn;
                    assertThrows(NullPointerException.class, () -> lengthOf(null));
                    assertFault(policy, Fixtures.guestEvent(id, ",\"trap\":true"), "trap");
                    assertThrows(ArithmeticException.class, () -> divide(thread, 0));
                    assertForward(policy, id);
                    if (turn % 50 == 0) {
                        assertThrows(StackOverflowError.class, () -> depth(0));
                        System.gc();
                    }
                    byte[][] garbage = new byte[100][];
                    for (int i = 0; i < garbage.length; i++) {
                        garbage[i] = new byte[1 << 12];
                    }
                }
            });
        }
    }

    @Test
    void loopsAndTrapsOfOnePolicyDoNotAffectAnother() throws Exception {
        PolicyOptions options = Fixtures.options().deadline(Duration.ofMillis(20));
        try (Policy loops = Fixtures.guest("loops", options);
                Policy traps = Fixtures.guest("traps-when-told")) {
            Threads.run(8, thread -> {
                if (thread % 2 == 0) {
                    for (int i = 0; i < 5; i++) {
                        assertFault(loops, Fixtures.guestEvent("e-1", ""), "deadline");
                    }
                } else {
                    for (int i = 0; i < 50; i++) {
                        assertFault(traps, TRAP, "trap");
                        assertEquals("e-1", Fixtures.builtin().validate(Fixtures.VALID).eventId());
                    }
                }
            });
        }
    }

    private static void assertFault(Policy policy, String event, String kind) {
        PolicyFaultException fault =
                assertThrows(PolicyFaultException.class, () -> policy.process(event, Fixtures.NOW));
        assertTrue(fault.getMessage().contains(kind), fault.getMessage());
    }

    private static void assertForward(Policy policy, String id) {
        Decided decided = policy.process(Fixtures.guestEvent(id, ""), Fixtures.NOW);
        assertEquals(Decided.Decision.FORWARD, decided.decision());
        assertEquals(Optional.of(id), decided.eventId());
    }

    private static int lengthOf(byte[] bytes) {
        return bytes.length;
    }

    private static int divide(int number, int by) {
        return number / by;
    }

    private static int depth(int reached) {
        return depth(reached + 1) + 1;
    }
}
