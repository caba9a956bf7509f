"""Compiled policies in a directory. They are native code, so only files that no other user can write are loaded.

A file is written to a temporary file, synced and renamed, so it is complete or absent, and never changed in place: it is
mapped while the policy lives. wasmtime refuses a truncated file, code of another wasmtime version, and code for another
processor or for other settings; the policy is then compiled again.
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
    """The compiled policy, from the cache if possible. Raises wasmtime's error when it cannot be compiled."""
    file = cache_dir / f"{digest.removeprefix('sha256:')}-wasmtime-{version('wasmtime')}-{platform.machine()}"
    if _is_private(cache_dir) and (kept := _load(file)):
        return kept
    compiled = Component(ENGINE.wasmtime, wasm)
    try:
        _write(file, compiled.serialize())
    except OSError as error:
        logger.warning("the compiled policy could not be stored in the cache, the next start compiles it again: %s", error)
    return compiled


def _is_private(cache_dir: Path) -> bool:
    """False when it does not exist yet. Raises `LoadError` when other users can write to it."""
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
            # By its descriptor: this is the file that was checked, even if its name belongs to another one by now.
            return Component.deserialize_file(ENGINE.wasmtime, f"/dev/fd/{descriptor}")
        with contextlib.suppress(WasmtimeError):
            # When code may not be mapped, as on a file system mounted `noexec`, it can still be read.
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
