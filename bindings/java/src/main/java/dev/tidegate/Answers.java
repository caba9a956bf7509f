// From the policy's JSON to the records of this package. An answer that breaks the contract is the policy's fault.

package dev.tidegate;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.tidegate.InvalidEventException.RejectionCause;
import dev.tidegate.MigrationFailedException.MigrationCause;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

final class Answers {
    /**
     * The policy's limits bound texts and numbers, so Jackson's own limits are lifted. The one of nesting stays, since a tree is
     * walked by recursion. Numbers keep their digits, and Java's own parser would take half a minute for a million of them.
     */
    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamReadFeature.USE_FAST_BIG_NUMBER_PARSER)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxStringLength(Integer.MAX_VALUE)
                            .maxNumberLength(Integer.MAX_VALUE)
                            .build())
                    .build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private Answers() {}

    static Accepted validation(String answer) {
        JsonNode read = read(answer);
        if (flag(read, "valid")) {
            return new Accepted(
                    text(read, "event_id"),
                    text(read, "event_type"),
                    text(read, "event_version"),
                    optional(read, "key"),
                    optional(read, "claim"));
        }
        throw new InvalidEventException(
                constant(RejectionCause.class, read, "cause"),
                textOrNull(read, "event_id"),
                textOrNull(read, "event_type"),
                violations(read));
    }

    static Migrated migration(String answer, Supplier<String> original) {
        JsonNode read = read(answer);
        if (flag(read, "migrated")) {
            String event = textOrNull(read, "event");
            return new Migrated(
                    event == null ? original.get() : event,
                    event != null,
                    changes(read),
                    text(read, "from_version"),
                    text(read, "to_version"),
                    list(read, "path", Answers::text));
        }
        throw new MigrationFailedException(
                constant(MigrationCause.class, read, "cause"),
                textOrNull(read, "event_type"),
                textOrNull(read, "from_version"),
                text(read, "to_version"),
                violations(read));
    }

    static RetryPlan retryPlan(String answer) {
        JsonNode read = read(answer);
        return new RetryPlan(
                constant(RetryPlan.Action.class, read, "action"),
                Duration.ofMillis(number(read, "delay_ms")),
                number(read, "retries_left"));
    }

    static Decided decided(String answer) {
        JsonNode read = read(answer);
        return new Decided(
                constant(Decided.Decision.class, read, "decision"),
                optional(read, "rule"),
                optional(read, "claim"),
                optional(read, "event_id"),
                optional(read, "event_type"),
                optional(read, "event_version"),
                optional(read, "key"),
                list(read, "outputs", output -> new Decided.Output(
                        text(output, "channel"),
                        optional(output, "key"),
                        text(output, "id"),
                        text(output, "event_type"),
                        optional(output, "event"),
                        changes(output),
                        optional(output, "not_before"))),
                violations(read));
    }

    static Catalog catalog(String answer) {
        JsonNode read = read(answer);
        JsonNode envelope = read.path("envelope");
        JsonNode cloudEvents = read.path("cloud_events");
        JsonNode letters = read.path("dead_letters");
        JsonNode limits = read.path("limits");
        return new Catalog(
                text(read, "name"),
                text(read, "version"),
                optional(read, "digest"),
                list(read, "event_types", Answers::eventType),
                list(read, "channels", Answers::text),
                new Catalog.Envelope(
                        optional(envelope, "id"),
                        text(envelope, "event_type"),
                        optional(envelope, "version"),
                        optional(envelope, "key"),
                        optional(envelope, "time")),
                new Catalog.CloudEvents(
                        list(
                                cloudEvents,
                                "attributes",
                                it -> new Catalog.MappedAttribute(text(it, "name"), text(it, "place"))),
                        optional(cloudEvents, "payload")),
                new Catalog.DeadLetters(
                        text(letters, "channel"), text(letters, "event_type"), optional(letters, "template")),
                list(read, "alerts", Answers::alert),
                new Catalog.Limits(number(limits, "event_bytes"), number(limits, "depth")));
    }

    /** The tree of an event: JSON that the policy let pass. */
    static JsonNode event(String text) {
        try {
            return JSON.readTree(text);
        } catch (StreamConstraintsException | NumberFormatException error) {
            throw new UnsupportedOperationException("Java has no tree for this event: " + error.getMessage(), error);
        } catch (JsonProcessingException error) {
            throw broken("it holds an event that is not JSON");
        }
    }

    private static Catalog.EventType eventType(JsonNode known) {
        return new Catalog.EventType(
                text(known, "name"),
                list(known, "versions", it -> new Catalog.Version(text(it, "version"), text(it, "example"))),
                text(known, "target_version"),
                text(known, "default_version"),
                list(
                        known,
                        "migrations",
                        it -> new Catalog.Migration(text(it, "from"), text(it, "to"), flag(it, "lossy"))),
                list(known, "rules", Answers::text),
                list(known, "drop_rules", Answers::text),
                flag(known, "accepted"),
                list(known, "channels", Answers::text),
                list(known, "retry_delays_ms", delay -> Duration.ofMillis(number(delay))));
    }

    private static Catalog.Alert alert(JsonNode told) {
        boolean ofAll = told.path("event_types").isNull();
        return new Catalog.Alert(
                text(told, "channel"),
                ofAll ? Optional.empty() : Optional.of(list(told, "event_types", Answers::text)));
    }

    private static List<Change> changes(JsonNode answer) {
        return list(answer, "attributes", it -> new Change(text(it, "name"), optional(it, "value")));
    }

    private static List<Violation> violations(JsonNode answer) {
        return list(
                answer,
                "violations",
                it -> new Violation(
                        text(it, "code"),
                        text(it, "path"),
                        text(it, "message"),
                        optional(it, "rule"),
                        optional(it, "version")));
    }

    private static JsonNode read(String answer) {
        try {
            return JSON.readTree(answer);
        } catch (JsonProcessingException error) {
            throw broken("it is not JSON");
        }
    }

    private static <T> List<T> list(JsonNode object, String name, Function<JsonNode, T> item) {
        JsonNode list = object.path(name);
        if (!list.isArray()) {
            throw broken("it has no list " + name);
        }
        List<T> items = new ArrayList<>(list.size());
        list.forEach(node -> items.add(item.apply(node)));
        return List.copyOf(items);
    }

    private static <E extends Enum<E>> E constant(Class<E> type, JsonNode object, String name) {
        String text = text(object, name);
        try {
            return Enum.valueOf(type, text.toUpperCase(Locale.ROOT).replace('-', '_'));
        } catch (IllegalArgumentException error) {
            throw broken("there is no " + name + " \"" + text + "\"");
        }
    }

    private static boolean flag(JsonNode object, String name) {
        JsonNode value = object.path(name);
        if (!value.isBoolean()) {
            throw broken("it does not say whether it is " + name);
        }
        return value.booleanValue();
    }

    private static Optional<String> optional(JsonNode object, String name) {
        return Optional.ofNullable(textOrNull(object, name));
    }

    private static String textOrNull(JsonNode object, String name) {
        return object.path(name).isNull() ? null : text(object, name);
    }

    private static String text(JsonNode object, String name) {
        if (!object.path(name).isTextual()) {
            throw broken("it has no text " + name);
        }
        return object.path(name).textValue();
    }

    private static String text(JsonNode value) {
        if (!value.isTextual()) {
            throw broken("it has something else where a text should be");
        }
        return value.textValue();
    }

    private static long number(JsonNode object, String name) {
        return number(object.path(name));
    }

    private static long number(JsonNode value) {
        if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
            throw broken("it has something else where a number should be");
        }
        return value.longValue();
    }

    private static PolicyFaultException broken(String why) {
        return new PolicyFaultException("the policy's answer breaks the contract: " + why);
    }
}
