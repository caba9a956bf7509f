"""The `json` interface: the same functions from text to text."""

import dataclasses
from enum import Enum

from componentize_py_types import Err
from wit_world.exports.gate import Context

from . import checks, gate, known, migration, retry, rules
from .reading import Number, Unreadable, parse, write

_MOST_ATTEMPTS = 2**32 - 1


class _Misused(Exception):
    """A request that is not of the form that the contract shows."""


def validate(event: str) -> str:
    try:
        return write({"valid": True} | shape(rules.validate(event)))
    except Err as rejected:
        return write({"valid": False} | shape(rejected.value))


def migrate(request: str) -> str:
    try:
        asked = _request(request, "event", "to_version")
        return write({"migrated": True} | shape(migration.migrate(asked["event"], asked["to_version"])))
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


def process(request: str) -> str:
    try:
        asked = _request(request, "event", "now")
        target = asked.get("target_version")
        if target is not None and type(target) is not str:
            raise _Misused("target_version must be a string or null")
        return write(shape(gate.process(asked["event"], Context(asked["now"], target))))
    except Err as misuse:
        return write({"misuse": misuse.value.message})
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
            fields = dataclasses.fields(record)
            return {field.name: shape(getattr(record, field.name)) for field in fields}


def _request(request: str, *strings: str) -> dict:
    """The members of a request, of which these must be strings."""
    try:
        members = parse(request)
    except Unreadable as error:
        raise _Misused(f"the request cannot be read: {error}") from None
    if type(members) is not dict or any(type(members.get(name)) is not str for name in strings):
        raise _Misused(f"the request must be a JSON object with the strings {' and '.join(strings)}")
    return members


def _attempt(value) -> int:
    # Longer texts are out of range without being converted.
    if checks.is_integer(value) and len(value) <= 10 and 0 <= int(value) <= _MOST_ATTEMPTS:
        return int(value)
    raise _Misused(f"attempt must be an integer from 0 to {_MOST_ATTEMPTS}")


def _misuse(misused: _Misused) -> str:
    return write({"misuse": str(misused)})
