"""What the tests share: the policy, the policies that fault, and an event."""

import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tidegate import Policy

ROOT = Path(__file__).parents[3]
POLICY = ROOT / "dist/policy.wasm"
LONG_ENOUGH = timedelta(minutes=10)
"""A deadline that no call meets, however busy the machine is."""


def built(path: str) -> Path:
    """A file that the build makes."""
    file = ROOT / path
    if not file.is_file():
        pytest.fail(f"{file} is missing: run `cargo xtask build` first", pytrace=False)
    return file


def built_by_tests(path: str) -> Path:
    """A file that `cargo xtask test` makes when the tools for it are installed. In CI they are."""
    file = ROOT / path
    if not file.is_file() and os.environ.get("CI") != "true":
        pytest.skip(f"{file} is missing: `cargo xtask test` makes it")
    return built(path)


@pytest.fixture(scope="session")
def cache_dir() -> Iterator[Path]:
    """Compiling takes seconds, so the result is kept for later runs."""
    cache_dir = ROOT / "target/bindings/cache-python"
    yield cache_dir
    digests = {hashlib.sha256(file.read_bytes()).hexdigest() for file in (ROOT / "dist").rglob("*.wasm")}
    for file in cache_dir.iterdir():
        if file.name.partition("-")[0] not in digests:
            file.unlink()


@pytest.fixture(scope="session")
def policy(cache_dir: Path) -> Iterator[Policy]:
    with Policy.load(built("dist/policy.wasm"), cache_dir=cache_dir, deadline=LONG_ENOUGH) as policy:
        yield policy


@pytest.fixture
def guest(cache_dir: Path) -> Callable[..., Policy]:
    """Loads one of the policies for tests by its name."""

    def load(name: str, **options: Any) -> Policy:
        options = {"deadline": LONG_ENOUGH} | options
        return Policy.load(built(f"dist/guests/{name}.wasm"), cache_dir=cache_dir, **options)

    return load


@pytest.fixture
def event() -> dict[str, Any]:
    """A valid event of version 1.0."""
    return {
        "event_id": "e-1",
        "event_type": "task.created",
        "event_version": "1.0",
        "task_id": 42,
        "user_id": "user-1",
        "timestamp": "2026-03-01T09:30:00Z",
        "payload": {"title": "Water the plants"},
    }
