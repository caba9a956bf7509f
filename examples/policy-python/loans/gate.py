"""The decision on an event and its outputs; an event made from a draft."""

from componentize_py_types import Err
from wit_world.exports.gate import Composed, Context, Decided, Decision, Draft, Misuse, Output
from wit_world.exports.validation import Rejection, RejectionCause, Violation

from . import checks, known, migration, rules
from .reading import Number, Unreadable, parse, write

#: When a book is so late, the staff gets an alert.
ALARMING_DAYS = 30


def process(event: str, context: Context) -> Decided:
    """`gate.process`."""
    require_time(context.now)
    try:
        came = rules.accept(event)
    except Err as rejected:
        rejection = rejected.value
        return _reject(rejection.event_id, rejection.event_type, None, rejection.violations)
    if not came.known.accepted:
        violation = Violation("emitted-only", "/event_type", f"{came.type} is sent by this policy and never taken in")
        return _reject(came.id, came.type, came.version, [violation])
    target = came.known.latest if context.target_version is None else context.target_version
    try:
        leaves = migration.bring(came, target)
    except Err as failed:
        return _reject(came.id, came.type, came.version, failed.value.violations)
    text = None if leaves is came else write(leaves.members)
    outputs = [Output(came.known.channel, came.key, came.id, came.type, text), *_alarm(came, context.now)]
    how = "as it came" if text is None else f"as {target}"
    reason = f"{came.type} {came.version} is valid and leaves {how}"
    return Decided(Decision.FORWARD, reason, came.id, came.type, came.version, outputs, [])


def compose(draft: Draft, now: str) -> Composed:
    """`gate.compose`."""
    timestamp = now if draft.timestamp is None else draft.timestamp
    event_id = f"{draft.event_type}-{draft.task_id}-{timestamp}" if draft.event_id is None else draft.event_id
    event_type = known.TYPES.get(draft.event_type)
    version = draft.event_version
    if version is None and event_type:
        version = event_type.oldest
    # As a string it is refused like any other task id that is no integer.
    task_id = Number(draft.task_id) if checks.is_integer(Number(draft.task_id)) else draft.task_id
    try:
        payload = parse(draft.payload)
    except Unreadable as error:
        violation = Violation(error.code, "/payload", str(error))
        raise Err(Rejection(RejectionCause.INVALID, draft.event_id, draft.event_type, [violation])) from None
    text = write(known.event(event_id, draft.event_type, version, task_id, draft.user_id, timestamp, payload))
    rules.accept(text)
    return Composed(event_id, text)


def require_time(now: str) -> None:
    """Raises `Err[Misuse]` when `now` is not a time."""
    if not checks.is_time(now):
        raise Err(Misuse("now must be a date and time with an offset (RFC 3339), such as 2026-03-01T09:30:00Z"))


def _alarm(event: rules.Event, now: str) -> list[Output]:
    if event.type != "loan.overdue":
        return []
    payload = event.payload
    days = int(payload["days"]) if event.version == "1.0" else checks.period_days(payload["period"])
    if days < ALARMING_DAYS:
        return []
    what = {"about": event.id, "message": f"{days} days late: {payload['title']}"}
    return [alert(f"{event.id}-alert", event.members["task_id"], event.key, now, what)]


def alert(alert_id: str, task_id: Number, user_id: str, now: str, payload: dict) -> Output:
    """An alert for operations."""
    return send(known.event(alert_id, "alert.ops", "1.0", task_id, user_id, now, payload))


def send(members: dict) -> Output:
    """An event that the policy has made itself."""
    channel = known.TYPES[members["event_type"]].channel
    return Output(channel, members["user_id"], members["event_id"], members["event_type"], write(members))


def _reject(event_id, event_type, version, violations: list[Violation]) -> Decided:
    reason = violations[0].message
    if violations[0].path:
        reason = f"{violations[0].path}: {reason}"
    return Decided(Decision.REJECT, reason, event_id, event_type, version, [], violations)
