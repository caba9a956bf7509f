"""The answers of a policy as frozen dataclasses. The names are those of the contract, `wit/policy.wit`."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Violation:
    """One reason why an event is not valid."""

    code: str
    """For programs, such as `required`; the contract lists them."""
    path: str
    """JSON Pointer to the value at fault; the empty string is the whole event."""
    message: str
    """For people."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A valid event."""

    event_id: str
    event_type: str
    event_version: str
    """The event's version, or the default when it names none."""
    key: str
    """The partition key: events of one key keep their order."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """An event in the wanted version."""

    event: str
    """Its text; the text that was passed in when it needed no change."""
    changed: bool
    from_version: str
    to_version: str
    path: tuple[str, ...]
    """The versions on the migration path, the first and the last included."""

    def json(self) -> Any:
        """The event, parsed by `json`: integers are exact, other numbers become floats (1e400 is inf, 1.10 is 1.1).

        Raises `ValueError` for an integer of more than `sys.get_int_max_str_digits()` digits, which are 4300.
        """
        return json.loads(self.event)


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """What follows when an attempt failed, and when."""

    action: Literal["retry", "dead-letter"]
    delay: timedelta
    """How long to wait before the next attempt; zero for `dead-letter`."""
    retries_left: int
    """After this one."""


@dataclass(frozen=True, slots=True)
class Output:
    """One event to send."""

    channel: str
    key: str
    id: str
    """Derived from the input: a repeated call gives the same one."""
    event_type: str
    event: str | None
    """Its text; `None`: the event leaves unchanged, byte for byte."""

    def json(self) -> Any:
        """The event, parsed as by `Migrated.json`; `None` when it leaves unchanged."""
        return None if self.event is None else json.loads(self.event)


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision on one event, with its reasons and its outputs."""

    decision: Literal["forward", "drop", "reject"]
    reason: str
    """One line for people."""
    event_id: str | None
    event_type: str | None
    event_version: str | None
    outputs: tuple[Output, ...]
    """What to send, in this order; empty unless the decision is `forward`."""
    violations: tuple[Violation, ...]
    """The violations; empty unless the decision is `reject`."""


@dataclass(frozen=True, slots=True)
class EventVersion:
    """One version of an event type."""

    version: str
    example: str
    """A valid event, as text."""


@dataclass(frozen=True, slots=True)
class EventType:
    """One event type that a policy knows."""

    name: str
    versions: tuple[EventVersion, ...]
    """Oldest first; at least one."""
    latest: str
    """The version that `process` migrates to when none is asked for."""
    accepted: bool
    """False for types that the policy sends and never accepts."""
    channel: str | None
    """The channel on which it leaves; `None`: valid events of this type are dropped."""
    retry_delays: tuple[timedelta, ...]
    """The delay before each retry; empty: never retried."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of an event that a policy reads."""

    event_bytes: int
    """Longest event, in bytes of UTF-8."""
    depth: int
    """Deepest nesting of arrays and objects."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """What a policy knows."""

    name: str
    version: str
    event_types: tuple[EventType, ...]
    """Sorted by name."""
    channels: tuple[str, ...]
    limits: Limits
