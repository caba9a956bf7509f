"""Is this event valid? If not, all violations, in a stable order."""

from dataclasses import dataclass

from componentize_py_types import Err
from wit_world.exports.validation import Accepted, Attribute, Rejection, RejectionCause, Violation

from . import checks
from .known import RULES, TYPES, EventType
from .reading import Unreadable, read

#: Members of every event, all of them required; `event_version` may be absent.
ENVELOPE = {
    "event_id": checks.text,
    "task_id": checks.integer,
    "user_id": checks.user,
    "timestamp": checks.time,
    "payload": checks.members,
}


@dataclass(frozen=True)
class Event:
    """A valid event."""

    members: dict
    type: str
    version: str
    known: EventType

    @property
    def id(self) -> str:
        return self.members["event_id"]

    @property
    def key(self) -> str:
        return self.members["user_id"]

    @property
    def payload(self) -> dict:
        return self.members["payload"]


def validate(event: str, attributes: list[Attribute]) -> Accepted:
    """`validation.validate`."""
    valid = accept(event)
    return Accepted(valid.id, valid.type, valid.version, valid.key, claim=valid.id)


def accept(text: str) -> Event:
    """Reads an event and judges it; raises `Err[Rejection]`."""
    return judge(members_of(text))


def members_of(text: str) -> dict:
    """Reads an event, valid or not; raises `Err[Rejection]`."""
    try:
        return read(text)
    except Unreadable as error:
        raise Err(Rejection(RejectionCause.UNREADABLE, None, None, [violation(error.code, "", str(error))])) from None


def judge(members: dict) -> Event:
    """Judges an event that has been read; raises `Err[Rejection]`."""
    event_type = members.get("event_type")
    if "event_type" not in members:
        raise _rejected(members, RejectionCause.UNKNOWN, _required("/event_type"))
    if type(event_type) is not str or event_type not in TYPES:
        raise _rejected(
            members,
            RejectionCause.UNKNOWN,
            violation("unknown-event-type", "/event_type", f"must be one of {', '.join(TYPES)}"),
        )
    known = TYPES[event_type]
    version = members.get("event_version", known.oldest)
    if type(version) is not str or version not in known.versions:
        raise _rejected(
            members,
            RejectionCause.UNKNOWN,
            violation("unknown-version", "/event_version", f"must be one of {', '.join(known.versions)}"),
        )
    violations = _table(members, ENVELOPE, "")
    if type(members.get("payload")) is dict:
        violations += _table(members["payload"], known.versions[version], "/payload")
    if violations:
        violations.sort(key=lambda found: (found.path, found.code))
        raise _rejected(members, RejectionCause.INVALID, *violations)
    return Event(members, event_type, version, known)


def _table(members: dict, table: dict, path: str) -> list[Violation]:
    violations = []
    for name, check in table.items():
        place = f"{path}/{name}"
        if name not in members:
            violations.append(_required(place))
        elif problem := check(members[name]):
            violations.append(violation(problem[0], place, problem[1]))
    return violations


def string(members: dict, name: str) -> str | None:
    """The string of a member, when it is one."""
    value = members.get(name)
    return value if type(value) is str else None


def violation(code: str, path: str, message: str) -> Violation:
    """A violation of the event's own version; the id of a rule is its code."""
    return Violation(code, path, message, rule=code if code in RULES else None, version=None)


def _required(path: str) -> Violation:
    return violation("required", path, f"{path.rpartition('/')[2]} is required")


def _rejected(members: dict, cause: RejectionCause, *violations: Violation) -> Err:
    return Err(Rejection(cause, string(members, "event_id"), string(members, "event_type"), list(violations)))
