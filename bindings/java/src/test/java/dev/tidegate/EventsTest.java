// Events of unusual bytes or strings.

package dev.tidegate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tidegate.InvalidEventException.RejectionCause;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EventsTest {
    private static final int LIMIT = 1 << 20;

    private final Policy policy = Fixtures.builtin();

    @Test
    void bytesThatAreNotUtf8AreUnreadable() {
        byte[] event = "{\"a\":\"?\"}".getBytes(StandardCharsets.UTF_8);
        event[6] = (byte) 0xFF;
        assertUnreadable("not-utf8", "not UTF-8 at byte 7", violationOf(event));
    }

    @Test
    void loneSurrogatesAreNotReplaced() {
        // é is two bytes, and the pair in the third is a character like any other.
        assertUnreadable("not-utf8", "not UTF-8 at byte 7", violationOf("{\"a\":\"\uD800\"}"));
        assertUnreadable("not-utf8", "not UTF-8 at byte 9", violationOf("{\"a\":\"é\uDC00\uD800\"}"));
        assertUnreadable("not-utf8", "not UTF-8 at byte 11", violationOf("{\"a\":\"\uD83D\uDE00\uD83D"));
        assertEquals(Decided.Decision.REJECT, policy.process("\uDFFF", Fixtures.NOW).decision());
    }

    @Test
    void pairsOfSurrogatesAreText() {
        String event = Fixtures.VALID.replace("Water", "\uD83D\uDE00 \\u0000");
        assertTrue(policy.migrate(event, "1.1").event().contains("\uD83D\uDE00 \\u0000"));
    }

    @Test
    void aNulReachesThePolicy() {
        assertEquals("not-json", violationOf("{\"a\":\u0000}").code());
        assertEquals("not-json", violationOf("\u0000").code());
    }

    @Test
    void nothingIsNoJson() {
        assertEquals("not-json", violationOf("").code());
        assertEquals("not-json", violationOf(new byte[0]).code());
    }

    @Test
    void anEventOfExactlyTheLimitIsRead() {
        String event = Fixtures.VALID.replace("Water", "x".repeat(LIMIT - Fixtures.VALID.length()) + "Water");
        assertEquals(LIMIT, event.length());
        assertEquals("e-1", policy.validate(event).eventId());
    }

    @Test
    void anEventBeyondTheLimitIsTooLarge() {
        String message = (LIMIT + 1) + " bytes; at most " + LIMIT + " are allowed";
        assertUnreadable("too-large", message, violationOf(" ".repeat(LIMIT + 1)));
        assertUnreadable("too-large", message, violationOf(" ".repeat(LIMIT - 2) + "\uD800"));
    }

    /** As JSON text in a request, it would be twice as long. */
    @Test
    void anEventFarBeyondTheLimitIsAnAnswerOfEveryCall() {
        String event = "\"".repeat(5 << 20);
        Violation expected = unreadable("too-large", (5 << 20) + " bytes; at most " + LIMIT + " are allowed");
        assertEquals(expected, violationOf(event));
        Decided decided = policy.process(event, Fixtures.NOW);
        assertEquals(Decided.Decision.REJECT, decided.decision());
        assertEquals(List.of(expected), decided.violations());
        MigrationFailedException failed =
                assertThrows(MigrationFailedException.class, () -> policy.migrate(event, "1.1"));
        assertEquals(List.of(expected), failed.violations());
    }

    private Violation violationOf(String event) {
        return violation(assertThrows(InvalidEventException.class, () -> policy.validate(event)));
    }

    private Violation violationOf(byte[] event) {
        return violation(assertThrows(InvalidEventException.class, () -> policy.validate(event)));
    }

    private static Violation violation(InvalidEventException invalid) {
        assertEquals(RejectionCause.UNREADABLE, invalid.rejectionCause());
        return invalid.violations().get(0);
    }

    private static void assertUnreadable(String code, String message, Violation violation) {
        assertEquals(unreadable(code, message), violation);
    }

    private static Violation unreadable(String code, String message) {
        return new Violation(code, "", message, Optional.empty(), Optional.empty());
    }
}
