"""What is sent when an event is dead-lettered: its dead letter, with the complete original, and an alert."""

import base64
import binascii
import hashlib

from componentize_py_types import Err
from wit_world.exports.gate import Encoding, FailedEvent, Misuse, Output

from . import checks, known
from .gate import alert, require_time, send
from .reading import Number, Unreadable, read

#: The reader of an original that names none.
UNKNOWN_READER = "unknown"


def dead_letter(failed: FailedEvent, now: str) -> list[Output]:
    """`gate.dead-letter`."""
    require_time(now)
    if failed.encoding is Encoding.BASE64:
        _require_base64(failed.original)
        original, member = {}, "original_base64"
    else:
        original, member = _peek(failed.original), "original_text"
    user_id = original.get("user_id")
    if checks.user(user_id):
        user_id = UNKNOWN_READER
    task_id = original.get("task_id")
    if not checks.is_integer(task_id):
        task_id = Number(0)
    # A repeated call gives the same id, since it is derived from the original and its source.
    digest = hashlib.sha256(f"{failed.source}\0{failed.original}".encode()).hexdigest()
    letter_id = f"dlq-{digest[:32]}"
    # In this form `tidegate dlq` can show and redrive it.
    payload = {
        member: failed.original,
        "dlq_metadata": {
            "failed_at": now,
            "error": failed.error,
            "retry_count": Number(failed.retry_count),
            "violations": [{"code": v.code, "path": v.path, "message": v.message} for v in failed.violations],
            "source": failed.source,
            "policy": failed.policy,
        },
    }
    letter = known.event(letter_id, "dlq.failed", "1.0", task_id, user_id, now, payload)
    message = f"dead-lettered after {failed.retry_count} retries: {failed.error}"
    return [
        send(letter),
        alert(f"{letter_id}-alert", task_id, user_id, now, {"about": letter_id, "message": message}),
    ]


def _peek(original: str) -> dict:
    """The members of an original that can be read."""
    try:
        return read(original)
    except Unreadable:
        return {}


def _require_base64(original: str) -> None:
    try:
        base64.b64decode(original, validate=True)
    except (binascii.Error, ValueError):
        raise Err(Misuse("original must be base64 (RFC 4648, section 4, with padding)")) from None
