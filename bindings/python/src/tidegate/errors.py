"""What can go wrong, told apart by type. Only `InvalidEvent` and `MigrationFailed` say anything about an event."""

from typing import Literal

from tidegate.answers import Violation


class TidegateError(Exception):
    """Any error of this package."""


class LoadError(TidegateError):
    """The file is not a policy that can be run. The message says why."""


class Misuse(TidegateError, ValueError):
    """The arguments make no sense, or the policy is closed: the caller's fault, never the event's.

    That is also what becomes of an object that JSON cannot say, such as one with a `set`, a `nan` or itself in it, or
    one that is nested too deep for `json`.
    """


class PolicyFault(TidegateError):
    """The policy failed at its work. It says nothing about the event, and the next call is a fresh start."""

    kind: Literal["deadline", "trap", "answer"]
    """It took too long; it trapped, as it does when it is out of memory; or its answer is not one of the contract."""

    def __init__(self, kind: Literal["deadline", "trap", "answer"], message: str) -> None:
        super().__init__(kind, message)
        self.kind = kind
        self.message = message

    def __str__(self) -> str:
        return self.message


class InvalidEvent(TidegateError):
    """The policy does not accept the event."""

    def __init__(
        self,
        cause: Literal["unreadable", "unknown", "invalid"],
        event_id: str | None,
        event_type: str | None,
        violations: tuple[Violation, ...],
    ) -> None:
        super().__init__(cause, event_id, event_type, violations)
        self.cause = cause
        """How far the event got: not read, its type or version not known, or against their rules."""
        self.event_id = event_id
        self.event_type = event_type
        self.violations = violations
        """At least one, by path and then by code."""

    def __str__(self) -> str:
        return f"{self.cause} event: {_listed(self.violations)}"


class MigrationFailed(TidegateError):
    """The event could not be brought to the wanted version. It is as it was."""

    def __init__(
        self,
        cause: Literal["rejected", "no-path", "step-failed", "invalid-result"],
        event_type: str | None,
        from_version: str | None,
        to_version: str,
        violations: tuple[Violation, ...],
    ) -> None:
        super().__init__(cause, event_type, from_version, to_version, violations)
        self.cause = cause
        self.event_type = event_type
        self.from_version = from_version
        self.to_version = to_version
        self.violations = violations

    def __str__(self) -> str:
        return f"no migration to {self.to_version}, {self.cause}: {_listed(self.violations)}"


def _listed(violations: tuple[Violation, ...]) -> str:
    return "; ".join(f"{v.code} at {v.path!r}: {v.message}" if v.path else f"{v.code}: {v.message}" for v in violations)
