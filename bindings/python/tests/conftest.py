"""What the tests share: the policy, the policies that fault, and an event."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tidegate import Policy

ROOT = Path(__file__).parents[3]
POLICY = ROOT / "dist/policy.wasm"


def built(path: str) -> Path:
    """A file that the build makes."""
    file = ROOT / path
    if not file.is_file():
        pytest.fail(f"{file} is missing: run `cargo xtask build` first", pytrace=False)
    return file


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiling takes seconds: once for each policy is enough."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def policy(cache_dir: Path) -> Iterator[Policy]:
    with Policy.load(built("dist/policy.wasm"), cache_dir=cache_dir) as policy:
        yield policy


@pytest.fixture
def guest(cache_dir: Path) -> Callable[..., Policy]:
    """Loads one of the policies for tests by its name."""

    def load(name: str, **options: Any) -> Policy:
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
