"""JSON text to values and back, without loss.

Objects are dicts, with members in their order. A number keeps its text: `1.10`, `1e400` and
`9007199254740993` keep their digits. What Python's `json` takes beyond JSON (`NaN`, a member twice, half of a surrogate
pair) is refused.
"""

import json
import re

#: Longest event, in bytes of UTF-8: one of that size is judged well within the deadline of a call.
EVENT_BYTES = 64 * 1024
#: Deepest nesting of arrays and objects in an event.
DEPTH = 32


class Number(str):
    """A JSON number as it was written."""


class Unreadable(Exception):
    """A text that is not one unambiguous JSON object. `code` is one of the contract's violation codes."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


def read(text: str) -> dict:
    """Reads an event."""
    size = len(text.encode())
    if size > EVENT_BYTES:
        raise Unreadable("too-large", f"{size} bytes; at most {EVENT_BYTES} are allowed")
    value = parse(text)
    if type(value) is not dict:
        raise Unreadable("not-an-object", "an event is a JSON object")
    return value


def parse(text: str):
    """Reads any JSON text that is nested no deeper than an event may be."""
    if _depth(text) > DEPTH:
        raise Unreadable("too-deep", f"nested deeper than {DEPTH}")
    try:
        value = _DECODER.decode(text)
        if "\\u" in text:
            write(value).encode()
        return value
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Unreadable("not-json", f"not JSON at {place}: {error.msg}") from None
    except UnicodeEncodeError:
        raise Unreadable("not-json", "not JSON: half of a surrogate pair stands alone") from None


def write(value) -> str:
    """The compact text of a value."""
    match value:
        case Number():
            return str(value)
        case dict():
            return "{" + ",".join(f"{_scalar(name)}:{write(member)}" for name, member in value.items()) + "}"
        case list():
            return "[" + ",".join(map(write, value)) + "]"
        case _:
            return _scalar(value)


_scalar = json.JSONEncoder(ensure_ascii=False).encode


def _members(pairs: list[tuple]) -> dict:
    members = {}
    for name, value in pairs:
        if name in members:
            raise Unreadable("duplicate-member", f"a member name twice in one object: {_scalar(name)}")
        members[name] = value
    return members


def _constant(name: str):
    raise Unreadable("not-json", f"not JSON: {name} is no number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=Number, parse_float=Number, parse_constant=_constant
)


def _depth(text: str) -> int:
    """How deep the brackets of a text are nested. Counted before it is parsed: the parser is recursive, and a
    component's stack overflows before Python notices."""
    depth = deepest = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")
