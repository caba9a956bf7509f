"""Checks of one value: each gives None, or the violation's code and message."""

import re
from datetime import datetime

from .reading import Number

Problem = tuple[str, str] | None

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})", re.ASCII)
_PERIOD = re.compile(r"P([1-9][0-9]{0,2})D")
_MOST_DAYS = 365


def text(value) -> Problem:
    """A string that is not empty."""
    if type(value) is not str:
        return "type", "must be a string"
    return None if value else ("min-length", "must not be empty")


def user(value) -> Problem:
    """The reader: more than white space."""
    if type(value) is not str:
        return "type", "must be a string"
    return None if value.strip() else ("empty-user-id", "must name a reader")


def integer(value) -> Problem:
    """An integer of any size, written without point and exponent."""
    return None if is_integer(value) else ("type", "must be an integer")


def days(value) -> Problem:
    """From one day to a year."""
    if not is_integer(value):
        return "type", "must be an integer"
    # Longer texts are out of range without being converted.
    count = int(value) if len(value) < 10 else (-1 if value.startswith("-") else _MOST_DAYS + 1)
    if count < 1:
        return "minimum", "must be at least 1"
    return None if count <= _MOST_DAYS else ("maximum", f"must be at most {_MOST_DAYS}")


def period(value) -> Problem:
    """The same as a duration of ISO 8601, in days."""
    if type(value) is not str:
        return "type", "must be a string"
    if period_days(value) is None:
        return "pattern", f"must be a number of days from 1 to {_MOST_DAYS}, such as P28D"
    return None


def time(value) -> Problem:
    """A date and time with an offset."""
    if type(value) is not str:
        return "type", "must be a string"
    return None if is_time(value) else ("format", "must be a date and time with an offset (RFC 3339)")


def members(value) -> Problem:
    """An object."""
    return None if type(value) is dict else ("type", "must be an object")


def is_integer(value) -> bool:
    return type(value) is Number and _INTEGER.fullmatch(value) is not None


def is_time(value: str) -> bool:
    if not _TIME.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def period_days(value: str) -> int | None:
    """The days of a period; None when it is no such period."""
    found = _PERIOD.fullmatch(value)
    return int(found[1]) if found and int(found[1]) <= _MOST_DAYS else None
