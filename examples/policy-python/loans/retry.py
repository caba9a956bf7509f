"""When is a failed event retried, and when is it dead-lettered?"""

from wit_world.exports.retry import Action, RetryPlan, Schedule

from .known import DELAYS_MS, TYPES


def schedule_for(event_type: str) -> Schedule:
    """`retry.schedule-for`."""
    known = TYPES.get(event_type)
    delays = list(known.delays_ms) if known else DELAYS_MS
    return Schedule(len(delays), delays)


def next_attempt(event_type: str, attempt: int) -> RetryPlan:
    """`retry.next-attempt`."""
    delays = schedule_for(event_type).delays_ms
    if attempt < len(delays):
        return RetryPlan(Action.RETRY, delays[attempt], len(delays) - attempt - 1)
    return RetryPlan(Action.DEAD_LETTER, 0, 0)
