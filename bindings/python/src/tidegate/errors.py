"""The errors, distinguished by type. Only `InvalidEvent` and `MigrationFailed` are about an event."""

from typing import Literal

from tidegate.answers import Violation


class TidegateError(Exception):
    """Any error of this package."""


class LoadError(TidegateError):
    """The file is not a policy that can be run. The message says why."""


class Misuse(TidegateError, ValueError):
    """The arguments make no sense, or the policy is closed. This is the caller's error and says nothing about the event.

    An object that JSON cannot represent raises it too, such as one that contains a `set`, a `nan` or itself, or one that
    is nested too deeply for `json`.
    """


class PolicyFault(TidegateError):
    """The policy failed. This says nothing about the event, and the next call runs in a new instance."""

    kind: Literal["deadline", "trap", "answer"]
    """It took too long; it trapped, for example out of memory; or its answer breaks the contract."""

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
        """How far the event got: unreadable, of an unknown type or version, or invalid."""
        self.event_id = event_id
        self.event_type = event_type
        self.violations = violations
        """At least one, by path and then by code."""

    def __str__(self) -> str:
        return f"{self.cause} event: {_listed(self.violations)}"


class MigrationFailed(TidegateError):
    """The event could not be migrated to the wanted version. It is unchanged."""

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
