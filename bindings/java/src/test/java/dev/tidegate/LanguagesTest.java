// Policies that are not written in Rust: each is called with the first of its own cases.

package dev.tidegate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LanguagesTest {
    @ParameterizedTest
    @ValueSource(strings = {"policy-python", "policy-typescript"})
    void aPolicyOfAnotherLanguageJudgesItsCase(String name) throws IOException {
        Path file = Fixtures.ROOT.resolve("dist/" + name + ".wasm");
        assumeTrue(
                Files.exists(file) || "true".equals(System.getenv("CI")),
                () -> file + " is missing: `cargo xtask test` builds it where it has the tools of the language");
        JsonNode first = firstCase(Fixtures.ROOT.resolve("examples/" + name + "/cases.json"));
        // An interpreter is slow on a busy machine.
        try (Policy policy = Policy.open(file, Fixtures.options().deadline(Duration.ofMinutes(1)))) {
            String answer = policy.validateJson(first.at("/input/event").textValue());
            assertEquals(first.at("/expect/ok").textValue(), answer);
        }
    }

    /** The first event that is validated in JSON. */
    private static JsonNode firstCase(Path cases) throws IOException {
        for (JsonNode one : new JsonMapper().readTree(cases.toFile())) {
            if (one.path("call").asText().equals("json-validate")) {
                return one;
            }
        }
        throw new AssertionError(cases + " has no case of json-validate");
    }
}
