"""What a redaction of a video has done so far, so that one that was cut off goes on where it was.

Kept are where faces were seen and the parts of the output that are finished, in which they are covered; never a picture with a
face that is to be covered, never a track. Each file appears whole or not at all; the folder goes with the end of the work, well or
not, and a killed run's after a week.
"""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from visavis.files import whole_file
from visavis.redaction.sightings import Look

KEPT_S = 7 * 24 * 3600
_OF_FRAMES = ("time_ms", "signature")
_OF_SIGHTINGS = ("boxes_xywh", "regions_xywh", "scores", "kept")


class Workshop:
    """A folder for one video and one way to redact it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def looks(self) -> list[list[Look]]:
        """What was seen so far, part by part."""
        parts: list[list[Look]] = []
        with suppress(OSError, ValueError, KeyError, BadZipFile, EOFError):
            while True:
                parts.append(_unpacked(self._looks_file(len(parts)).read_bytes()))
        return parts

    def keep_looks(self, number: int, looks: Sequence[Look]) -> None:
        """Keep what was seen in a part of the video. Raises OSError."""
        with whole_file(self._looks_file(number), private=True) as file:
            file.write(_packed(looks))

    def segment(self, number: int) -> Path:
        """The file of a finished part of the output; it is written elsewhere and moved there."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._folder / f"segment-{number:06}"

    def remove(self) -> None:
        """Leave nothing."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _looks_file(self, number: int) -> Path:
        return self._folder / f"looks-{number:06}"


def sweep(workshops: Path, now: float | None = None) -> None:
    """Remove what killed runs left in a folder of workshops more than a week ago. now: seconds since 1970."""
    before = (time.time() if now is None else now) - KEPT_S
    with suppress(OSError):
        for folder in workshops.iterdir():
            if max(file.stat().st_mtime for file in (folder, *folder.iterdir())) < before:
                shutil.rmtree(folder, ignore_errors=True)


def _packed(looks: Sequence[Look]) -> bytes:
    """NumPy's own format: what frames have one of frame by frame, what sightings have one of all in a row."""
    file = io.BytesIO()
    np.savez(
        file,
        counts=np.array([len(look) for look in looks]),
        **{name: np.array([getattr(look, name) for look in looks]) for name in _OF_FRAMES},
        **{name: np.concatenate([getattr(look, name) for look in looks]) for name in _OF_SIGHTINGS},
    )
    return file.getvalue()


def _unpacked(data: bytes) -> list[Look]:
    with np.load(io.BytesIO(data), allow_pickle=False) as columns:
        ends = np.cumsum(columns["counts"])[:-1]
        values: dict[str, Sequence[Any]] = {name: columns[name] for name in _OF_FRAMES}
        values |= {name: np.split(columns[name], ends) for name in _OF_SIGHTINGS}
    return [Look(**dict(zip(values, of_one, strict=True))) for of_one in zip(*values.values(), strict=True)]
