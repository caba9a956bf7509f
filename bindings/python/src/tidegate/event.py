"""From what a caller has in hand to the text that a policy takes, and the answers for what is no text.

A policy takes Unicode text. Bytes that are not UTF-8, and strings with a lone surrogate, never reach it; they get the
answer that every other host gives.
"""

import json
from collections.abc import Mapping
from typing import Any

from tidegate.answers import Violation
from tidegate.errors import Misuse

Event = str | bytes | bytearray | memoryview | Mapping[str, Any]
"""An event: its text, its bytes, or the object itself, which is written as compact JSON."""


def text(event: Event, limit: int) -> str | Violation:
    """The text of an event; a violation when it has none. `limit` is the longest event, in bytes."""
    match event:
        case str():
            return _checked(event, limit)
        case bytes() | bytearray() | memoryview():
            event = bytes(event)
            try:
                return event.decode()
            except UnicodeDecodeError as error:
                return _not_text(len(event), error.start, limit)
        case Mapping():
            return _checked(_to_json(event), limit)
    raise TypeError(f"an event is a str, bytes or a mapping, not {type(event).__name__}")


def request(**members: object) -> str:
    """The text of a request. What is wrong in it is the policy's to say, save for what is no text."""
    written = _to_json(members)
    try:
        written.encode()
    except UnicodeEncodeError as error:
        raise Misuse(f"an argument holds the lone surrogate {error.object[error.start]!r}") from None
    return written


def invalid(violation: Violation) -> str:
    """The answer of `validate` to what is no text."""
    return _to_json(
        {
            "valid": False,
            "cause": "unreadable",
            "event_id": None,
            "event_type": None,
            "violations": [_members(violation)],
        }
    )


def not_migrated(violation: Violation, to_version: str) -> str:
    """The answer of `migrate` to what is no text."""
    return request(
        migrated=False,
        cause="rejected",
        event_type=None,
        from_version=None,
        to_version=to_version,
        violations=[_members(violation)],
    )


def rejected(violation: Violation) -> str:
    """The answer of `process` to what is no text."""
    return _to_json(
        {
            "outcome": "reject",
            "reason": violation.message,
            "event_id": None,
            "event_type": None,
            "event_version": None,
            "outputs": [],
            "violations": [_members(violation)],
        }
    )


def _checked(event: str, limit: int) -> str | Violation:
    try:
        event.encode()
    except UnicodeEncodeError as error:
        prefix = len(event[: error.start].encode())
        return _not_text(len(event.encode(errors="surrogatepass")), prefix, limit)
    return event


def _not_text(length: int, valid: int, limit: int) -> Violation:
    if length > limit:
        return Violation("too-large", "", f"{length} bytes; at most {limit} are allowed")
    return Violation("not-utf8", "", f"not UTF-8 at byte {valid + 1}")


def _members(violation: Violation) -> dict[str, str]:
    return {"code": violation.code, "path": violation.path, "message": violation.message}


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON; give the event as text")


_to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain).encode
