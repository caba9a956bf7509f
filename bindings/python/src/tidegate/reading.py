"""Reads the JSON answers of a policy as the dataclasses of `answers`, or raises the error that they report."""

import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, TypeVar

from tidegate.answers import (
    Accepted,
    Alert,
    Catalog,
    Change,
    CloudEvents,
    DeadLetters,
    Decided,
    Envelope,
    EventType,
    EventVersion,
    Limits,
    MappedAttribute,
    Migrated,
    Migration,
    Output,
    RetryPlan,
    Violation,
)
from tidegate.errors import InvalidEvent, MigrationFailed, PolicyFault

T = TypeVar("T")


def accepted(answer: str) -> Accepted:
    """Reads the answer of `validate`."""
    read = _read(answer, _accepted)
    if isinstance(read, InvalidEvent):
        raise read
    return read


def migrated(answer: str, event: str) -> Migrated:
    """Reads the answer of `migrate`; `event` is the text of the event."""
    read = _read(answer, lambda members: _migrated(members, event))
    if isinstance(read, MigrationFailed):
        raise read
    return read


def retry_plan(answer: str) -> RetryPlan:
    """Reads the answer of `next_attempt`."""
    return _read(answer, lambda m: RetryPlan(m["action"], _delay(m["delay_ms"]), m["retries_left"]))


def decided(answer: str) -> Decided:
    """Reads the answer of `process`."""
    return _read(answer, _decided)


def catalog(answer: str) -> Catalog:
    """Reads the answer of `catalog`."""
    return _read(answer, _catalog)


def misuse(answer: str) -> str:
    """Reads the message of a misuse."""
    return _read(answer, lambda m: str(m["misuse"]))


def _read(answer: str, build: Callable[[dict[str, Any]], T]) -> T:
    try:
        return build(json.loads(answer))
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise PolicyFault("answer", f"the policy's answer is not one of the contract: {error!r}") from error


def _accepted(m: dict[str, Any]) -> Accepted | InvalidEvent:
    if m["valid"]:
        return Accepted(m["event_id"], m["event_type"], m["event_version"], m["key"], m["claim"])
    return InvalidEvent(m["cause"], m["event_id"], m["event_type"], _violations(m["violations"]))


def _migrated(m: dict[str, Any], event: str) -> Migrated | MigrationFailed:
    if m["migrated"]:
        changed = m["event"] is not None
        text = m["event"] if changed else event
        attributes = _changes(m["attributes"])
        return Migrated(text, changed, attributes, m["from_version"], m["to_version"], tuple(m["path"]))
    violations = _violations(m["violations"])
    return MigrationFailed(m["cause"], m["event_type"], m["from_version"], m["to_version"], violations)


def _decided(m: dict[str, Any]) -> Decided:
    return Decided(
        decision=m["decision"],
        rule=m["rule"],
        claim=m["claim"],
        event_id=m["event_id"],
        event_type=m["event_type"],
        event_version=m["event_version"],
        key=m["key"],
        outputs=tuple(_output(output) for output in m["outputs"]),
        violations=_violations(m["violations"]),
    )


def _output(m: dict[str, Any]) -> Output:
    attributes = _changes(m["attributes"])
    return Output(m["channel"], m["key"], m["id"], m["event_type"], m["event"], attributes, m["not_before"])


def _changes(changes: Iterable[dict[str, Any]]) -> tuple[Change, ...]:
    return tuple(Change(c["name"], c["value"]) for c in changes)


def _catalog(m: dict[str, Any]) -> Catalog:
    envelope, dead_letters = m["envelope"], m["dead_letters"]
    return Catalog(
        name=m["name"],
        version=m["version"],
        digest=m["digest"],
        event_types=tuple(
            EventType(
                name=t["name"],
                versions=tuple(EventVersion(v["version"], v["example"]) for v in t["versions"]),
                target_version=t["target_version"],
                default_version=t["default_version"],
                migrations=tuple(Migration(way["from"], way["to"], way["lossy"]) for way in t["migrations"]),
                rules=tuple(t["rules"]),
                drop_rules=tuple(t["drop_rules"]),
                accepted=t["accepted"],
                channels=tuple(t["channels"]),
                retry_delays=tuple(_delay(ms) for ms in t["retry_delays_ms"]),
            )
            for t in m["event_types"]
        ),
        channels=tuple(m["channels"]),
        envelope=Envelope(
            envelope["id"], envelope["event_type"], envelope["version"], envelope["key"], envelope["time"]
        ),
        cloud_events=_cloud_events(m["cloud_events"]),
        dead_letters=DeadLetters(dead_letters["channel"], dead_letters["event_type"], dead_letters["template"]),
        alerts=tuple(_alert(alert) for alert in m["alerts"]),
        limits=Limits(_whole(m["limits"]["event_bytes"]), _whole(m["limits"]["depth"])),
    )


def _cloud_events(m: dict[str, Any]) -> CloudEvents:
    return CloudEvents(tuple(MappedAttribute(a["name"], a["place"]) for a in m["attributes"]), m["payload"])


def _alert(m: dict[str, Any]) -> Alert:
    types = m["event_types"]
    return Alert(m["channel"], None if types is None else tuple(types))


def _violations(violations: Iterable[dict[str, Any]]) -> tuple[Violation, ...]:
    return tuple(Violation(v["code"], v["path"], v["message"], v["rule"], v["version"]) for v in violations)


def _whole(number: object) -> int:
    if type(number) is not int:
        raise TypeError(f"{number!r} is not a whole number")
    return number


def _delay(milliseconds: int) -> timedelta:
    return timedelta(milliseconds=milliseconds)
