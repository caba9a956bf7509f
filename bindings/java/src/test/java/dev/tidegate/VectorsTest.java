// Every answer is the one that the policy gives to every other caller, byte for byte.

package dev.tidegate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VectorsTest {
    private static final JsonMapper JSON = new JsonMapper();

    @ParameterizedTest
    @CsvSource({
        "policy.wasm, vectors.jsonl",
        "policy.wasm, random.jsonl",
        "built-policy.wasm, vectors.jsonl",
        "built-policy.wasm, random.jsonl",
    })
    void answersAreThoseOfEveryOtherCaller(String name, String file) throws IOException {
        List<JsonNode> vectors = read(file);
        try (Policy policy = Policy.open(Fixtures.built("dist", name), Fixtures.options())) {
            for (JsonNode vector : vectors) {
                check(policy, vector);
            }
        }
        System.out.println(name + ", " + file + ": " + vectors.size() + " answers compared");
    }

    @Test
    void answersAreTheSameFromManyThreads() throws Exception {
        List<JsonNode> vectors = read("vectors.jsonl");
        Policy policy = Fixtures.builtin();
        int threads = 32;
        Threads.run(threads, thread -> {
            for (int i = 0; i < vectors.size(); i++) {
                // Each begins at another vector, so that different calls run at the same time.
                check(policy, vectors.get((thread * vectors.size() / threads + i) % vectors.size()));
            }
        });
    }

    private static List<JsonNode> read(String file) throws IOException {
        Path path = Fixtures.built("target", "answers", file);
        List<JsonNode> vectors = new ArrayList<>();
        for (String line : Files.readAllLines(path)) {
            vectors.add(JSON.readTree(line));
        }
        assertFalse(vectors.isEmpty(), file + " is empty");
        return vectors;
    }

    private static void check(Policy policy, JsonNode vector) throws IOException {
        String name = vector.path("name").asText();
        if (vector.has("misuse")) {
            IllegalArgumentException misuse = assertThrows(IllegalArgumentException.class, () -> ask(policy, vector), name);
            assertEquals(vector.path("misuse").asText(), misuse.getMessage(), name);
        } else {
            assertEquals(vector.required("answer").asText(), ask(policy, vector), name);
        }
    }

    private static String ask(Policy policy, JsonNode vector) throws IOException {
        String event = vector.path("event").asText();
        byte[] bytes = vector.has("event_base64") ? vector.get("event_base64").binaryValue() : null;
        String version = vector.path("to_version").asText();
        String now = vector.path("now").asText();
        String target = vector.path("target_version").textValue();
        Map<String, String> attributes = new LinkedHashMap<>();
        vector.path("attributes").properties().forEach(it -> attributes.put(it.getKey(), it.getValue().textValue()));
        return switch (vector.required("call").asText()) {
            case "validate" -> bytes == null
                    ? policy.validateJson(event, attributes)
                    : policy.validateJson(bytes, attributes);
            case "migrate" -> bytes == null
                    ? policy.migrateJson(event, version, attributes)
                    : policy.migrateJson(bytes, version, attributes);
            case "next-attempt" -> policy.nextAttemptJson(
                    vector.required("event_type").asText(), vector.required("attempt").asLong());
            case "process" -> bytes == null
                    ? policy.processJson(event, now, target, attributes)
                    : policy.processJson(bytes, now, target, attributes);
            // Only a policy that is made of files names their digest.
            case "catalog" -> policy.catalogJson().replaceAll("\"sha256:[0-9a-f]{64}\"", "null");
            default -> throw new AssertionError("there is no call of this name: " + vector);
        };
    }
}
