"""The answers of the host, the same in every host, to an event that is not passed to the policy.

A policy takes Unicode text that is not longer than its limit. Longer events, bytes that are not UTF-8 and strings with
a lone surrogate never reach it.
"""

from dataclasses import asdict

from tidegate import writing
from tidegate.answers import Violation


def too_large(length: int, limit: int) -> Violation:
    """`length` is that of the event, in bytes."""
    return Violation("too-large", "", f"{length} bytes; at most {limit} are allowed")


def not_utf8(valid: int) -> Violation:
    """`valid` is the number of bytes before the first invalid one."""
    return Violation("not-utf8", "", f"not UTF-8 at byte {valid + 1}")


def validated(violation: Violation) -> str:
    """The answer of `validate`."""
    return writing.object_of(
        valid=False, cause="unreadable", event_id=None, event_type=None, violations=[asdict(violation)]
    )


def migrated(violation: Violation, to_version: str) -> str:
    """The answer of `migrate`."""
    return writing.object_of(
        migrated=False,
        cause="rejected",
        event_type=None,
        from_version=None,
        to_version=to_version,
        violations=[asdict(violation)],
    )


def processed(violation: Violation) -> str:
    """The answer of `process`."""
    return writing.object_of(
        decision="reject",
        rule=None,
        claim=None,
        event_id=None,
        event_type=None,
        event_version=None,
        key=None,
        outputs=[],
        violations=[asdict(violation)],
    )
