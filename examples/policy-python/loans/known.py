"""What the policy knows: event types, their versions, channels and retries; rules, and where dead letters go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wit_world.exports.validation import Alert, DeadLetters

from . import checks
from .reading import Number

Payload = Mapping[str, Callable]

#: Milliseconds before each retry of most types, and of unknown types.
DELAYS_MS = [1_000, 5_000, 30_000]


@dataclass(frozen=True)
class EventType:
    """One event type. The payload of each version is a table of its members, all of them required."""

    channel: str
    versions: Mapping[str, Payload]
    #: The payload of an example of each version.
    examples: Mapping[str, dict]
    accepted: bool = True
    delays_ms: tuple[int, ...] = tuple(DELAYS_MS)

    @property
    def oldest(self) -> str:
        return next(iter(self.versions))

    @property
    def latest(self) -> str:
        return next(reversed(self.versions))


_LOAN = {
    "1.0": {"title": checks.text, "days": checks.days},
    "1.1": {"title": checks.text, "period": checks.period},
}

TYPES: dict[str, EventType] = {
    "alert.ops": EventType(
        channel="ops-alerts",
        accepted=False,
        versions={"1.0": {"about": checks.text, "message": checks.text}},
        examples={"1.0": {"about": "e-1", "message": "28 days late: Emma"}},
    ),
    # `days` and `period`: how long the book may be kept.
    "loan.opened": EventType(
        channel="task-events",
        versions=_LOAN,
        examples={
            "1.0": {"title": "Emma", "days": Number(28)},
            "1.1": {"title": "Emma", "period": "P28D"},
        },
    ),
    # How late it is.
    "loan.overdue": EventType(
        channel="reminders",
        delays_ms=(60_000, 600_000),
        versions=_LOAN,
        examples={
            "1.0": {"title": "Emma", "days": Number(3)},
            "1.1": {"title": "Emma", "period": "P3D"},
        },
    ),
}

#: The rules of every event: codes of violations that no schema could have.
RULES = ["empty-user-id"]

#: The host builds the dead letters, in its own form, and tells operations of all of them.
DEAD_LETTERS = DeadLetters(channel="dlq", event_type="dlq.failed", template=None)
ALERTS = [Alert(channel="ops-alerts", event_types=None)]

#: The members of an event, in the order in which they are written.
MEMBERS = ("event_id", "event_type", "event_version", "task_id", "user_id", "timestamp", "payload")


def event(*values) -> dict:
    """An event with these values of its members."""
    return dict(zip(MEMBERS, values, strict=True))
