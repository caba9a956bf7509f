"""A file that is not a policy is refused, with the reason."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import small
import wasmtime
from conftest import LONG_ENOUGH, built_by_tests

from tidegate import LoadError, Misuse, Policy


def refusal(wasm: bytes) -> str:
    with pytest.raises(LoadError) as raised:
        Policy.load(wasm)
    return str(raised.value)


def test_a_file_that_is_no_component_is_refused_with_what_it_is() -> None:
    assert "it is empty" in refusal(b"")
    assert "does not begin as a component does" in refusal(b"PK\x03\x04 a zip file")
    assert "does not begin as a component does" in refusal(b"(component)")
    assert "wasm32-wasip2" in refusal(bytes(wasmtime.wat2wasm("(module)")))
    assert "could not be compiled" in refusal(small.policy()[:-5])


@pytest.mark.parametrize(
    "name",
    ["wasi:filesystem/types@0.2.6", "wasi:sockets/tcp@0.2.6", "wasi:clis/environment@0.2.6", "acme:secrets/read"],
)
def test_a_forbidden_import_is_named(name: str) -> None:
    importing = small.component(f'(import "{name}" (instance))')
    assert f"the policy imports {name}, which no policy may" in refusal(importing)


def test_a_policy_that_reads_files_is_refused(guest: Callable[..., Policy]) -> None:
    with pytest.raises(LoadError, match="the policy imports wasi:filesystem/"):
        guest("reads-files")


def test_an_unknown_import_is_named() -> None:
    missing = '(import "wasi:cli/lottery@0.2.6" (instance (export "draw" (func (result u64)))))'
    assert "wasi:cli/lottery@0.2.6" in refusal(small.component(missing + small.policy_text()))


@pytest.mark.parametrize("name", ["policy-python", "policy-typescript"])
def test_a_policy_of_another_language(cache_dir: Path, name: str) -> None:
    """These contain an interpreter, of up to 38 core modules."""
    file = built_by_tests(f"dist/{name}.wasm")
    with Policy.load(file, cache_dir=cache_dir, deadline=LONG_ENOUGH) as policy:
        examples = [version for known in policy.catalog.event_types for version in known.versions]
        assert examples
        for version in examples:
            assert policy.validate(version.example).event_version == version.version


def test_a_missing_export_is_named() -> None:
    assert "does not export tidegate:policy/json@0.2.0" in refusal(small.component(""))
    assert "does not export prepare" in refusal(small.policy(without="prepare"))
    for name in small.TYPES:
        assert refusal(small.policy(without=name)).endswith(f"does not export tidegate:policy/json@0.2.0#{name}")


def test_another_contract_is_named() -> None:
    assert "speaks version 0.3.0 of the contract" in refusal(small.policy(contract="0.3.0"))


@pytest.mark.parametrize(
    "type_", ['(param "text" string) (result u32)', '(param "a" u32) (param "b" u32) (result string)']
)
def test_an_export_with_other_types_is_named(type_: str) -> None:
    typed = small.TYPES | {"next-attempt": type_}
    assert "json@0.2.0#next-attempt with types that are not the contract's" in refusal(small.policy(types=typed))


def test_a_policy_that_cannot_be_prepared() -> None:
    assert "could not be prepared: wasm trap: wasm `unreachable`" in refusal(small.policy(prepare="unreachable"))


@pytest.mark.parametrize(
    "catalog",
    ["", "{}", "[]", "null", '{"name":1', small.CATALOG.replace("64", '"64"'), small.CATALOG.replace("64", "6.4")],
)
def test_a_policy_without_a_readable_catalog(catalog: str) -> None:
    assert "not one of the contract" in refusal(small.policy(catalog=catalog))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no.wasm"):
        Policy.load(tmp_path / "no.wasm")


def test_paths_and_bytes(tmp_path: Path) -> None:
    wasm = small.policy()
    file = tmp_path / "small.wasm"
    file.write_bytes(wasm)
    for source in (file, str(file), wasm, bytearray(wasm), memoryview(wasm)):
        with Policy.load(source) as policy:
            assert policy.catalog.name == "small"


@pytest.mark.parametrize(
    "options", [{"deadline": timedelta(0)}, {"deadline": timedelta(-1)}, {"memory_bytes": 0}, {"memory_bytes": -1}]
)
def test_invalid_limits(options: dict[str, Any]) -> None:
    with pytest.raises(Misuse, match="must be"):
        Policy.load(b"", **options)


def test_memory_that_is_too_small_to_begin_with() -> None:
    with pytest.raises(LoadError, match="memory"):
        Policy.load(small.policy(), memory_bytes=1000)
