"""The `json` interface: the same functions from text to text."""

import dataclasses
from enum import Enum

from componentize_py_types import Err
from wit_world.exports.gate import Context
from wit_world.exports.validation import Attribute

from . import catalog as known
from . import checks, gate, migration, retry, rules
from .reading import Number, Unreadable, parse, write

_MOST_ATTEMPTS = 2**32 - 1


class _Misused(Exception):
    """A request that is not of the form that the contract shows."""


def validate(event: str, attributes: str) -> str:
    try:
        return write({"valid": True} | shape(rules.validate(event, _attributes(attributes))))
    except Err as rejected:
        return write({"valid": False} | shape(rejected.value))
    except _Misused as misused:
        return _misuse(misused)


def migrate(request: str, attributes: str) -> str:
    try:
        asked = _request(request, "event", "to_version")
        migrated = migration.migrate(asked["event"], _attributes(attributes), asked["to_version"])
        return write({"migrated": True} | shape(migrated))
    except Err as failed:
        return write({"migrated": False} | shape(failed.value))
    except _Misused as misused:
        return _misuse(misused)


def next_attempt(request: str) -> str:
    try:
        asked = _request(request, "event_type")
        return write(shape(retry.next_attempt(asked["event_type"], _attempt(asked.get("attempt")))))
    except _Misused as misused:
        return _misuse(misused)


def process(request: str, attributes: str) -> str:
    try:
        asked = _request(request, "event", "now")
        if not checks.is_time(asked["now"]):
            raise _Misused("now must be a date and time with an offset (RFC 3339), such as 2026-03-01T09:30:00Z")
        target = asked.get("target_version")
        if target is not None and type(target) is not str:
            raise _Misused("target_version must be a string or null")
        return write(shape(gate.process(asked["event"], _attributes(attributes), Context(asked["now"], target, False))))
    except _Misused as misused:
        return _misuse(misused)


def catalog() -> str:
    return write(shape(known.catalog()))


def shape(record):
    """A record of the contract as a value of JSON: members in its order, cases of an enum in kebab-case."""
    match record:
        case Enum():
            return record.name.lower().replace("_", "-")
        case list():
            return [shape(item) for item in record]
        case bool() | None | str():
            return record
        case int():
            return Number(record)
        case _:
            # `from` is `from_` in Python.
            fields = dataclasses.fields(record)
            return {field.name.rstrip("_"): shape(getattr(record, field.name)) for field in fields}


def _request(request: str, *strings: str) -> dict:
    """The members of a request, of which these must be strings."""
    members = _read(request, "the request")
    if type(members) is not dict or any(type(members.get(name)) is not str for name in strings):
        raise _Misused(f"the request must be a JSON object with the strings {' and '.join(strings)}")
    return members


def _attributes(text: str) -> list[Attribute]:
    """The attributes of an event; the empty string stands for none."""
    members = _read(text or "{}", "the attributes")
    if type(members) is not dict or any(type(value) is not str for value in members.values()):
        raise _Misused("the attributes must be a JSON object of strings")
    return [Attribute(name, value) for name, value in members.items()]


def _read(text: str, what: str):
    try:
        return parse(text)
    except Unreadable as error:
        raise _Misused(f"{what} cannot be read: {error}") from None


def _attempt(value) -> int:
    # Longer texts are out of range without being converted.
    if checks.is_integer(value) and len(value) <= 10 and 0 <= int(value) <= _MOST_ATTEMPTS:
        return int(value)
    raise _Misused(f"attempt must be an integer from 0 to {_MOST_ATTEMPTS}")


def _misuse(misused: _Misused) -> str:
    return write({"misuse": str(misused)})
