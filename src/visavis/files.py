"""Writing files whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from visavis.errors import OutputFullError, OutputUnwritableError

UNFINISHED = ".visavis-*.part"
"""The names of files that are being written. They are hidden, and a killed process leaves its own behind: see `sweep`."""


@contextmanager
def whole_file(path: Path, *, private: bool = False, new: bool = False) -> Iterator[IO[bytes]]:
    """A file to write that takes the place of `path` when the block ends well, and else leaves no trace.

    Its folder is made where it is missing. private: only its owner may read it. new: whatever is at `path` by then stays,
    and FileExistsError is raised. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file, unfinished = _begin(path.parent, 0o600 if private else 0o666)
    with file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if new:
                _take_free_place(unfinished, path)
            else:
                unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise


def sweep(folder: Path) -> None:
    """Remove what killed processes left unfinished in a folder; what others are writing now stays."""
    for unfinished in folder.glob(UNFINISHED):
        with suppress(OSError):
            handle = os.open(unfinished, os.O_RDWR)
            try:
                if _locked(handle):
                    unfinished.unlink()
            finally:
                os.close(handle)


def write_new_file(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read, where there is none; its folder is made where it is missing.

    Raises OSError, FileExistsError among them, and leaves no trace of a file then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink()
        raise


def why(error: OSError, otherwise: str) -> str:
    """What the system says of a file that failed, as the end of a sentence; otherwise: what to say where it says nothing."""
    return (error.strerror or otherwise).lower()


def unwritable(what: str, error: OSError) -> OutputUnwritableError:
    """What to raise where an output, or what it is made from meanwhile, cannot be written: OutputFullError where there is no room.

    what: how the message begins, "the output" say.
    """
    kind = OutputFullError if error.errno in (errno.ENOSPC, errno.EDQUOT) else OutputUnwritableError
    return kind(f"{what} cannot be written: {why(error, 'no access')}")


def sync_folder(folder: Path) -> None:
    """See that the names in a folder last through a power failure, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def held_folder(folder: Path) -> Iterator[None]:
    """A folder for this process alone until the block ends, in which it may be removed; a process that dies lets go of it.

    It is made where it is missing, for its owner alone. Where folders cannot be locked, others are not kept out.
    Raises BlockingIOError where it is held already, and OSError.
    """
    with _hold(folder):
        yield


def _hold(folder: Path) -> ExitStack:
    """What lets go of the folder that has this name once it is locked: whoever held it before may have removed that one."""
    while True:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with ExitStack() as stack:
            try:
                handle = os.open(folder, os.O_RDONLY)
                stack.callback(os.close, handle)
                _lock(handle)
                if os.path.samestat(os.fstat(handle), folder.stat()):
                    return stack.pop_all()
            except BlockingIOError:
                raise
            except FileNotFoundError:
                continue
            except (ImportError, OSError):
                return stack.pop_all()


def _begin(folder: Path, mode: int) -> tuple[IO[bytes], Path]:
    """A new unfinished file, locked for as long as it is open, so that no sweep takes it."""
    while True:
        unfinished = folder / UNFINISHED.replace("*", secrets.token_hex(8))
        handle = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
        _locked(handle)
        if os.fstat(handle).st_nlink:
            return os.fdopen(handle, "w+b"), unfinished
        os.close(handle)  # it was swept before it was locked


def _locked(handle: int) -> bool:
    """Lock an open file, unless another process has; False as well where files cannot be locked."""
    try:
        _lock(handle)
    except (ImportError, OSError):
        return False
    return True


def _lock(handle: int) -> None:
    """Lock an open file or folder until it is closed. Raises BlockingIOError where it is locked, OSError where that cannot be, ImportError."""
    import fcntl  # here, since not every system has it

    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _take_free_place(unfinished: Path, path: Path) -> None:
    """Give a file its name where nothing has it: at one stroke, if the file system knows a second name for a file."""
    try:
        path.hardlink_to(unfinished)
    except FileExistsError:
        raise
    except OSError:
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        unfinished.replace(path)
    else:
        unfinished.unlink()
