// The typed answers.

package dev.tidegate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tidegate.InvalidEventException.RejectionCause;
import dev.tidegate.MigrationFailedException.MigrationCause;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AnswersTest {
    private final Policy policy = Fixtures.builtin();

    @Test
    void aValidEventIsAccepted() {
        Accepted expected = new Accepted("e-1", "task.created", "1.0", Optional.of("user-1"), Optional.of("e-1"));
        assertEquals(expected, policy.validate(Fixtures.VALID));
        assertEquals(expected, policy.validate(Fixtures.VALID.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void anInvalidEventIsAnExceptionWithItsViolations() {
        InvalidEventException invalid =
                assertThrows(InvalidEventException.class, () -> policy.validate(Fixtures.INVALID));
        Violation required = new Violation(
                "required", "/user_id", "user_id is required", Optional.empty(), Optional.empty());
        assertEquals(RejectionCause.INVALID, invalid.rejectionCause());
        assertEquals(Optional.of("e-1"), invalid.eventId());
        assertEquals(Optional.of("task.created"), invalid.eventType());
        assertEquals(List.of(required), invalid.violations());
        assertTrue(invalid.getMessage().contains(required.message()), invalid.getMessage());

        invalid = assertThrows(InvalidEventException.class, () -> policy.validate(Fixtures.UNKNOWN));
        assertEquals(RejectionCause.UNKNOWN, invalid.rejectionCause());

        invalid = assertThrows(InvalidEventException.class, () -> policy.validate("[]"));
        assertEquals(RejectionCause.UNREADABLE, invalid.rejectionCause());
        assertEquals(Optional.empty(), invalid.eventType());
    }

    @Test
    void aBrokenRuleIsNamed() {
        String event = Fixtures.VALID.replace("user-1", " ");
        Violation violation = policy.process(event, Fixtures.NOW).violations().get(0);
        assertEquals("/user_id", violation.path());
        assertEquals(Optional.of("empty-user-id"), violation.rule());
    }

    @Test
    void attributesThatThePolicyDoesNotMapChangeNothing() {
        String event = Fixtures.VALID;
        byte[] bytes = event.getBytes(StandardCharsets.UTF_8);
        Map<String, String> attributes = Map.of("source", "/tasks", "subject", "\0é\"");
        assertEquals(policy.validate(event), policy.validate(event, attributes));
        assertEquals(policy.validate(event), policy.validate(bytes, attributes));
        assertEquals(policy.migrate(event, "1.1"), policy.migrate(event, "1.1", attributes));
        assertEquals(policy.migrate(event, "1.1"), policy.migrate(bytes, "1.1", attributes));
        Decided decided = policy.process(event, Fixtures.NOW);
        assertEquals(decided, policy.process(event, Fixtures.NOW, null, attributes));
        assertEquals(decided, policy.process(bytes, Fixtures.NOW, null, attributes));
    }

    @Test
    void changesOfAttributesAreRead() {
        String changes = "\"attributes\":[{\"name\":\"time\",\"value\":\"noon\"},{\"name\":\"subject\",\"value\":null}]";
        List<Change> expected = List.of(
                new Change("time", Optional.of("noon")), new Change("subject", Optional.empty()));
        String migrated = "{\"migrated\":true,\"event\":null," + changes
                + ",\"from_version\":\"1\",\"to_version\":\"2\",\"path\":[\"1\",\"2\"]}";
        assertEquals(
                new Migrated("{}", false, expected, "1", "2", List.of("1", "2")),
                Answers.migration(migrated, () -> "{}"));
        String decided = "{\"decision\":\"drop\",\"rule\":\"r\",\"claim\":null,\"event_id\":null,\"event_type\":null,"
                + "\"event_version\":null,\"key\":null,\"outputs\":[{\"channel\":\"c\",\"key\":null,\"id\":\"i\","
                + "\"event_type\":\"t\",\"event\":null," + changes + ",\"not_before\":\"noon\"}],\"violations\":[]}";
        Decided read = Answers.decided(decided);
        assertEquals(Optional.of("r"), read.rule());
        assertEquals(Optional.empty(), read.key());
        assertEquals(expected, read.outputs().get(0).attributes());
        assertEquals(Optional.of("noon"), read.outputs().get(0).notBefore());
    }

    @Test
    void aMigrationKeepsEveryDigit() {
        String event = Fixtures.VALID.replace("\"title\":", "\"a\":9007199254740993,\"b\":1e400,\"c\":1.10,\"title\":");
        Migrated migrated = policy.migrate(event, "1.1");
        String expected = event.replace("\"1.0\"", "\"1.1\"").replace("plants\"", "plants\",\"new_field\":null");
        assertEquals(new Migrated(expected, true, List.of(), "1.0", "1.1", List.of("1.0", "1.1")), migrated);

        assertEquals("9007199254740993", migrated.json().at("/payload/a").toString());
        assertEquals("1E+400", migrated.json().at("/payload/b").toString());
        assertEquals("1.10", migrated.json().at("/payload/c").toString());
    }

    /** Which Java's own parser would read for many minutes. */
    @Test
    @Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aNumberOfMillionsOfDigitsIsRead() {
        int digits = 3_000_000;
        BigInteger nines = BigInteger.TEN.pow(digits).subtract(BigInteger.ONE);
        assertTrue(unchanged("9".repeat(digits)).json().bigIntegerValue().equals(nines));
    }

    @Test
    void anEventThatIsNoTreeInJavaIsUnsupported() {
        assertEquals(1, unchanged("[".repeat(1000) + "]".repeat(1000)).json().size());
        for (String event : List.of("[".repeat(1001) + "]".repeat(1001), "1e99999999999", "1e-99999999999")) {
            assertThrows(UnsupportedOperationException.class, () -> unchanged(event).json(), event);
        }
        assertThrows(PolicyFaultException.class, () -> unchanged("nonsense").json());
    }

    private static Migrated unchanged(String event) {
        return new Migrated(event, false, List.of(), "1.0", "1.0", List.of("1.0"));
    }

    @Test
    void anEventThatHasTheVersionStaysUnchanged() {
        String event = " " + Fixtures.VALID + "\n";
        Migrated migrated = policy.migrate(event, "1.0");
        assertFalse(migrated.changed());
        assertSame(event, migrated.event());
        assertEquals(event, policy.migrate(event.getBytes(StandardCharsets.UTF_8), "1.0").event());
    }

    @Test
    void aFailedMigrationHasACause() {
        MigrationFailedException failed =
                assertThrows(MigrationFailedException.class, () -> policy.migrate(Fixtures.VALID, "7"));
        assertEquals(MigrationCause.NO_PATH, failed.migrationCause());
        assertEquals(Optional.of("task.created"), failed.eventType());
        assertEquals(Optional.of("1.0"), failed.fromVersion());
        assertEquals("7", failed.toVersion());

        failed = assertThrows(MigrationFailedException.class, () -> policy.migrate(Fixtures.INVALID, "1.1"));
        assertEquals(MigrationCause.REJECTED, failed.migrationCause());
        assertEquals("/user_id", failed.violations().get(0).path());
    }

    @Test
    void retriesAreDurations() {
        RetryPlan deadLetter = new RetryPlan(RetryPlan.Action.DEAD_LETTER, Duration.ZERO, 0);
        assertEquals(
                new RetryPlan(RetryPlan.Action.RETRY, Duration.ofSeconds(30), 2), policy.nextAttempt("task.completed", 0));
        assertEquals(
                new RetryPlan(RetryPlan.Action.RETRY, Duration.ofMinutes(30), 0), policy.nextAttempt("task.completed", 2));
        assertEquals(deadLetter, policy.nextAttempt("task.completed", 3));
        assertEquals(deadLetter, policy.nextAttempt("task.completed", 0xFFFF_FFFFL));
    }

    @Test
    void aDecisionSaysWhatToSend() {
        Decided decided = policy.process(Fixtures.VALID, Fixtures.NOW);
        assertEquals(Decided.Decision.FORWARD, decided.decision());
        assertEquals(List.of(), decided.violations());
        assertEquals(Optional.empty(), decided.rule());
        assertEquals(Optional.of("e-1"), decided.claim());
        assertEquals(Optional.of("user-1"), decided.key());
        assertEquals(1, decided.outputs().size());
        Decided.Output output = decided.outputs().get(0);
        assertEquals("task-events", output.channel());
        assertEquals(Optional.of("user-1"), output.key());
        assertEquals("e-1", output.id());
        assertEquals(List.of(), output.attributes());
        assertEquals(Optional.empty(), output.notBefore());
        assertEquals("1.1", output.json().orElseThrow().path("event_version").asText());
    }

    @Test
    void anEventLeavesUnchangedInTheVersionItHas() {
        Decided.Output output = policy.process(Fixtures.VALID, Fixtures.NOW, "1.0").outputs().get(0);
        assertEquals(Optional.empty(), output.event());
        assertEquals(Optional.empty(), output.json());
        assertEquals(Fixtures.VALID, output.text(Fixtures.VALID));
    }

    @Test
    void anEventWithoutATimestampGetsTheTimeOfTheCall() {
        String event =
                """
                {"event_id":"c-1","event_type":"task.completed","task_id":42,"user_id":"user-1",\
                "payload":{"due_date":"2026-03-01T09:30:00Z","recurring_pattern":"DAILY"}}""";
        List<Decided.Output> outputs = policy.process(event, Fixtures.NOW).outputs();
        assertEquals("2026-03-01T09:30:00Z", outputs.get(0).json().orElseThrow().path("timestamp").asText());
        assertEquals("2026-03-02T09:30:00Z", outputs.get(1).json().orElseThrow().at("/payload/next_due").asText());
    }

    @Test
    void aRejectedEventIsADecision() {
        Decided decided = policy.process(Fixtures.INVALID.getBytes(StandardCharsets.UTF_8), Fixtures.NOW, null);
        assertEquals(Decided.Decision.REJECT, decided.decision());
        assertEquals(List.of(), decided.outputs());
        assertEquals("required", decided.violations().get(0).code());
    }

    @Test
    void theCatalogHasValidExamples() {
        Catalog catalog = policy.catalog();
        assertEquals(new Catalog.Limits(1 << 20, 128), catalog.limits());
        assertTrue(catalog.channels().contains("task-events"), catalog.channels().toString());
        assertEquals(
                new Catalog.Envelope(
                        Optional.of("/event_id"),
                        "/event_type",
                        Optional.of("/event_version"),
                        Optional.of("/user_id"),
                        Optional.of("/timestamp")),
                catalog.envelope());
        assertEquals(Optional.empty(), catalog.digest());
        assertEquals(new Catalog.CloudEvents(List.of(), Optional.empty()), catalog.cloudEvents());
        assertEquals("dlq", catalog.deadLetters().channel());
        assertEquals("dlq.failed", catalog.deadLetters().eventType());
        assertEquals(new Catalog.Alert("ops-alerts", Optional.empty()), catalog.alerts().get(0));
        assertEquals(3, catalog.alerts().get(1).eventTypes().orElseThrow().size());
        for (Catalog.EventType known : catalog.eventTypes()) {
            for (Catalog.Version version : known.versions()) {
                Accepted accepted = policy.validate(version.example());
                assertEquals(known.name(), accepted.eventType());
                assertEquals(version.version(), accepted.eventVersion());
            }
        }
        Catalog.EventType completed = catalog.eventTypes().stream()
                .filter(known -> known.name().equals("task.completed"))
                .findAny()
                .orElseThrow();
        assertEquals("1.0", completed.defaultVersion());
        assertEquals(new Catalog.Migration("1.0", "1.1", true), completed.migrations().get(0));
        assertEquals(List.of("empty-user-id"), completed.rules());
        assertEquals(List.of(), completed.dropRules());
        assertEquals(
                List.of(Duration.ofSeconds(30), Duration.ofMinutes(5), Duration.ofMinutes(30)),
                completed.retryDelays());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "null",
                "{}",
                "{\"valid\":true,\"migrated\":true}",
                "{\"valid\":false,\"cause\":\"other\",\"migrated\":false,\"action\":\"other\",\"decision\":\"other\"}",
                "{\"action\":\"retry\",\"delay_ms\":-1,\"name\":\"n\",\"version\":\"v\",\"event_types\":[1],\"channels\":[1]}"
            })
    void anAnswerThatBreaksTheContractIsAFault(String answer) {
        List<Consumer<String>> readers = List.of(
                Answers::validation,
                text -> Answers.migration(text, () -> ""),
                Answers::retryPlan,
                Answers::decided,
                Answers::catalog);
        for (Consumer<String> reader : readers) {
            assertThrows(PolicyFaultException.class, () -> reader.accept(answer));
        }
    }
}
