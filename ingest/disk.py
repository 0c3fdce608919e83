"""Put bytes on the disk so that a crash or a full disk leaves either the old state or the new one.

Here: atomic replacement, exclusive creation, the sweep of what an interrupted run left, and the lock of one writer.
Never here: what the bytes mean, or encryption.

The method is the usual one of POSIX file systems: write beside, fsync, rename, fsync the folder (rename(2), fsync(2)).
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import StorageError

STAGING_PREFIX = ".staging-"
_FULL = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the disk quota is used up", errno.EROFS: "the disk is read-only"}


@contextmanager
def storing(place: Path) -> Iterator[None]:
    """Turn what the operating system refuses inside the block into a `StorageError` that names the place."""
    try:
        yield
    except OSError as error:
        what = _FULL.get(error.errno or 0, "the operating system refused to read or write")
        raise StorageError(
            what,
            where=str(place),
            allowed="a writable folder with free space for twice the batch",
            next_step="free space or mend the permissions, then run again: nothing was half stored",
        ) from None


def replace_file(path: Path, payload: bytes) -> None:
    """The file holds `payload`, whole, or what it held before; mode 0600."""
    with storing(path.parent):
        staged = _write_beside(path, payload)
        try:
            staged.replace(path)
        except OSError:
            staged.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


def create_file(path: Path, payload: bytes) -> bool:
    """Whether the file was made now; False when one was there already, which is left as it is. Mode 0600."""
    with storing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        staged = _write_beside(path, payload)
        try:
            os.link(staged, path)  # unlike a rename, a link never takes the place of a file
        except FileExistsError:
            return False
        finally:
            staged.unlink(missing_ok=True)
        _sync_folder(path.parent)
        return True


def create_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """The folder appears with all its files at once, or not at all; it must not exist yet."""
    staging = path.parent / (STAGING_PREFIX + secrets.token_hex(8))
    with storing(path.parent):
        try:
            staging.mkdir(mode=0o700)
            for name, payload in files.items():
                _write(staging / name, payload)
            _sync_folder(staging)
            staging.rename(path)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        _sync_folder(path.parent)


def remove_file(path: Path) -> None:
    """Remove the file durably; nothing happens when it is gone already."""
    with storing(path.parent):
        path.unlink(missing_ok=True)
        _sync_folder(path.parent)


def remove_folder(path: Path, *, first: Sequence[str]) -> None:
    """Remove the folder, the files `first` before any other, in their order and durably so."""
    for name in first:
        remove_file(path / name)
    with storing(path.parent):
        shutil.rmtree(path)
        _sync_folder(path.parent)


def sweep(folder: Path) -> None:
    """Remove what an interrupted run left half written in the folder; only the holder of the lock may."""
    with storing(folder):
        for leftover in folder.glob(f"{STAGING_PREFIX}*"):
            if leftover.is_dir():
                shutil.rmtree(leftover)
            else:
                leftover.unlink()


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold the folder against other writers; the lock of a killed process is released by the system."""
    with storing(folder):
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write_beside(path: Path, payload: bytes) -> Path:
    staged = path.parent / (STAGING_PREFIX + secrets.token_hex(8))
    try:
        _write(staged, payload)
    except OSError:
        staged.unlink(missing_ok=True)
        raise
    return staged


def _write(path: Path, payload: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(payload)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
