"""Writes JSON: objects that are passed as events, their attributes, requests to a policy, and the host's own answers."""

import json
from collections.abc import Mapping

from tidegate.errors import Misuse


def compact(value: object, what: str) -> str:
    """The value as compact JSON. Raises `Misuse` when JSON cannot represent it; `what` is its name in the message."""
    try:
        return _encode(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise Misuse(f"{what} cannot be written as JSON: {error}") from error


def attributes(given: Mapping[str, str] | None) -> str:
    """The attributes of an event; the empty string for none. The policy checks their values."""
    if given is None:
        return ""
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise Misuse("the attributes must be a mapping of strings to strings")
    return object_of(**given)


def object_of(**members: object) -> str:
    """A request or an answer. The policy checks the arguments, except whether they are text."""
    written = compact(members, "an argument")
    try:
        written.encode()
    except UnicodeEncodeError as error:
        raise Misuse(f"an argument contains the lone surrogate {error.object[error.start]!r}") from None
    return written


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"JSON has nothing for type {type(value).__name__}")


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain).encode
