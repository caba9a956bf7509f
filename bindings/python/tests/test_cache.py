"""The cache loads only files that no other user could write."""

import logging
import os
import stat
from pathlib import Path

import pytest
import small
from wasmtime import WasmtimeError
from wasmtime.component import Component

from tidegate import LoadError, Policy

WASM = small.policy()


def load(cache_dir: Path) -> None:
    with Policy.load(WASM, cache_dir=cache_dir) as policy:
        assert policy.validate_json("") == small.CATALOG


def kept(cache_dir: Path) -> Path:
    [file] = cache_dir.iterdir()
    return file


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the components that were compiled."""
    sizes: list[int] = []
    compile_ = Component.__init__

    def counting(self: Component, engine: object, wasm: bytes) -> None:
        sizes.append(len(wasm))
        compile_(self, engine, wasm)  # type: ignore[arg-type]

    monkeypatch.setattr(Component, "__init__", counting)
    return sizes


def test_it_compiles_once(tmp_path: Path, compiled: list[int]) -> None:
    cache_dir = tmp_path / "deep" / "cache"
    for _ in range(3):
        load(cache_dir)
    assert compiled == [len(WASM)]
    assert cache_dir.stat().st_mode & 0o777 == 0o700
    assert kept(cache_dir).stat().st_mode & 0o777 == 0o600


def test_each_policy_has_its_own_file(tmp_path: Path, compiled: list[int]) -> None:
    load(tmp_path)
    Policy.load(small.policy(catalog=small.CATALOG.replace("small", "other")), cache_dir=tmp_path).close()
    load(tmp_path)
    assert len(compiled) == len(list(tmp_path.iterdir())) == 2


def test_without_a_directory_nothing_is_kept(compiled: list[int]) -> None:
    for _ in range(2):
        Policy.load(WASM).close()
    assert len(compiled) == 2


@pytest.mark.parametrize("damage", [b"", b"short", b"\0" * 10_000])
def test_a_damaged_file_is_made_again(tmp_path: Path, compiled: list[int], damage: bytes) -> None:
    load(tmp_path)
    kept(tmp_path).write_bytes(damage)
    for _ in range(2):
        load(tmp_path)
    assert len(compiled) == 2


def test_a_file_of_another_wasmtime_is_made_again(tmp_path: Path, compiled: list[int]) -> None:
    load(tmp_path)
    kept(tmp_path).write_bytes(kept(tmp_path).read_bytes().replace(b"50", b"49"))
    load(tmp_path)
    assert len(compiled) == 2


@pytest.mark.parametrize("share", [0.01, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_made_again(tmp_path: Path, compiled: list[int], share: float) -> None:
    load(tmp_path)
    whole = kept(tmp_path).read_bytes()
    kept(tmp_path).write_bytes(whole[: int(len(whole) * share)])
    load(tmp_path)
    assert len(compiled) == 2
    assert len(kept(tmp_path).read_bytes()) == len(whole)


def test_a_file_that_cannot_be_mapped_is_read(tmp_path: Path, compiled: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(engine: object, path: str) -> Component:
        raise WasmtimeError(f"{path} is on a file system without code")

    load(tmp_path)
    monkeypatch.setattr(Component, "deserialize_file", refuse)
    load(tmp_path)
    assert len(compiled) == 1


def test_a_file_in_use_can_be_replaced(tmp_path: Path) -> None:
    load(tmp_path)
    with Policy.load(WASM, cache_dir=tmp_path) as mapped:
        kept(tmp_path).chmod(0o666)
        load(tmp_path)
        kept(tmp_path).unlink()
        assert mapped.validate_json("") == small.CATALOG


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_is_not_loaded(
    tmp_path: Path, compiled: list[int], mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    load(tmp_path)
    kept(tmp_path).chmod(mode)
    with caplog.at_level(logging.WARNING, "tidegate"):
        load(tmp_path)
    assert len(compiled) == 2
    assert "can be written by others" in caplog.text
    assert kept(tmp_path).stat().st_mode & 0o777 == 0o600


def test_a_link_is_not_followed(tmp_path: Path, compiled: list[int]) -> None:
    load(tmp_path / "cache")
    file = kept(tmp_path / "cache")
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    load(tmp_path / "cache")
    assert len(compiled) == 2
    assert not file.is_symlink()


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_directory_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(LoadError, match="chmod 700"):
        Policy.load(WASM, cache_dir=tmp_path)


def test_a_file_of_another_user_is_not_loaded(
    tmp_path: Path, compiled: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(tmp_path)
    status = os.fstat

    def of_another(descriptor: int) -> os.stat_result:
        found = list(status(descriptor))
        found[stat.ST_UID] += 1
        return os.stat_result(found)

    monkeypatch.setattr(os, "fstat", of_another)
    load(tmp_path)
    assert len(compiled) == 2


def test_a_directory_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    with pytest.raises(LoadError, match="yours alone"):
        load(tmp_path)


def test_a_path_that_is_no_directory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(LoadError, match="not a directory"):
        load(file)
    with caplog.at_level(logging.WARNING, "tidegate"):
        load(Path("/proc/no-such-place/cache"))
    assert "could not be stored" in caplog.text
