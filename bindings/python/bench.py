"""What a load and a call cost, as a table.

    python bindings/python/bench.py dist/policy.wasm
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tidegate import Policy, TidegateError

GOOD = {
    "event_id": "e-1",
    "event_type": "task.created",
    "event_version": "1.0",
    "task_id": 42,
    "user_id": "user-1",
    "timestamp": "2026-03-01T09:30:00Z",
    "payload": {"title": "Water the plants", "notes": "x" * 80},
}
NOW = "2026-03-02T17:00:00Z"


def main(policy: Path) -> None:
    with tempfile.TemporaryDirectory() as cache_dir:
        row("load, compiled", seconds(lambda: load(policy, cache_dir).close()) * 1e3, "ms")
        warm = [seconds(lambda: load(policy, cache_dir).close()) for _ in range(5)]
        row("load, from the cache", min(warm) * 1e3, "ms")
        with load(policy, cache_dir) as loaded:
            calls(loaded)
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


def load(policy: Path, cache_dir: str) -> Policy:
    return Policy.load(policy, cache_dir=cache_dir, deadline=timedelta(seconds=10))


def calls(policy: Policy) -> None:
    good = json.dumps(GOOD)
    bad = json.dumps(GOOD | {"task_id": "42"})
    large = json.dumps(GOOD | {"payload": {"title": "x" * ((1 << 20) - 400)}})
    members = json.dumps(GOOD | {"payload": {"title": "", "list": ["x" * 20] * 40_000}})
    row("validate, good, text", per_call(lambda: policy.validate(good)), "µs")
    row("validate, good, dict", per_call(lambda: policy.validate(GOOD)), "µs")
    row("validate, bad", per_call(lambda: refused(policy, bad)), "µs")
    row("validate_json, good", per_call(lambda: policy.validate_json(good)), "µs")
    row("migrate", per_call(lambda: policy.migrate(good, "1.1")), "µs")
    row("decide", per_call(lambda: policy.decide("task.created", 0)), "µs")
    row("process", per_call(lambda: policy.process(good, NOW)), "µs")
    row("validate, 1 MiB, one string", per_call(lambda: policy.validate(large), 20), "µs")
    row("validate, 1 MiB, 40,000 strings", per_call(lambda: policy.validate(members), 20), "µs")


def refused(policy: Policy, event: str) -> None:
    try:
        policy.validate(event)
    except TidegateError:
        return
    raise AssertionError("a bad event was accepted")


def per_call(call: Callable[[], object], count: int = 2000) -> float:
    """Microseconds, the best of five rounds."""

    def all_calls() -> None:
        for _ in range(count):
            call()

    return min(seconds(all_calls) for _ in range(5)) / count * 1e6


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def row(what: str, value: float, unit: str) -> None:
    print(f"{what:<34}{value:>10,.0f} {unit}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
