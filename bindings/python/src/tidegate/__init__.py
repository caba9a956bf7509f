"""Judge events with a Tidegate policy, in process: the same component, and the same answers, as in every other host."""

from tidegate.answers import (
    Accepted,
    Catalog,
    Decided,
    EventType,
    EventVersion,
    Limits,
    Migrated,
    Output,
    RetryPlan,
    Violation,
)
from tidegate.errors import InvalidEvent, LoadError, MigrationFailed, Misuse, PolicyFault, TidegateError
from tidegate.event import Event
from tidegate.policy import Policy

__all__ = [
    "Accepted",
    "Catalog",
    "Decided",
    "Event",
    "EventType",
    "EventVersion",
    "InvalidEvent",
    "Limits",
    "LoadError",
    "Migrated",
    "MigrationFailed",
    "Misuse",
    "Output",
    "Policy",
    "PolicyFault",
    "RetryPlan",
    "TidegateError",
    "Violation",
]
