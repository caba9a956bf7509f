"""The decision on an event and its outputs; the event of a publisher, completed."""

from componentize_py_types import Err
from wit_world.exports.gate import Composed, Context, Decided, Decision, Output
from wit_world.exports.validation import Attribute, RejectionCause, Violation

from . import checks, known, migration, rules
from .reading import write

#: When a book is so late, the staff gets an alert.
ALARMING_DAYS = 30


def process(event: str, attributes: list[Attribute], context: Context) -> Decided:
    """`gate.process`."""
    members = {}
    try:
        members = rules.members_of(event)
        came = rules.judge(members)
    except Err as rejected:
        rejection = rejected.value
        version = None
        if rejection.cause is RejectionCause.INVALID:
            version = members.get("event_version", known.TYPES[rejection.event_type].oldest)
        key = rules.string(members, "user_id")
        return _reject(rejection.event_id, rejection.event_type, version, key, rejection.violations)
    if not came.known.accepted and not context.handed_back:
        message = f"{came.type} is sent by this policy and never taken in"
        violation = rules.violation("emitted-only", "/event_type", message)
        return _reject(came.id, came.type, came.version, came.key, [violation])
    is_asked_for = context.target_version is not None and came.known.accepted
    target = context.target_version if is_asked_for else came.known.latest
    try:
        leaves = migration.bring(came, target)
    except Err as failed:
        return _reject(came.id, came.type, came.version, came.key, failed.value.violations)
    text = None if leaves is came else write(leaves.members)
    outputs = [Output(came.known.channel, came.key, came.id, came.type, text, [], None)]
    if not context.handed_back:
        outputs += _alarm(came, context.now)
    return Decided(Decision.FORWARD, None, came.id, came.id, came.type, came.version, came.key, outputs, [])


def compose(event: str, attributes: list[Attribute], event_id: str, now: str) -> Composed:
    """`gate.compose`."""
    given = rules.members_of(event)
    members = {"event_id": event_id, "timestamp": now} | given
    if members.keys() == given.keys():
        return Composed(rules.judge(given).id, None, [])
    text = write({name: members[name] for name in known.MEMBERS if name in members} | members)
    # Read again: it has grown.
    return Composed(rules.accept(text).id, text, [])


def _alarm(event: rules.Event, now: str) -> list[Output]:
    if event.type != "loan.overdue":
        return []
    payload = event.payload
    days = int(payload["days"]) if event.version == "1.0" else checks.period_days(payload["period"])
    if days < ALARMING_DAYS:
        return []
    what = {"about": event.id, "message": f"{days} days late: {payload['title']}"}
    alert = known.event(f"{event.id}-alert", "alert.ops", "1.0", event.members["task_id"], event.key, now, what)
    channel = known.TYPES["alert.ops"].channel
    return [Output(channel, event.key, alert["event_id"], "alert.ops", write(alert), [], None)]


def _reject(event_id, event_type, version, key, violations: list[Violation]) -> Decided:
    return Decided(Decision.REJECT, None, event_id or None, event_id, event_type, version, key, [], violations)
