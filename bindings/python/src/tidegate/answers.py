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
    rule: str | None = None
    """The rule that is broken; `None`: the schema, or the form of the event."""
    version: str | None = None
    """The version in which the path is to be read, when it is not the event's own."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A valid event."""

    event_id: str
    event_type: str
    event_version: str
    """The event's version, or the default of its type when it names none."""
    key: str | None
    """The partition key: events of one key keep their order; `None`: it has none."""
    claim: str | None
    """What it is claimed by, so that a repeat is recognised; `None`: it is not claimed."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change to the attributes of an event."""

    name: str
    value: str | None
    """The new value; `None`: the attribute is removed."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """An event in the wanted version."""

    event: str
    """Its text; the text that was passed in when it needed no change."""
    changed: bool
    """False when the text needed no change."""
    attributes: tuple[Change, ...]
    """The changes to its attributes."""
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
    key: str | None
    """The partition key; `None`: it has none."""
    id: str
    """Derived from the input: a repeated call gives the same one."""
    event_type: str
    event: str | None
    """Its text; `None`: the event leaves unchanged, byte for byte."""
    attributes: tuple[Change, ...]
    """The changes to the attributes that the event came with; of another event, its attributes."""
    not_before: str | None
    """Not to be sent before this time, RFC 3339; `None`: at once."""

    def json(self) -> Any:
        """The event, parsed as by `Migrated.json`; `None` when it leaves unchanged."""
        return None if self.event is None else json.loads(self.event)


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision on one event, with its reasons and its outputs."""

    decision: Literal["forward", "drop", "reject"]
    rule: str | None
    """The drop rule by which it is dropped."""
    claim: str | None
    """What it is claimed by, so that a repeat is recognised; `None`: it is not claimed."""
    event_id: str | None
    event_type: str | None
    event_version: str | None
    key: str | None
    outputs: tuple[Output, ...]
    """What to send, in this order; empty unless the decision is `forward`."""
    violations: tuple[Violation, ...]
    """The violations; never empty when the decision is `reject`."""


@dataclass(frozen=True, slots=True)
class EventVersion:
    """One version of an event type."""

    version: str
    example: str
    """A valid event, as text."""


@dataclass(frozen=True, slots=True)
class Migration:
    """A version that events of another one can be brought to."""

    from_version: str
    to_version: str
    lossy: bool
    """Whether it can lose what an event says."""


@dataclass(frozen=True, slots=True)
class EventType:
    """One event type that a policy knows."""

    name: str
    versions: tuple[EventVersion, ...]
    """Oldest first; at least one."""
    target_version: str
    """The version that `process` migrates to when none is asked for."""
    default_version: str
    """The version of an event that states none."""
    migrations: tuple[Migration, ...]
    """Which version can be brought to which, in any number of steps."""
    rules: tuple[str, ...]
    """The ids of the rules that its events must keep."""
    drop_rules: tuple[str, ...]
    """The ids of the rules by which its valid events are dropped."""
    accepted: bool
    """False for types that the policy sends and never accepts."""
    channels: tuple[str, ...]
    """All channels on which its events may leave; empty: valid events of this type are dropped."""
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
class Envelope:
    """Where an event states its names, as JSON Pointers; `None`: events state none."""

    id: str | None
    event_type: str
    version: str | None
    key: str | None
    time: str | None


@dataclass(frozen=True, slots=True)
class MappedAttribute:
    """An attribute that stands for a member."""

    name: str
    place: str
    """JSON Pointer to the member, in the document."""


@dataclass(frozen=True, slots=True)
class CloudEvents:
    """How a CloudEvent is read as a document."""

    attributes: tuple[MappedAttribute, ...]
    """The attributes that stand for members."""
    payload: str | None
    """Where the data stands, for an event whose type is an attribute; `None`: the data is the document."""


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """The dead letters that a gate builds."""

    channel: str
    event_type: str
    template: str | None
    """How one looks, as a JSON template; `None`: in the gate's own form."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A channel that receives alerts about dead letters."""

    channel: str
    event_types: tuple[str, ...] | None
    """The types of the events that it receives alerts about; `None`: all."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """What a policy knows."""

    name: str
    version: str
    digest: str | None
    """SHA-256 of its bundle; `None`: it is not made of files alone."""
    event_types: tuple[EventType, ...]
    """Sorted by name."""
    channels: tuple[str, ...]
    """Every channel on which the policy may send, and those of dead letters and alerts, sorted."""
    envelope: Envelope
    cloud_events: CloudEvents
    dead_letters: DeadLetters
    alerts: tuple[Alert, ...]
    limits: Limits
