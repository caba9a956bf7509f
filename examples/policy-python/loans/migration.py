"""From one version of a loan to the other: `days: 28` in 1.0 is `period: "P28D"` in 1.1."""

from collections.abc import Callable
from dataclasses import replace

from componentize_py_types import Err
from wit_world.exports.migration import Migrated, MigrationCause, MigrationFailure
from wit_world.exports.validation import Attribute, Violation

from . import checks, rules
from .known import EventType
from .reading import Number, write


class StepFailed(Exception):
    """A value that a step cannot carry over, and where it is."""

    def __init__(self, path: str, message: str):
        super().__init__(message)
        self.path = path


def migrate(event: str, attributes: list[Attribute], to_version: str) -> Migrated:
    """`migration.migrate`."""
    try:
        before = rules.accept(event)
    except Err as rejected:
        known = rejected.value
        raise Err(
            MigrationFailure(MigrationCause.REJECTED, known.event_type, None, to_version, known.violations)
        ) from None
    after = bring(before, to_version)
    text = None if after is before else write(after.members)
    path = [before.version] if after is before else [before.version, to_version]
    return Migrated(text, [], before.version, to_version, path)


def bring(event: rules.Event, to_version: str) -> rules.Event:
    """The event in another version; the very same object when it has it. Raises `Err[MigrationFailure]`."""

    def failed(cause: MigrationCause, violations: list[Violation]) -> Err:
        return Err(MigrationFailure(cause, event.type, event.version, to_version, violations))

    if to_version == event.version:
        return event
    step = steps(event.known).get((event.version, to_version))
    if step is None:
        message = f"{event.type} has the versions {', '.join(event.known.versions)}"
        raise failed(MigrationCause.NO_PATH, [rules.violation("no-path", "/event_version", message)])
    try:
        payload = step(event.payload)
    except StepFailed as error:
        violation = rules.violation("migration-failed", error.path, str(error))
        raise failed(MigrationCause.STEP_FAILED, [violation]) from None
    try:
        return rules.judge(event.members | {"event_version": to_version, "payload": payload})
    except Err as rejected:
        violations = [replace(found, version=to_version) for found in rejected.value.violations]
        raise failed(MigrationCause.INVALID_RESULT, violations) from None


def steps(known: EventType) -> dict[tuple[str, str], Callable]:
    """The steps between the versions of a type."""
    return {ends: step for ends, step in _STEPS.items() if known.versions.keys() >= set(ends)}


def _days_to_period(payload: dict) -> dict:
    return _exchange(payload, "days", "period", f"P{payload['days']}D")


def _period_to_days(payload: dict) -> dict:
    return _exchange(payload, "period", "days", Number(checks.period_days(payload["period"])))


_STEPS = {("1.0", "1.1"): _days_to_period, ("1.1", "1.0"): _period_to_days}


def _exchange(payload: dict, old: str, new: str, value) -> dict:
    """The payload with one member replaced; all others keep their values and positions."""
    if new in payload:
        raise StepFailed(f"/payload/{new}", f"is in the way of what becomes of {old}")
    return dict((new, value) if name == old else (name, member) for name, member in payload.items())
