"""Makes a policy's component from the bytes of a file, or raises a `LoadError` with the reason."""

from pathlib import Path

from wasmtime import WasmtimeError
from wasmtime.component import Component, ComponentInstanceType, FuncType, String

from tidegate import cache, sandbox
from tidegate.engine import ENGINE
from tidegate.errors import LoadError

CONTRACT = "0.2.0"
JSON = f"tidegate:policy/json@{CONTRACT}"
FUNCTIONS = {"validate": 2, "migrate": 2, "next-attempt": 1, "process": 2, "catalog": 0}
"""The functions of the interface `json`, each with the number of its arguments; all are strings, as are the answers."""

_CORE_MODULE = b"\0asm\x01\0\0\0"
_COMPONENT = b"\0asm\x0d\0\x01\0"


def component(wasm: bytes, digest: str, cache_dir: Path | None) -> Component:
    """Compiles a policy, or takes it from the cache, and checks what it imports and exports."""
    if not wasm.startswith(_COMPONENT):
        raise LoadError(f"this is not a WebAssembly component: {_what_else(wasm)}")
    try:
        compiled = cache.component(wasm, digest, cache_dir) if cache_dir else Component(ENGINE.wasmtime, wasm)
    except WasmtimeError as error:
        raise LoadError(f"the policy could not be compiled: {error}") from error
    _check_imports(compiled)
    _check_exports(compiled)
    return compiled


def _what_else(wasm: bytes) -> str:
    if not wasm:
        return "it is empty"
    if wasm.startswith(_CORE_MODULE):
        return "it is a core module; build it with `--target wasm32-wasip2`"
    return "it does not begin as a component does"


def _check_imports(compiled: Component) -> None:
    for name in compiled.type.imports(ENGINE.wasmtime):
        if not sandbox.may_import(name):
            raise LoadError(
                f"the policy imports {name}, which no policy may: "
                "only wasi:cli, clocks, io and random are there, and they do nothing"
            )


def _check_exports(compiled: Component) -> None:
    exports = compiled.type.exports(ENGINE.wasmtime)
    for name in (JSON, "prepare"):
        if name not in exports:
            raise LoadError(_missing(name, list(exports)))
    interface = exports[JSON].ty
    functions = interface.exports(ENGINE.wasmtime) if isinstance(interface, ComponentInstanceType) else {}
    for name, arguments in FUNCTIONS.items():
        if name not in functions:
            raise LoadError(f"the policy does not export {JSON}#{name}")
        function = functions[name].ty
        if not isinstance(function, FuncType) or not _takes_and_gives_text(function, arguments):
            raise LoadError(f"the policy exports {JSON}#{name} with types that are not the contract's")


def _missing(name: str, exports: list[str]) -> str:
    interface = name.partition("@")[0]
    for export in exports:
        other, at, version = export.partition("@")
        if at and other == interface:
            return (
                f"the policy speaks version {version} of the contract tidegate:policy, and this package speaks "
                f"{CONTRACT}: build the policy with the matching `wit/`, or install a tidegate for {version}"
            )
    return f"the policy does not export {name}"


def _takes_and_gives_text(function: FuncType, arguments: int) -> bool:
    types = [argument for _name, argument in function.params]
    return len(types) == arguments and all(isinstance(type_, String) for type_ in [*types, function.result])
