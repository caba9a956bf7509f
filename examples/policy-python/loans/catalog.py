"""What the policy knows, for a host."""

from wit_world.exports.validation import (
    CloudEvents,
    Envelope,
    EventTypeInfo,
    Limits,
    MigrationInfo,
    PolicyCatalog,
    VersionInfo,
)

from . import migration
from .known import ALERTS, DEAD_LETTERS, RULES, TYPES, EventType, event
from .reading import DEPTH, EVENT_BYTES, Number, write


def catalog() -> PolicyCatalog:
    """`validation.catalog`."""
    channels = {known.channel for known in TYPES.values()} | {told.channel for told in ALERTS} | {DEAD_LETTERS.channel}
    return PolicyCatalog(
        name="library-loans",
        version="0.1.0",
        digest=None,
        event_types=[_info(name, known) for name, known in sorted(TYPES.items())],
        channels=sorted(channels),
        envelope=Envelope("/event_id", "/event_type", "/event_version", "/user_id", "/timestamp"),
        # Its events are bare: no attribute stands for a member.
        cloud_events=CloudEvents(attributes=[], payload=None),
        dead_letters=DEAD_LETTERS,
        alerts=ALERTS,
        limits=Limits(event_bytes=EVENT_BYTES, depth=DEPTH),
    )


def _info(name: str, known: EventType) -> EventTypeInfo:
    def example(version: str) -> str:
        payload = known.examples[version]
        return write(event("e-1", name, version, Number(7), "reader-1", "2026-03-01T09:30:00Z", payload))

    return EventTypeInfo(
        name=name,
        versions=[VersionInfo(version, example(version)) for version in known.versions],
        target_version=known.latest,
        default_version=known.oldest,
        # A step that could lose something fails instead.
        migrations=[MigrationInfo(*ends, lossy=False) for ends in migration.steps(known)],
        rules=RULES,
        drop_rules=[],
        accepted=known.accepted,
        channels=[known.channel],
        retry_delays_ms=list(known.delays_ms),
    )
