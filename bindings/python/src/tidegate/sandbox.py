"""What a policy sees of the system: nothing.

The WASI interfaces that it may import are there because language runtimes import them. The clock stands still, a timer
is a fault, randomness is constant, the environment is empty, what is written goes nowhere.
"""

from collections.abc import Callable
from dataclasses import dataclass

import wasmtime
from wasmtime.component import Component, ComponentInstanceType, FuncType, Linker

from tidegate.engine import ENGINE

_ALLOWED = ("wasi:cli/", "wasi:clocks/", "wasi:io/", "wasi:random/")
_REPLACED = ("wasi:clocks/", "wasi:random/")

# What `engine/src/sandbox.rs` and `engine/src/wasi.rs` allow. A Python interpreter has 38 core modules.
_RANDOM_BYTES = 4096
_TABLE_ELEMENTS = 20_000
_CORE_INSTANCES = 48
_TABLES = 4
_MEMORIES = 1


def may_import(name: str) -> bool:
    """True when a policy may import the interface, such as `wasi:io/streams@0.2.6`."""
    return name.startswith(_ALLOWED)


def linker(component: Component) -> Linker:
    """Links what the component imports; its clocks and its randomness are those of this module."""
    linker = Linker(ENGINE.wasmtime)
    linker.add_wasip2()
    linker.allow_shadowing = True
    with linker.root() as root:
        for name, imported in component.type.imports(ENGINE.wasmtime).items():
            interface = imported.ty
            if name.startswith(_REPLACED) and isinstance(interface, ComponentInstanceType):
                with root.add_instance(name) as instance:
                    for function, item in interface.exports(ENGINE.wasmtime).items():
                        if isinstance(item.ty, FuncType):
                            instance.add_func(function, _STILL.get((name.partition("@")[0], function), _refuse))
    return linker


def store(memory_bytes: int) -> wasmtime.Store:
    """A store for one instance, with its limits."""
    store = wasmtime.Store(ENGINE.wasmtime)
    store.set_wasi(wasmtime.WasiConfig())
    store.set_limits(
        memory_size=memory_bytes,
        table_elements=_TABLE_ELEMENTS,
        instances=_CORE_INSTANCES,
        tables=_TABLES,
        memories=_MEMORIES,
    )
    return store


@dataclass(frozen=True, slots=True)
class _Datetime:
    seconds: int
    nanoseconds: int


def _always(value: object) -> Callable[..., object]:
    return lambda *_arguments: value


def _zero_bytes(_store: object, count: int) -> bytes:
    if count > _RANDOM_BYTES:
        raise wasmtime.WasmtimeError(f"it asked for {count} random bytes; at most {_RANDOM_BYTES} are there")
    return bytes(count)


def _refuse(*_arguments: object) -> None:
    raise wasmtime.WasmtimeError("it set a timer or asked for a time zone; time stands still for a policy")


_STILL: dict[tuple[str, str], Callable[..., object]] = {
    ("wasi:clocks/wall-clock", "now"): _always(_Datetime(0, 0)),
    ("wasi:clocks/wall-clock", "resolution"): _always(_Datetime(0, 1)),
    ("wasi:clocks/monotonic-clock", "now"): _always(0),
    ("wasi:clocks/monotonic-clock", "resolution"): _always(1),
    ("wasi:random/random", "get-random-bytes"): _zero_bytes,
    ("wasi:random/random", "get-random-u64"): _always(0),
    ("wasi:random/insecure", "get-insecure-random-bytes"): _zero_bytes,
    ("wasi:random/insecure", "get-insecure-random-u64"): _always(0),
    ("wasi:random/insecure-seed", "insecure-seed"): _always((0, 0)),
}
