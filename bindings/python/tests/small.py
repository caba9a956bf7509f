"""Small policies, written as text, for behaviour that no policy of the repository has."""

import struct
from typing import Any

import wasmtime

CATALOG = (
    '{"name":"small","version":"1","digest":null,"event_types":[],"channels":[],'
    '"envelope":{"id":null,"event_type":"/type","version":null,"key":null,"time":null},'
    '"cloud_events":{"attributes":[],"payload":null},'
    '"dead_letters":{"channel":"dead","event_type":"dead","template":null},"alerts":[],'
    '"limits":{"event_bytes":64,"depth":1}}'
)
TYPES = dict.fromkeys(
    ("validate", "migrate", "process"), '(param "text" string) (param "attributes" string) (result string)'
)
TYPES["next-attempt"] = '(param "text" string) (result string)'
TYPES["catalog"] = "(result string)"


def component(text: str) -> bytes:
    return bytes(wasmtime.wat2wasm(f"(component {text})"))


def policy_text(
    judge: str = "i32.const 0",
    *,
    catalog: str = CATALOG,
    contract: str = "0.2.0",
    prepare: str = "",
    without: str = "",
    types: dict[str, str] = TYPES,
) -> str:
    """A policy whose functions run `judge`: instructions with the text at `$at`, `$length` bytes long, and the attributes at
    `$attributes`, `$attributes_length` bytes long, which leave the address of the answer. The catalog's answer is at 0, an
    empty one at 8."""
    exports = " ".join(f'(export "{name}" (func ${name}))' for name in types if name != without)
    lifted = " ".join(
        f'(func ${name} {type_} (canon lift (core func $core "{name if name in ("catalog", "next-attempt") else "judge"}")'
        ' (memory (core memory $core "memory")) (realloc (core func $core "realloc"))))'
        for name, type_ in types.items()
    )
    answers = struct.pack("<IIII", 16, len(catalog), 0, 0) + catalog.encode()
    data = "".join(f"\\{byte:02x}" for byte in answers)
    return f"""
        (core module $module
          (memory (export "memory") 1)
          (global $free (mut i32) (i32.const 4096))
          (data (i32.const 0) "{data}")
          (func (export "realloc") (param i32 i32 i32) (param $size i32) (result i32)
            (global.set $free (i32.add (global.get $free) (local.get $size)))
            (i32.sub (global.get $free) (local.get $size)))
          (func $judge (export "judge")
            (param $at i32) (param $length i32) (param $attributes i32) (param $attributes_length i32) (result i32) {judge})
          (func (export "next-attempt") (param i32 i32) (result i32)
            (call $judge (local.get 0) (local.get 1) (i32.const 0) (i32.const 0)))
          (func (export "catalog") (result i32) i32.const 0)
          (func (export "prepare") {prepare}))
        (core instance $core (instantiate $module))
        {lifted}
        (instance $json {exports})
        (export "tidegate:policy/json@{contract}" (instance $json))
        (func $prepare (canon lift (core func $core "prepare")))
        {"" if without == "prepare" else '(export "prepare" (func $prepare))'}
        """


def policy(judge: str = "i32.const 0", **options: Any) -> bytes:
    return component(policy_text(judge, **options))
