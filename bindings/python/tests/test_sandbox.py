"""What a policy can see of the system, and what it can do to it: nothing."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import small
from conftest import LONG_ENOUGH, ROOT
from wasmtime.component import Component

from tidegate import LoadError, Policy, PolicyFault, sandbox
from tidegate.engine import ENGINE

NOW = "2026-03-02T17:00:00Z"


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("asks-for-randomness", "trap", "67108864 random bytes"),
        ("asks-the-time", "deadline", "deadline"),
        ("exits", "trap", "Exited"),
        ("floods", "trap", "in `process`"),
        ("hoards-handles", "trap", "in `process`"),
        ("measures-time", "trap", "time stands still"),
        ("never-yields", "deadline", "deadline"),
        ("recurses", "trap", "stack"),
        ("talks", "deadline", "deadline"),
        ("waits", "trap", "time stands still"),
        ("wild-pointer", "trap", "in `process`"),
    ],
)
def test_harm_ends_in_a_fault(
    guest: Callable[..., Policy],
    event: dict[str, Any],
    capfd: pytest.CaptureFixture[str],
    name: str,
    kind: str,
    says: str,
) -> None:
    long_enough = timedelta(milliseconds=50) if kind == "deadline" else LONG_ENOUGH
    with guest(name, deadline=long_enough) as policy:
        for _ in range(2):
            with pytest.raises(PolicyFault, match=says) as fault:
                policy.process(event, NOW)
            assert fault.value.kind == kind
            assert policy.catalog.name == "calm"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["opens-sockets", "reads-files", "traps-in-prepare"])
def test_harm_at_the_start_ends_in_a_load_error(guest: Callable[..., Policy], name: str) -> None:
    with pytest.raises(LoadError):
        guest(name)


def test_nothing_of_the_system_is_visible(guest: Callable[..., Policy], event: dict[str, Any]) -> None:
    """Variables, arguments, what was read, the text, elapsed time, the time, three random numbers."""
    with guest("looks-around") as policy:
        assert policy.process(event, NOW).key == '{} [] Some(0) "" 0ns Some(0ns) (0, 0, (0, 0))'


def test_the_limits_are_those_of_the_engine() -> None:
    """A lower one would refuse a policy that the gate runs."""
    engine = "".join((ROOT / "engine/src" / file).read_text("utf-8") for file in ("sandbox.rs", "wasi.rs"))
    for name in ("CORE_INSTANCES", "TABLES", "MEMORIES", "TABLE_ELEMENTS", "RANDOM_BYTES"):
        [bound] = re.findall(rf"const {name}: \w+ = ([\d_]+);", engine)
        assert getattr(sandbox, f"_{name}") == int(bound), name


@pytest.mark.parametrize("version", ["0.2.0", "0.2.6", "0.2.12"])
@pytest.mark.parametrize(
    ("interface", "function", "answer"),
    [
        ("wasi:clocks/monotonic-clock", "now", 0),
        ("wasi:clocks/monotonic-clock", "resolution", 1),
        ("wasi:random/random", "get-random-u64", 0),
        ("wasi:random/insecure", "get-insecure-random-u64", 0),
    ],
)
def test_it_is_so_in_every_version_of_an_interface(version: str, interface: str, function: str, answer: int) -> None:
    component = Component(
        ENGINE.wasmtime,
        small.component(
            f"""
            (import "{interface}@{version}" (instance $import (export "{function}" (func (result u64)))))
            (core func $lowered (canon lower (func $import "{function}")))
            (core module $module
              (import "" "f" (func $f (result i64)))
              (func (export "g") (result i64) call $f))
            (core instance $core (instantiate $module (with "" (instance (export "f" (func $lowered))))))
            (func $ask (result u64) (canon lift (core func $core "g")))
            (export "ask" (func $ask))
            """
        ),
    )
    store = sandbox.store(1 << 20)
    ENGINE.arm(store, timedelta(seconds=1))
    ask = sandbox.linker(component).instantiate(store, component).get_func(store, "ask")
    assert ask is not None
    assert ask(store) == answer
