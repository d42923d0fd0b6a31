"""What an unfinished run has done so far, so that the same command goes on from there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import IO, Any, Self

from visavis.evaluation.run_files import cannot_write

Entry = dict[str, Any]


class Journal:
    """Finished steps by their keys, a line of JSON each, readable by the owner alone; a torn last line is passed over.

    head: what the run is of. is_whole: whether an entry says what it should. known: the steps
    that are done. of_another: how many steps of another run the file holds, which are forgotten when the
    context is entered. Any thread may write. Raises EvaluationError where the file cannot be written.
    """

    def __init__(self, path: Path, head: Entry, is_whole: Callable[[Entry], bool]) -> None:
        self._path, self._head = path, head
        self._writing = Lock()
        begin, *steps = _read(path) or [head]
        whole = [step for step in steps if isinstance(step.get("key"), str) and is_whole(step)]
        self.known: dict[str, Entry] = {step.pop("key"): step for step in whole} if begin == head else {}
        self.of_another = 0 if begin == head else len(steps)

    def __enter__(self) -> Self:
        # What was read is written anew, beside the old file until it is whole: a kill loses nothing.
        renewed = self._path.with_name(self._path.name + ".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            renewed.unlink(missing_ok=True)
            descriptor = os.open(renewed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._file: IO[str] = os.fdopen(descriptor, "w", encoding="utf-8")
            self._line(self._head)
            for key, entry in self.known.items():
                self._line({"key": key, **entry})
            self._file.flush()
            renewed.replace(self._path)
        except OSError as error:
            raise cannot_write("the folder for results", error) from None
        return self

    def write(self, key: str, entry: Entry) -> Entry:
        """Note a step as done; it stays so, whatever ends this process."""
        try:
            with self._writing:
                self._line({"key": key, **entry})
                self._file.flush()
        except OSError as error:
            raise cannot_write(self._path.name, error) from None
        return entry

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # what could not be written was reported when it was
            self._file.close()

    def _line(self, value: Entry) -> None:
        self._file.write(json.dumps(value) + "\n")


def _read(path: Path) -> list[Entry]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return []
    return [entry for line in lines if (entry := _parse(line)) is not None]


def _parse(line: str) -> Entry | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
