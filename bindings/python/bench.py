"""What a load and a call cost, as a table or as JSON.

    python bindings/python/bench.py dist/policy.wasm [--json] [--package tidegate-0.1.0-py3-none-any.whl]

The JSON is for `cargo xtask bench bindings`. Figures are medians, in wall time.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tidegate import Policy, TidegateError

EVENT = {
    "event_id": "e-1",
    "event_type": "task.created",
    "event_version": "1.0",
    "task_id": 42,
    "user_id": "user-1",
    "timestamp": "2026-03-01T09:30:00Z",
    "payload": {"title": "Water the plants"},
}
GOOD = json.dumps(EVENT, separators=(",", ":"))
BAD = GOOD.replace('"user_id":"user-1",', "")
NOW = "2026-03-02T17:00:00Z"


def main() -> None:
    parser = argparse.ArgumentParser(description="What a load and a call cost.")
    parser.add_argument("policy", type=Path)
    parser.add_argument("--json", action="store_true", help="what all bindings measure, as JSON")
    parser.add_argument("--package", type=Path, help="a wheel, for its size")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache_dir:
        figures = common(arguments.policy, cache_dir, arguments.package)
        if arguments.json:
            print(json.dumps(figures))
            return
        for name, value in figures.items():
            row(name, value)
        with load(arguments.policy, cache_dir) as policy:
            more(policy)
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


def common(policy: Path, cache_dir: str, package: Path | None) -> dict[str, str | float | None]:
    """What is measured of each binding."""
    cold = seconds(lambda: load(policy, cache_dir).close())
    warm = statistics.median(seconds(lambda: load(policy, cache_dir).close()) for _ in range(15))
    # In its own process, which has compiled nothing.
    with multiprocessing.get_context("spawn").Pool(1) as fresh:
        memory = fresh.apply(growth, (policy, cache_dir))
    with load(policy, cache_dir) as loaded:
        valid, invalid = per_call(lambda: loaded.validate(GOOD)), per_call(lambda: refused(loaded, BAD))
    return {
        "language": "python",
        "valid_us": round(valid, 1),
        "invalid_us": round(invalid, 1),
        "load_cold_ms": round(cold * 1e3),
        "load_warm_ms": round(warm * 1e3, 1),
        "memory_mib": round(memory / (1 << 20), 1),
        "package_bytes": package.stat().st_size if package else None,
    }


def more(policy: Policy) -> None:
    """What the other calls cost, and other forms of an event."""
    large = json.dumps(EVENT | {"payload": {"title": "x" * ((1 << 20) - 400)}})
    members = json.dumps(EVENT | {"payload": {"title": "", "list": ["x" * 20] * 40_000}})
    row("validate, mapping, µs", per_call(lambda: policy.validate(EVENT)))
    row("validate_json, µs", per_call(lambda: policy.validate_json(GOOD)))
    row("migrate, µs", per_call(lambda: policy.migrate(GOOD, "1.1")))
    row("next_attempt, µs", per_call(lambda: policy.next_attempt("task.created", 0)))
    row("process, µs", per_call(lambda: policy.process(GOOD, NOW)))
    row("validate, 1 MiB in one string, µs", per_call(lambda: policy.validate(large), 20))
    row("validate, 1 MiB in 40,000 strings, µs", per_call(lambda: policy.validate(members), 20))


def load(policy: Path, cache_dir: str) -> Policy:
    return Policy.load(policy, cache_dir=cache_dir, deadline=timedelta(seconds=10))


def growth(policy: Path, cache_dir: str) -> int:
    """Bytes by which this process grows from before a load, from the cache, to after a thousand calls."""
    before = resident()
    with load(policy, cache_dir) as loaded:
        for _ in range(1000):
            loaded.validate(GOOD)
        return resident() - before


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def refused(policy: Policy, event: str) -> None:
    try:
        policy.validate(event)
    except TidegateError:
        return
    raise AssertionError("a bad event was accepted")


def per_call(call: Callable[[], object], count: int = 2000) -> float:
    """Microseconds, the median of 15 rounds."""

    def all_calls() -> None:
        for _ in range(count):
            call()

    return statistics.median(seconds(all_calls) for _ in range(15)) / count * 1e6


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def row(what: str, value: object) -> None:
    print(f"{what:<38}{value:>10,.1f}" if isinstance(value, float) else f"{what:<38}{value!s:>10}")


if __name__ == "__main__":
    main()
