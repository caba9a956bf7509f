"""The text of an event, in whichever form the caller passes it."""

from collections.abc import Mapping
from typing import Any

from tidegate import unreadable, writing
from tidegate.answers import Violation
from tidegate.errors import Misuse

Event = str | bytes | bytearray | memoryview | Mapping[str, Any]
"""An event: its text, its bytes, or the object itself, which is written as compact JSON."""


def text(event: Event, limit: int) -> str | Violation:
    """The text of an event; a violation when it cannot be passed to a policy. `limit` is the longest event, in bytes.

    Its length is looked at first. Raises `Misuse` when it is no event, or cannot be written as JSON.
    """
    match event:
        case str():
            return _from_text(event, limit)
        case bytes() | bytearray() | memoryview():
            return _from_bytes(event, limit)
        case Mapping():
            return _from_text(writing.compact(event, "the event"), limit)
    raise Misuse(f"an event is a str, bytes or a mapping, not {type(event).__name__}")


def _from_text(event: str, limit: int) -> str | Violation:
    try:
        length = len(event.encode())
    except UnicodeEncodeError as error:
        length = len(event.encode(errors="surrogatepass"))
        valid = len(event[: error.start].encode())
        return unreadable.too_large(length, limit) if length > limit else unreadable.not_utf8(valid)
    return unreadable.too_large(length, limit) if length > limit else event


def _from_bytes(event: bytes | bytearray | memoryview, limit: int) -> str | Violation:
    length = event.nbytes if isinstance(event, memoryview) else len(event)
    if length > limit:
        return unreadable.too_large(length, limit)
    try:
        return bytes(event).decode()
    except UnicodeDecodeError as error:
        return unreadable.not_utf8(error.start)
