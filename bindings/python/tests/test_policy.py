"""The typed methods: what they return and what they raise."""

import dataclasses
import hashlib
import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest
from conftest import POLICY

from tidegate import (
    Accepted,
    Alert,
    Change,
    CloudEvents,
    Decided,
    Envelope,
    InvalidEvent,
    Migrated,
    Migration,
    MigrationFailed,
    Misuse,
    Output,
    Policy,
    PolicyFault,
    Violation,
    reading,
)

NOW = "2026-03-02T17:00:00Z"


def test_a_valid_event_is_accepted(policy: Policy, event: dict[str, Any]) -> None:
    assert policy.validate(event) == Accepted("e-1", "task.created", "1.0", "user-1", "e-1")


def test_an_invalid_event_raises_all_violations(policy: Policy, event: dict[str, Any]) -> None:
    event |= {"task_id": "42", "timestamp": "yesterday"}
    with pytest.raises(InvalidEvent) as raised:
        policy.validate(event)
    assert raised.value.cause == "invalid"
    assert raised.value.event_id == "e-1"
    assert raised.value.event_type == "task.created"
    assert [(v.code, v.path) for v in raised.value.violations] == [("type", "/task_id"), ("format", "/timestamp")]
    assert "type at '/task_id': must be an integer" in str(raised.value)


def test_migration_goes_up_and_down(policy: Policy, event: dict[str, Any]) -> None:
    text = json.dumps(event, separators=(",", ":"))
    up = policy.migrate(text, "1.1")
    assert (up.changed, up.attributes) == (True, ())
    assert (up.from_version, up.to_version, up.path) == ("1.0", "1.1", ("1.0", "1.1"))
    assert up.json()["payload"] == {"title": "Water the plants", "new_field": None}
    down = policy.migrate(up.event, "1.0")
    assert down.event == text


def test_an_event_that_needs_no_change_is_not_rewritten(policy: Policy, event: dict[str, Any]) -> None:
    text = json.dumps(event, indent=3)
    same = policy.migrate(text.encode(), "1.0")
    assert (same.event, same.changed) == (text, False)


def test_a_failed_migration_has_a_cause(policy: Policy, event: dict[str, Any]) -> None:
    with pytest.raises(MigrationFailed) as raised:
        policy.migrate(event, "7")
    assert (raised.value.cause, raised.value.from_version, raised.value.to_version) == ("no-path", "1.0", "7")
    assert raised.value.violations[0].code == "no-path"


def test_digits_survive(policy: Policy, event: dict[str, Any]) -> None:
    text = json.dumps(event).replace("42", "9007199254740993").replace("Water the plants", '","a":1e400,"b":1.10,"c":"')
    migrated = policy.migrate(text, "1.1")
    assert all(digits in migrated.event for digits in ("9007199254740993", "1e400", "1.10"))
    assert migrated.json()["task_id"] == 9007199254740993
    assert migrated.json()["payload"]["a"] == float("inf")


def test_an_integer_that_is_too_long_for_python_is_a_value_error(policy: Policy, event: dict[str, Any]) -> None:
    digits = "7" * 5000
    migrated = policy.migrate(json.dumps(event).replace("42", digits), "1.1")
    assert digits in migrated.event
    with pytest.raises(ValueError, match="digits"):
        migrated.json()
    [output] = policy.process(json.dumps(event).replace("42", digits), NOW).outputs
    with pytest.raises(ValueError, match="digits"):
        output.json()


def test_next_attempts(policy: Policy) -> None:
    first = policy.next_attempt("reminder.due", 0)
    assert (first.action, first.delay, first.retries_left) == ("retry", timedelta(seconds=1), 9)
    last = policy.next_attempt("reminder.due", 10)
    assert (last.action, last.delay, last.retries_left) == ("dead-letter", timedelta(0), 0)
    assert policy.next_attempt("reminder.due", 2**32 - 1) == last


@pytest.mark.parametrize("attempt", [-1, 2**32, 1.5, "1", True, None])
def test_an_invalid_attempt_is_misuse(policy: Policy, attempt: Any) -> None:
    with pytest.raises(Misuse, match="attempt"):
        policy.next_attempt("reminder.due", attempt)


def test_a_decision_says_what_to_send(policy: Policy, event: dict[str, Any]) -> None:
    decided = policy.process(event, NOW)
    assert (decided.decision, decided.event_id, decided.event_version) == ("forward", "e-1", "1.0")
    assert (decided.rule, decided.claim, decided.key) == (None, "e-1", "user-1")
    [output] = decided.outputs
    assert (output.channel, output.key, output.id) == ("task-events", "user-1", "e-1")
    assert (output.attributes, output.not_before) == ((), None)
    assert output.json()["event_version"] == "1.1"
    [as_it_came] = policy.process(event, NOW, "1.0").outputs
    assert (as_it_came.event, as_it_came.json()) == (None, None)


def test_a_rejected_event_is_a_decision(policy: Policy) -> None:
    decided = policy.process("{}", NOW)
    assert (decided.decision, decided.outputs) == ("reject", ())
    assert decided.violations == (Violation("required", "/event_type", "event_type is required"),)


def test_a_broken_rule_is_named(policy: Policy, event: dict[str, Any]) -> None:
    [violation] = policy.process(event | {"user_id": " "}, NOW).violations
    assert (violation.path, violation.rule, violation.version) == ("/user_id", "empty-user-id", None)


def test_attributes_that_the_policy_does_not_map_change_nothing(policy: Policy, event: dict[str, Any]) -> None:
    attributes = MappingProxyType({"source": "/tasks", "subject": "42"})
    assert policy.validate(event, attributes=attributes) == policy.validate(event)
    assert policy.migrate(event, "1.1", attributes=attributes) == policy.migrate(event, "1.1")
    assert policy.process(event, NOW, attributes=attributes) == policy.process(event, NOW)


CHANGES = '"attributes":[{"name":"time","value":"noon"},{"name":"subject","value":null}]'


def test_changes_of_attributes_and_nulls_are_read() -> None:
    changes = (Change("time", "noon"), Change("subject", None))
    versions = '"from_version":"1","to_version":"2","path":["1","2"]'
    migrated = reading.migrated(f'{{"migrated":true,"event":null,{CHANGES},{versions}}}', "{}")
    assert migrated == Migrated("{}", False, changes, "1", "2", ("1", "2"))
    output = f'{{"channel":"c","key":null,"id":"i","event_type":"t","event":null,{CHANGES},"not_before":"noon"}}'
    judged = '"event_id":null,"event_type":null,"event_version":null,"key":null'
    decided = reading.decided(
        f'{{"decision":"drop","rule":"r","claim":null,{judged},"outputs":[{output}],"violations":[]}}'
    )
    sent = Output("c", None, "i", "t", None, changes, "noon")
    assert decided == Decided("drop", "r", None, None, None, None, None, (sent,), ())


def test_now_may_be_an_aware_datetime(policy: Policy, event: dict[str, Any]) -> None:
    del event["timestamp"]
    here = datetime(2026, 3, 2, 18, 0, tzinfo=timezone(timedelta(hours=1)))
    for now in (here, here.astimezone(UTC)):
        assert policy.process_json(event, now) == policy.process_json(event, now.isoformat())
    with pytest.raises(Misuse, match="offset"):
        policy.process(event, datetime(2026, 3, 2, 18, 0))
    with pytest.raises(Misuse, match="now must be"):
        policy.process(event, "noon")


def test_the_catalog(policy: Policy) -> None:
    types = {t.name: t for t in policy.catalog.event_types}
    assert [v.version for v in types["task.created"].versions] == ["1.0", "1.1"]
    assert types["reminder.due"].retry_delays[-1] == timedelta(seconds=512)
    assert types["task.created"].default_version == "1.0"
    assert types["task.created"].migrations == (Migration("1.0", "1.1", True), Migration("1.1", "1.0", True))
    assert (types["task.created"].rules, types["task.created"].drop_rules) == (("empty-user-id",), ())
    assert not types["task.occurrence-requested"].accepted
    assert policy.catalog.limits.event_bytes == 1 << 20
    assert types["task.created"].channels == ("task-events",)
    assert "dlq" in policy.catalog.channels
    assert policy.catalog.digest is None
    assert policy.catalog.cloud_events == CloudEvents((), None)
    assert policy.catalog.envelope == Envelope("/event_id", "/event_type", "/event_version", "/user_id", "/timestamp")
    assert (policy.catalog.dead_letters.channel, policy.catalog.dead_letters.event_type) == ("dlq", "dlq.failed")
    assert policy.catalog.alerts[0] == Alert("ops-alerts", None)
    assert "reminder.due" in (policy.catalog.alerts[1].event_types or ())
    for known in policy.catalog.event_types:
        for version in known.versions:
            assert policy.validate(version.example).event_version == version.version


def test_the_digest_is_that_of_the_file(policy: Policy) -> None:
    assert policy.digest == f"sha256:{hashlib.sha256(POLICY.read_bytes()).hexdigest()}"
    assert policy.digest[:19] in repr(policy)


def test_answers_cannot_be_changed(policy: Policy, event: dict[str, Any]) -> None:
    accepted = policy.validate(event)
    with pytest.raises(dataclasses.FrozenInstanceError):
        accepted.key = "user-2"  # type: ignore[misc]


def test_errors_go_through_pickle() -> None:
    violations = (Violation("type", "/task_id", "must be an integer"),)
    for error in (
        InvalidEvent("invalid", "e-1", "task.created", violations),
        MigrationFailed("rejected", None, None, "1.1", violations),
        PolicyFault("trap", "it trapped"),
    ):
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), vars(copy), str(copy)) == (type(error), vars(error), str(error))
