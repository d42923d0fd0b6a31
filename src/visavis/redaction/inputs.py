"""What lies in an input, and what is to become of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from visavis.errors import OutputPlaceError


@dataclass(frozen=True, slots=True)
class Task:
    """A file and what to redact it to."""

    source: Path
    target: Path


@dataclass(frozen=True, slots=True)
class Input:
    """What there is to do in an input, each in order of its path.

    others: what is neither photo nor video by its ending, links to folders, links that lead nowhere, and what is no file. unreadable: folders, with their places.
    """

    tasks: Sequence[Task]
    others: Sequence[Path] = ()
    unreadable: Sequence[Task] = ()


def tasks_of(source: Path, target: Path, suffixes: frozenset[str]) -> Input:
    """What there is to do, the structure of folders kept. suffixes: in lower case, of what is redacted.

    Links to folders are not followed. Raises OutputPlaceError where one place lies within the other or is the other, and where one is a
    folder and the other a file.
    """
    _check_kinds(source, target)
    here, there = source.resolve(), target.resolve()
    if here == there or here in there.parents or there in here.parents or _same(source, target):
        raise OutputPlaceError
    if not source.is_dir():
        return Input([Task(source, target)])
    found, unreadable = _walked(source)
    files = [path for path in found if path.suffix.lower() in suffixes and _is_file(path)]
    others = sorted(set(found) - set(files))
    tasks, folders = (
        [Task(path, target / path.relative_to(source)) for path in paths] for paths in (files, unreadable)
    )
    return Input(tasks, others, folders)


def _check_kinds(source: Path, target: Path) -> None:
    if source.is_dir() and target.is_file():
        raise OutputPlaceError("the input is a folder, and the output a file", hint="name another folder")
    if target.is_dir() and not source.is_dir():
        raise OutputPlaceError(
            "the output is a folder, and the input is not", hint="name a new file, in that folder say"
        )


def _walked(source: Path) -> tuple[list[Path], list[Path]]:
    """All that lies in a folder but the folders, links to those among it; and the folders that cannot be read."""
    found: list[Path] = []
    unreadable: list[Path] = []
    for folder, folders, files in os.walk(
        source, onerror=lambda error: unreadable.append(Path(error.filename))
    ):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]  # noqa: PTH114, PTH118
        found += [Path(folder, name) for name in (*links, *files)]
    return sorted(found), sorted(unreadable)


def _is_file(path: Path) -> bool:
    """Whether it is one, or may be: what may not be looked at fails by its name when it is read."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except PermissionError:
        return True
    except OSError:
        return False


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
