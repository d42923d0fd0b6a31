"""What a redaction of a video has done so far, so that one that was cut off goes on where it was.

Kept are where faces were seen and the parts of the output that are finished, in which they are covered; never a picture with a
face that is to be covered, never a track. Each file appears whole or not at all; the folder goes with the end of the work, well or
not, and that of a run which ended before after a week.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from visavis.errors import RedactionRunningError
from visavis.files import held_folder, sync_folder, unwritable, whole_file
from visavis.redaction.sightings import Look

KEPT_S = 7 * 24 * 3600
_OF_FRAMES = ("time_ms", "signature")
_OF_SIGHTINGS = ("xyxy", "regions_xywh", "scores", "compared", "kept")


@dataclass(frozen=True, slots=True)
class Part:
    """What was seen in some frames in a row. last_pts: of the last of them."""

    looks: list[Look]
    last_pts: int


class Last(NamedTuple):
    """The last frame that was looked at: its pts, and when it is shown."""

    pts: int
    time_ms: float


class Workshop:
    """A folder for one video and one way to redact it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def held(self) -> Iterator[None]:
        """Have it for this process alone until the block ends. Two that share one would write, and remove, each other's files.

        Raises RedactionRunningError where another has it, OutputFullError and OutputUnwritableError.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(held_folder(self._folder))
            except BlockingIOError:
                raise RedactionRunningError from None
            except OSError as error:
                raise unwritable("the state folder", error) from None
            yield

    def looked_at(self) -> tuple[int, Last | None]:
        """How many parts were looked at, and the last frame of them."""
        last, number = None, 0
        for part in self.read():
            last, number = Last(part.last_pts, part.looks[-1].time_ms), number + 1
        return number, last

    def read(self) -> Iterator[Part]:
        """What was seen so far, in the order of the video, read as it is asked for."""
        number = 0
        while (part := self._read(number)) is not None:
            yield part
            number += 1

    def part(self, number: int) -> Part:
        """A part that was looked at."""
        part = self._read(number)
        assert part is not None
        return part

    def keep(self, number: int, part: Part) -> None:
        """Keep what was seen in a part. Raises OutputFullError and OutputUnwritableError."""
        try:
            self._make()
            with whole_file(self._looks_file(number), private=True) as file:
                file.write(_packed(part))
            self.settle()
        except OSError as error:
            raise unwritable("the state folder", error) from None

    def segment(self, number: int) -> Path:
        """The file of a part of the output, which is there once it is finished."""
        return self._folder / f"segment-{number:06}"

    def settle(self) -> None:
        """See that what was finished is there after a power failure, too."""
        sync_folder(self._folder)

    def remove(self) -> None:
        """Leave nothing."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def remove_others(self) -> None:
        """Leave nothing of other workshops that lie beside this one."""
        for other in self._folder.parent.glob("*/"):
            if other != self._folder:
                shutil.rmtree(other, ignore_errors=True)

    def _make(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def _read(self, number: int) -> Part | None:
        try:
            return _unpacked(self._looks_file(number).read_bytes())
        except FileNotFoundError:
            return None

    def _looks_file(self, number: int) -> Path:
        return self._folder / f"looks-{number:06}"


def name_of(work: str) -> str:
    """The name of a workshop's folder: another where the work is, or visavis, of which another version may see other things. A digest."""
    return hashlib.sha256(f"{version('visavis')}\0{work}".encode()).hexdigest()


def sweep(workshops: Path, now: float | None = None) -> None:
    """Remove what killed runs left in a folder of workshops more than a week ago, unless it is held. now: seconds since 1970."""
    before = (time.time() if now is None else now) - KEPT_S
    for folder in workshops.glob("*/"):
        with suppress(OSError):  # another run may be removing it
            if max(file.stat().st_mtime for file in (folder, *folder.iterdir())) < before:
                with held_folder(folder):
                    shutil.rmtree(folder, ignore_errors=True)


def _packed(part: Part) -> bytes:
    """NumPy's own format: what frames have one of frame by frame, what sightings have one of all in a row."""
    file, looks = io.BytesIO(), part.looks
    columns = {name: np.array([getattr(look, name) for look in looks]) for name in _OF_FRAMES}
    columns |= {name: np.concatenate([getattr(look, name) for look in looks]) for name in _OF_SIGHTINGS}
    columns |= {"counts": np.array([len(look) for look in looks]), "last_pts": np.array(part.last_pts)}
    np.savez(file, allow_pickle=False, **columns)
    return file.getvalue()


def _unpacked(data: bytes) -> Part:
    with np.load(io.BytesIO(data), allow_pickle=False) as columns:
        ends = np.cumsum(columns["counts"])[:-1]
        values: dict[str, Sequence[Any]] = {name: columns[name] for name in _OF_FRAMES}
        values |= {name: np.split(columns[name], ends) for name in _OF_SIGHTINGS}
        looks = [Look(**dict(zip(values, one, strict=True))) for one in zip(*values.values(), strict=True)]
        return Part(looks, int(columns["last_pts"]))
