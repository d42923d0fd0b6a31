"""Where redacted photos and videos go: files that appear whole, in place of nothing, and are known again when a run is repeated.

A file that is there already may be anything, the input itself among them, so none is ever taken for done by its name. What visavis
wrote is remembered in the state folder, not beside the outputs, which are to be published: a digest of the output's place, size and
time, and from what it was made. That is written before the file takes its place, so a run that is cut off loses nothing but what it was at.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from visavis.errors import OutputExistsError, OutputFullError, StateUnwritableError
from visavis.files import sweep, unwritable, whole_file
from visavis.redaction.inputs import Task

_DIGEST_BYTES = 16


class Outputs:
    """What was written before, and what is written now. Safe to share between threads.

    folder: where that is remembered. settings: text that differs where redaction was asked for differently. Raises OutputFullError and
    StateUnwritableError.
    """

    def __init__(self, folder: Path, settings: str) -> None:
        self._file = folder / "redactions.txt"
        self._settings = settings
        self._lock = threading.Lock()
        self._known = set(self._read())
        self._folders: dict[Path, str] = {}

    def sweep(self, tasks: Iterable[Task]) -> None:
        """Remove what killed runs left half written beside these outputs."""
        for folder in {task.target.parent for task in tasks}:
            sweep(folder)

    def done(self, task: Task) -> bool:
        """Whether this file was redacted so, and is there still as it was written.

        Raises OutputExistsError where another file is there, OutputUnwritableError where it cannot be looked at.
        """
        try:
            written = task.target.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise unwritable("the output", error) from None
        if _digest(self.origin(task), written) in self._known:
            return True
        raise OutputExistsError

    def write(self, task: Task, origin: str, redacted: bytes) -> None:
        """Write a redacted photo, whole or not at all; raises what `writing` does."""
        with self.writing(task, origin) as file:
            file.write(redacted)

    @contextmanager
    def writing(self, task: Task, origin: str) -> Iterator[IO[bytes]]:
        """A file to write an output to, which appears when the block ends well, whole or not at all. origin: from before the input was read.

        Raises OutputExistsError, OutputFullError, OutputUnwritableError, and whatever the block raises; an OSError is taken for one of writing.
        """
        try:
            with whole_file(task.target, new=True) as file:
                yield file
                file.flush()
                self._remember(_digest(origin, os.fstat(file.fileno())))
        except FileExistsError:
            raise OutputExistsError from None
        except OSError as error:
            raise unwritable("the output", error) from None

    def origin(self, task: Task) -> str:
        """Tells whether an input is the one it was, and was to be redacted so, and to this. A digest: times of files are metadata, too.

        One that is not there has an origin, too, that none has which is.
        """
        places = f"{self._place(task.source)}\0{self._place(task.target)}"
        known = f"{places}\0{_stamp_at(task.source)}\0{self._settings}"
        return hashlib.sha256(known.encode("utf-8", "surrogateescape")).hexdigest()

    def _place(self, path: Path) -> str:
        """A file's place, whatever links lead to its folder."""
        folder = self._folders.get(path.parent)
        if folder is None:  # most files share theirs with others
            folder = self._folders[path.parent] = os.path.realpath(path.parent)
        return f"{folder}/{path.name}"

    def _remember(self, digest: bytes) -> None:
        with self._lock:
            with self._opened() as file:
                file.write(f"\n{digest.hex()}\n")  # the line before may have been cut off
            self._known.add(digest)

    @contextmanager
    def _opened(self) -> Iterator[IO[str]]:
        """What is remembered, to be read from its start and added to; raises OutputFullError and StateUnwritableError."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(handle, "r+", encoding="ascii", errors="replace") as file:
                yield file
        except OSError as error:
            told = unwritable("the state folder", error)
            raise told if isinstance(told, OutputFullError) else StateUnwritableError(told.message) from None

    def _read(self) -> Iterator[bytes]:
        """What is remembered; a line that was cut off is passed over."""
        with self._opened() as file:
            for line in file:
                with suppress(ValueError):
                    yield bytes.fromhex(line)


def _digest(origin: str, written: os.stat_result) -> bytes:
    """Of an output and what it was made from: names of files are often people's, and not remembered."""
    return hashlib.sha256(f"{origin}\0{_stamp(written)}".encode()).digest()[:_DIGEST_BYTES]


def _stamp_at(place: Path) -> list[int] | None:
    try:
        return _stamp(place.stat())
    except OSError:
        return None


def _stamp(status: os.stat_result) -> list[int]:
    return [status.st_size, status.st_mtime_ns]
