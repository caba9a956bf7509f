"""A loaded policy: the functions of the contract as methods."""

import hashlib
import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from tidegate import event as events
from tidegate import load, reading, sandbox, unreadable, writing
from tidegate.answers import Accepted, Catalog, Decided, Migrated, RetryPlan, Violation
from tidegate.errors import LoadError, Misuse, PolicyFault
from tidegate.event import Event
from tidegate.instances import Instances


class Policy:
    """A policy, ready to be called from any thread. Calls release the GIL while the policy works.

    Every method may raise `PolicyFault`, and `Misuse` when the arguments make no sense or the policy is closed. The
    methods that end in `_json` return the policy's answer as it is, and raise nothing else. An event longer than
    `catalog.limits.event_bytes`, or not UTF-8, gets the answer that every host gives; the policy is not asked.

    `attributes` are the CloudEvents attributes of the event, such as `{"type": "order.placed"}`.
    """

    def __init__(self, instances: Instances, digest: str) -> None:
        """Use `Policy.load`."""
        self._instances = instances
        self._catalog_json = instances.call("catalog")
        self.catalog: Catalog = reading.catalog(self._catalog_json)
        """What the policy knows. Like `digest`, it can be read after the policy is closed."""
        self.digest = digest
        """Of its file, such as `sha256:9f86d0…`."""

    @classmethod
    def load(
        cls,
        source: str | os.PathLike[str] | bytes | bytearray | memoryview,
        *,
        deadline: timedelta = timedelta(milliseconds=100),
        memory_bytes: int = 64 << 20,
        cache_dir: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Loads a policy from a path, or from the bytes of a file. It compiles for some seconds.

        `deadline`: time that a call may take; one that takes longer is a `PolicyFault`.
        `memory_bytes`: memory that an instance of the policy may take.
        `cache_dir`: keeps the compiled policy there, for the next start. It must be writable by this user alone; it is
        made when it is not there.

        Raises `LoadError` when it is not a policy, and `OSError` when it cannot be read.
        """
        if deadline <= timedelta(0):
            raise Misuse(f"deadline must be longer than nothing, not {deadline}")
        if memory_bytes <= 0:
            raise Misuse(f"memory_bytes must be more than 0, not {memory_bytes}")
        wasm = bytes(source) if isinstance(source, (bytes, bytearray, memoryview)) else Path(source).read_bytes()
        digest = f"sha256:{hashlib.sha256(wasm).hexdigest()}"
        component = load.component(wasm, digest, Path(cache_dir) if cache_dir is not None else None)
        try:
            return cls(Instances(component, sandbox.linker(component), deadline, memory_bytes), digest)
        except PolicyFault as fault:
            raise LoadError(f"the policy loads, but does not run: {fault}") from fault

    def validate(self, event: Event, *, attributes: Mapping[str, str] | None = None) -> Accepted:
        """Judges one event. Raises `InvalidEvent`, with the violations, when the policy does not accept it."""
        return reading.accepted(self.validate_json(event, attributes=attributes))

    def migrate(self, event: Event, to_version: str, *, attributes: Mapping[str, str] | None = None) -> Migrated:
        """Migrates an event to the version `to_version`, up or down. Raises `MigrationFailed` when that fails."""
        text = self._text(event)
        answer = self._migrate(text, to_version, attributes)
        return reading.migrated(answer, "" if isinstance(text, Violation) else text)

    def next_attempt(self, event_type: str, attempt: int) -> RetryPlan:
        """What follows when attempt number `attempt` failed. The first attempt is 0, its first retry is 1."""
        return reading.retry_plan(self.next_attempt_json(event_type, attempt))

    def process(
        self,
        event: Event,
        now: str | datetime,
        target_version: str | None = None,
        *,
        attributes: Mapping[str, str] | None = None,
    ) -> Decided:
        """Judges an event and says what to send. One that is not valid gives the decision `reject`, not an error.

        `now`: the time to judge by, an aware datetime or RFC 3339 with an offset.
        `target_version`: the version in which the event shall leave; that of its type when there is none.
        """
        return reading.decided(self.process_json(event, now, target_version, attributes=attributes))

    def validate_json(self, event: Event, *, attributes: Mapping[str, str] | None = None) -> str:
        """`validate`, with the answer as JSON."""
        text = self._text(event)
        if isinstance(text, Violation):
            return unreadable.validated(text)
        return self._ask("validate", text, writing.attributes(attributes))

    def migrate_json(self, event: Event, to_version: str, *, attributes: Mapping[str, str] | None = None) -> str:
        """`migrate`, with the answer as JSON; its `event` is null when nothing had to change."""
        return self._migrate(self._text(event), to_version, attributes)

    def next_attempt_json(self, event_type: str, attempt: int) -> str:
        """`next_attempt`, with the answer as JSON."""
        return self._ask("next-attempt", writing.object_of(event_type=event_type, attempt=attempt))

    def process_json(
        self,
        event: Event,
        now: str | datetime,
        target_version: str | None = None,
        *,
        attributes: Mapping[str, str] | None = None,
    ) -> str:
        """`process`, with the answer as JSON."""
        text = self._text(event)
        if isinstance(text, Violation):
            return unreadable.processed(text)
        request = writing.object_of(event=text, now=_time(now), target_version=target_version)
        return self._ask("process", request, writing.attributes(attributes))

    def catalog_json(self) -> str:
        """`catalog`, as JSON."""
        self._instances.check_open()
        return self._catalog_json

    def close(self) -> None:
        """Closes the policy. Running calls finish; later ones raise `Misuse`."""
        self._instances.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Policy {self.catalog.name} {self.catalog.version} {self.digest[:19]}>"

    def _text(self, event: Event) -> str | Violation:
        self._instances.check_open()
        return events.text(event, self.catalog.limits.event_bytes)

    def _migrate(self, text: str | Violation, to_version: str, attributes: Mapping[str, str] | None) -> str:
        if isinstance(text, Violation):
            return unreadable.migrated(text, to_version)
        request = writing.object_of(event=text, to_version=to_version)
        return self._ask("migrate", request, writing.attributes(attributes))

    def _ask(self, function: str, *arguments: str) -> str:
        answer = self._instances.call(function, *arguments)
        if answer.startswith('{"misuse":'):
            raise Misuse(reading.misuse(answer))
        return answer


def _time(now: str | datetime) -> str:
    if not isinstance(now, datetime):
        return now
    if now.utcoffset() is None:
        raise Misuse(f"now must have an offset, and {now!r} has none: use datetime.now(timezone.utc)")
    return now.isoformat()
