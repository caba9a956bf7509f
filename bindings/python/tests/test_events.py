"""The forms in which an event may be passed, and the answers to text that is not one."""

import json
from collections import ChainMap
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest
import small

from tidegate import InvalidEvent, MigrationFailed, Misuse, Policy, Violation, writing

NOW = "2026-03-02T17:00:00Z"


@pytest.mark.parametrize("form", [str, str.encode, lambda t: bytearray(t.encode()), lambda t: memoryview(t.encode())])
def test_text_and_bytes(policy: Policy, event: dict[str, Any], form: Callable[[str], Any]) -> None:
    event["user_id"] = "Jürgen 🌊"
    assert policy.validate(form(json.dumps(event, ensure_ascii=False))).key == "Jürgen 🌊"


def test_mappings(policy: Policy, event: dict[str, Any]) -> None:
    event["payload"] = MappingProxyType({"title": "Água"})
    for mapping in (event, MappingProxyType(event), ChainMap({}, event)):
        migrated = policy.migrate(mapping, "1.0")
        assert migrated.event.endswith('"payload":{"title":"Água"}}')


def test_a_view_with_gaps(policy: Policy, event: dict[str, Any]) -> None:
    doubled = b"".join(bytes([byte, 0]) for byte in json.dumps(event).encode())
    assert policy.validate(memoryview(doubled)[::2]).event_id == "e-1"


def nested(depth: int) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(depth):
        inner = {"in": inner}
    return inner


def in_itself() -> dict[str, Any]:
    outer: dict[str, Any] = {}
    outer["in"] = outer
    return outer


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (float("nan"), "not JSON compliant"),
        (float("-inf"), "not JSON compliant"),
        (object(), "JSON has nothing for type object"),
        ({1, 2}, "JSON has nothing for type set"),
        (b"bytes", "JSON has nothing for type bytes"),
        ({(1, 2): 3}, "keys must be str"),
        (nested(100_000), "recursion"),
        (in_itself(), "Circular reference"),
    ],
    ids=["nan", "-inf", "object", "set", "bytes", "key", "deep", "circular"],
)
def test_a_value_that_json_cannot_represent_is_misuse(policy: Policy, event: dict[str, Any], value: Any, says: str) -> None:
    calls: list[Callable[[Any], object]] = [
        policy.validate,
        lambda event: policy.migrate(event, "1.1"),
        lambda event: policy.process(event, NOW),
    ]
    for call in calls:
        with pytest.raises(Misuse, match=f"the event cannot be written as JSON: .*{says}"):
            call(event | {"payload": value})


def test_an_argument_that_json_cannot_represent_is_misuse(policy: Policy, event: dict[str, Any]) -> None:
    with pytest.raises(Misuse, match="an argument cannot be written as JSON"):
        policy.migrate(event, object())  # type: ignore[arg-type]
    with pytest.raises(Misuse, match="an argument cannot be written as JSON"):
        policy.next_attempt("task.created", float("nan"))  # type: ignore[arg-type]


def test_a_mapping_that_is_too_deep_for_the_policy_is_invalid(policy: Policy, event: dict[str, Any]) -> None:
    with pytest.raises(InvalidEvent) as invalid:
        policy.validate(event | {"payload": nested(policy.catalog.limits.depth)})
    assert invalid.value.violations[0].code == "too-deep"


@pytest.mark.parametrize("value", [None, 5, ["{}"]])
def test_a_value_that_is_no_event_is_misuse(policy: Policy, value: Any) -> None:
    with pytest.raises(Misuse, match="an event is a str, bytes or a mapping"):
        policy.validate(value)


@pytest.mark.parametrize(
    ("event", "position"),
    [
        (b"\xff", 1),
        (b'{"a":"\xc3', 7),
        (b'{"a":"\xed\xa0\x80"}', 7),
        ("\ud800", 1),
        ('{"é":"\udcff"}', 8),
        ({"é": "\ud83d"}, 8),
        ("\U0001f30a\udead", 5),
    ],
)
def test_an_event_that_is_not_utf8_gets_the_answer_of_every_host(policy: Policy, event: Any, position: int) -> None:
    wrong = Violation("not-utf8", "", f"not UTF-8 at byte {position}")
    with pytest.raises(InvalidEvent) as invalid:
        policy.validate(event)
    assert (invalid.value.cause, invalid.value.event_id, invalid.value.violations) == ("unreadable", None, (wrong,))
    with pytest.raises(MigrationFailed) as failed:
        policy.migrate(event, "1.1")
    assert (failed.value.cause, failed.value.to_version, failed.value.violations) == ("rejected", "1.1", (wrong,))
    decided = policy.process(event, NOW)
    assert (decided.decision, decided.violations) == ("reject", (wrong,))


def test_its_json_is_written_as_a_policy_would(policy: Policy) -> None:
    violation = '{"code":"not-utf8","path":"","message":"not UTF-8 at byte 1","rule":null,"version":null}'
    violations = f'"violations":[{violation}]}}'
    unknown_event = '"event_id":null,"event_type":null,'
    assert policy.validate_json(b"\xff") == '{"valid":false,"cause":"unreadable",' + unknown_event + violations
    unknown = '"event_type":null,"from_version":null,"to_version":"ü",'
    assert policy.migrate_json(b"\xff", "ü") == '{"migrated":false,"cause":"rejected",' + unknown + violations
    rejected = '{"decision":"reject","rule":null,"claim":null,' + unknown_event + '"event_version":null,"key":null,"outputs":[],'
    assert policy.process_json(b"\xff", NOW) == rejected + violations


def test_a_nul_is_a_character_like_any_other(policy: Policy, event: dict[str, Any]) -> None:
    text = json.dumps(event)
    for raw in (text.replace("Water", "Wa\0ter"), text + "\0", "\0"):
        for form in (raw, raw.encode()):
            with pytest.raises(InvalidEvent) as invalid:
                policy.validate(form)
            assert invalid.value.violations[0].code == "not-json"
    assert policy.validate(event | {"user_id": "a\0b"}).key == "a\0b"
    assert policy.migrate(event | {"user_id": "a\0b"}, "1.1").json()["user_id"] == "a\0b"
    with pytest.raises(InvalidEvent) as unknown:
        policy.validate(event | {"event_type": "task\0"})
    assert unknown.value.event_type == "task\0"


def test_arguments_that_are_not_text_are_misuse(policy: Policy, event: dict[str, Any]) -> None:
    calls: list[Callable[[], object]] = [
        lambda: policy.migrate(event, "\ud800"),
        lambda: policy.migrate(b"\xff", "\ud800"),
        lambda: policy.next_attempt("\ud800", 0),
        lambda: policy.process(event, "\ud800"),
        lambda: policy.process(event, NOW, "\ud800"),
        lambda: policy.validate(event, attributes={"subject": "\ud800"}),
    ]
    for call in calls:
        with pytest.raises(Misuse, match="lone surrogate"):
            call()


@pytest.mark.parametrize("attributes", ["", "subject", ["subject"], {"subject": 1}, {"subject": None}, {1: "subject"}])
def test_attributes_of_another_form_are_misuse(policy: Policy, event: dict[str, Any], attributes: Any) -> None:
    calls: list[Callable[[], object]] = [
        lambda: policy.validate(event, attributes=attributes),
        lambda: policy.migrate(event, "1.1", attributes=attributes),
        lambda: policy.process(event, NOW, attributes=attributes),
    ]
    for call in calls:
        with pytest.raises(Misuse, match="the attributes must be"):
            call()


LIMIT = 64  # of the small policies


@pytest.mark.parametrize(
    ("event", "size"),
    [
        ("x" * 65, 65),
        ("é" * 33, 66),
        (b"x" * 65, 65),
        (b"\xff" * 65, 65),
        (bytearray(80 << 20), 80 << 20),
        (memoryview(b"abcd" * 17).cast("I"), 68),
        ("\ud800" * 22, 66),
        ("\"" * (20 << 20), 20 << 20),
        ({"a": "x" * 57}, 65),
        ({"é": "x" * 53 + "\ud800"}, 65),
    ],
    ids=["text", "accents", "bytes", "no UTF-8", "80 MiB", "view", "surrogates", "quotes", "mapping", "its surrogate"],
)
def test_the_policy_is_not_called_with_an_event_that_is_too_large(event: Any, size: int) -> None:
    wrong = Violation("too-large", "", f"{size} bytes; at most {LIMIT} are allowed")
    with Policy.load(small.policy("unreachable")) as policy:
        with pytest.raises(InvalidEvent) as invalid:
            policy.validate(event)
        assert (invalid.value.cause, invalid.value.violations) == ("unreadable", (wrong,))
        with pytest.raises(MigrationFailed) as failed:
            policy.migrate(event, "1.1")
        assert (failed.value.cause, failed.value.to_version, failed.value.violations) == ("rejected", "1.1", (wrong,))
        decided = policy.process(event, "noon")
        assert (decided.decision, decided.violations) == ("reject", (wrong,))


@pytest.mark.parametrize("event", ["x" * LIMIT, "é" * (LIMIT // 2), b"x" * LIMIT, {"a": "x" * (LIMIT - 8)}])
def test_it_is_called_with_the_longest(event: Any) -> None:
    with Policy.load(small.policy()) as policy:
        assert policy.validate_json(event) == small.CATALOG


def test_the_host_answers_as_the_policy_would(policy: Policy) -> None:
    longer = "x" * (policy.catalog.limits.event_bytes + 1)
    request = writing.object_of(event=longer, to_version="1.1")
    assert policy.validate_json(longer) == policy._instances.call("validate", longer, "")
    assert policy.migrate_json(longer, "1.1") == policy._instances.call("migrate", request, "")
    request = writing.object_of(event=longer, now=NOW)
    assert policy.process_json(longer, NOW) == policy._instances.call("process", request, "")


def padded(event: dict[str, Any], size: int) -> str:
    """The event with a title that makes it so many bytes long."""
    event["payload"]["title"] = ""
    return json.dumps(event).replace('"title": ""', '"title": "%s"') % ("x" * (size - len(json.dumps(event))))


def test_the_longest_event_and_one_that_is_longer(policy: Policy, event: dict[str, Any]) -> None:
    limit = policy.catalog.limits.event_bytes
    longest = padded(event, limit)
    assert len(longest) == limit
    assert policy.validate(longest).event_id == "e-1"
    assert policy.migrate(longest.encode(), "1.0").event == longest
    assert policy.process(longest, NOW, "1.0").decision == "forward"
    for longer in (longest + " ", longest.encode() + b"\xff", longest + "\ud800"):
        with pytest.raises(InvalidEvent) as invalid:
            policy.validate(longer)
        assert invalid.value.violations[0].code == "too-large"
