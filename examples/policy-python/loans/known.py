"""What the policy knows: event types, their versions, channels and retries."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wit_world.exports.validation import EventTypeInfo, Limits, PolicyCatalog, VersionInfo

from . import checks
from .reading import DEPTH, EVENT_BYTES, Number, write

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
    "dlq.failed": EventType(
        channel="dlq",
        accepted=False,
        versions={"1.0": {"dlq_metadata": checks.members}},
        examples={
            "1.0": {
                "original_text": "{",
                "dlq_metadata": {
                    "failed_at": "2026-03-01T09:30:00Z",
                    "error": "not JSON",
                    "retry_count": Number(0),
                    "violations": [],
                    "source": "task-events/3@1042",
                    "policy": "sha256:00",
                },
            }
        },
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


def event(event_id: str, event_type: str, version: str, task_id: Number, user_id: str, timestamp: str, payload) -> dict:
    """The members of an event, in the order in which they are written."""
    return {
        "event_id": event_id,
        "event_type": event_type,
        "event_version": version,
        "task_id": task_id,
        "user_id": user_id,
        "timestamp": timestamp,
        "payload": payload,
    }


def catalog() -> PolicyCatalog:
    """Everything above, for a host."""
    return PolicyCatalog(
        name="library-loans",
        version="0.1.0",
        event_types=[_info(name, known) for name, known in sorted(TYPES.items())],
        channels=sorted({known.channel for known in TYPES.values()}),
        limits=Limits(event_bytes=EVENT_BYTES, depth=DEPTH),
    )


def _info(name: str, known: EventType) -> EventTypeInfo:
    def example(version: str) -> str:
        payload = known.examples[version]
        return write(event("e-1", name, version, Number(7), "reader-1", "2026-03-01T09:30:00Z", payload))

    return EventTypeInfo(
        name=name,
        versions=[VersionInfo(version, example(version)) for version in known.versions],
        latest=known.latest,
        accepted=known.accepted,
        channel=known.channel,
        retry_delays_ms=list(known.delays_ms),
    )
