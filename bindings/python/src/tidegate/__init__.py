"""Judge events with a Tidegate policy, in process: the same component, and the same answers, as in every other host."""

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
from tidegate.errors import InvalidEvent, LoadError, MigrationFailed, Misuse, PolicyFault, TidegateError
from tidegate.event import Event
from tidegate.policy import Policy

__all__ = [
    "Accepted",
    "Alert",
    "Catalog",
    "Change",
    "CloudEvents",
    "DeadLetters",
    "Decided",
    "Envelope",
    "Event",
    "EventType",
    "EventVersion",
    "InvalidEvent",
    "Limits",
    "LoadError",
    "MappedAttribute",
    "Migrated",
    "Migration",
    "MigrationFailed",
    "Misuse",
    "Output",
    "Policy",
    "PolicyFault",
    "RetryPlan",
    "TidegateError",
    "Violation",
]
