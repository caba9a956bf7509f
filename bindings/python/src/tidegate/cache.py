"""Compiled policies in a directory. Compiled code runs as it is read, so only what this user alone can write is loaded.

A file is written aside, brought to the disk and renamed, so it is whole or not there, and never changed in place: it is
mapped while the policy lives. wasmtime refuses a file that was cut off, code that another version of it made, and code
for another processor or for other settings; it is then compiled anew.
"""

import contextlib
import logging
import os
import platform
import stat
import tempfile
from importlib.metadata import version
from pathlib import Path

from wasmtime import WasmtimeError
from wasmtime.component import Component

from tidegate.engine import ENGINE
from tidegate.errors import LoadError

_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH

logger = logging.getLogger("tidegate")


def component(wasm: bytes, digest: str, cache_dir: Path) -> Component:
    """The compiled policy, from the cache when it is there. Raises what wasmtime raises when it cannot be compiled."""
    file = cache_dir / f"{digest.removeprefix('sha256:')}-wasmtime-{version('wasmtime')}-{platform.machine()}"
    if _is_private(cache_dir) and (kept := _load(file)):
        return kept
    compiled = Component(ENGINE.wasmtime, wasm)
    try:
        _write(file, compiled.serialize())
    except OSError as error:
        logger.warning("the compiled policy could not be kept, the next start compiles again: %s", error)
    return compiled


def _is_private(cache_dir: Path) -> bool:
    """False when it is not there yet. Raises `LoadError` when others can write in it."""
    if not hasattr(os, "geteuid"):
        raise LoadError("cache_dir needs a system with POSIX permissions; leave it out")
    try:
        status = cache_dir.stat()
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(status.st_mode):
        raise LoadError(f"cache_dir {cache_dir} is not a directory")
    if not _mine_alone(status):
        raise LoadError(f"others can write in cache_dir {cache_dir}: make it yours alone (chmod 700) or choose another")
    return True


def _load(file: Path) -> Component | None:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    with open(descriptor, "rb") as opened:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or not _mine_alone(status):
            logger.warning("%s can be written by others and is not used", file)
            return None
        with contextlib.suppress(WasmtimeError):
            # By its descriptor: this is the file that was looked at, whatever has its name by now.
            return Component.deserialize_file(ENGINE.wasmtime, f"/dev/fd/{descriptor}")
        with contextlib.suppress(WasmtimeError):
            # Where no code may be mapped, as on a file system that is mounted `noexec`, it can still be read.
            return Component.deserialize(ENGINE.wasmtime, opened.read())
    return None


def _write(file: Path, code: bytearray) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".", delete=False) as written:  # mode 0600
        try:
            written.write(code)
            written.flush()
            os.fsync(written.fileno())
            os.replace(written.name, file)
        except BaseException:
            os.unlink(written.name)
            raise


def _mine_alone(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid() and not status.st_mode & _WRITABLE_BY_OTHERS
