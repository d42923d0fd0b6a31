"""How many faces a redaction missed, where somebody marked them by eye, and how much else it covered.

A face is covered if at least 0.8 of its box is, by pixels of which nothing is left. The background is all that lies in no
marked box, hair and ears of marked faces among it, and counts by how much of each pixel is covered.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.faces import Box
from visavis.redaction.masks import Region

COVERED = 0.8
LARGE_PX = 16.0
"""A face from this length of its shorter side on is counted by itself as well: smaller ones are hardly anybody to be known."""

_Z = 1.959964  # of 95 %


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was counted in one picture or, added up, in many. large: of LARGE_PX and more; pixels in part count in part."""

    faces: int = 0
    missed: int = 0
    large: int = 0
    large_missed: int = 0
    background_px: float = 0.0
    background_covered_px: float = 0.0

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(*map(sum, zip(astuple(self), astuple(other), strict=True)))


def coverage(regions: Iterable[Region], faces: Sequence[Box], width_px: int, height_px: int) -> Coverage:
    """What covers of these regions come to in a picture with these faces. A face of which nothing lies within it does not count."""
    return coverage_of(mask_of(regions, width_px, height_px), faces)


def mask_of(regions: Iterable[Region], width_px: int, height_px: int) -> NDArray[np.uint8]:
    """How much of each pixel of a picture is covered: (height, width) of 0 to 255."""
    mask = np.zeros((height_px, width_px), np.uint8)
    for region in regions:
        if window := region.window(width_px, height_px):
            left, top, right, bottom = window
            part = mask[top:bottom, left:right]
            np.maximum(part, region.opacity(window), out=part)
    return mask


def coverage_of(mask: NDArray[np.uint8], faces: Sequence[Box]) -> Coverage:
    """What a mask, as of `mask_of`, comes to in a picture with these faces."""
    outside = np.ones(mask.shape, bool)
    counted = Coverage()
    for face in faces:
        left, top, right, bottom = _pixels(face, mask.shape)
        if left == right or top == bottom:
            continue
        outside[top:bottom, left:right] = False
        missed = int(hidden_share(mask, face) < COVERED)
        large = int(min(face.width, face.height) >= LARGE_PX)
        counted += Coverage(1, missed, large, large * missed)
    covered_px = float(mask.sum(where=outside, dtype=np.float64)) / 255
    return counted + Coverage(
        background_px=float(np.count_nonzero(outside)), background_covered_px=covered_px
    )


def hidden_share(mask: NDArray[np.uint8], face: Box) -> float:
    """How much of a face's box in the picture is covered so that nothing is left of it, 0 to 1; 1 where none of it is in the picture."""
    left, top, right, bottom = _pixels(face, mask.shape)
    hidden = mask[top:bottom, left:right] == 255
    return float(hidden.mean()) if hidden.size else 1.0


def missed_faces(by_file: Mapping[str, Coverage], annotated: int) -> dict[str, Any]:
    """The rates of each file that was measured and of all, for JSON.

    annotated: how many faces are marked; those that were not measured, for their file was not redacted now, has fewer
    frames or is smaller, are told. Of a rate there are its interval of 95 % and its counts; None where nothing was counted.
    """
    total = sum(by_file.values(), Coverage())
    return {
        "overall": _rates(total),
        "files": {file: _rates(own) for file, own in by_file.items()},
        "not_measured": annotated - total.faces,
    }


def _rates(counted: Coverage) -> dict[str, Any]:
    background = counted.background_px
    return {
        "faces": _rate(counted.missed, counted.faces),
        "faces_of_16_px": _rate(counted.large_missed, counted.large),
        "background_covered": counted.background_covered_px / background if background else None,
    }


def _rate(missed: int, faces: int) -> dict[str, Any]:
    low, high = _interval(missed, faces) if faces else (None, None)
    return {
        "missed": missed,
        "of": faces,
        "rate": missed / faces if faces else None,
        "low": low,
        "high": high,
    }


def _interval(hits: int, trials: int) -> tuple[float, float]:
    """Where a share lies with a confidence of 95 % (Wilson 1927), if trials are independent: frames in a row are not."""
    share, spread = hits / trials, _Z**2 / trials
    middle = share + spread / 2
    half = math.sqrt(spread * (share * (1 - share) + spread / 4))
    return max(0.0, (middle - half) / (1 + spread)), min(1.0, (middle + half) / (1 + spread))


def _pixels(face: Box, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The whole pixels of a box, at least one each way, as far as they lie within a picture of that shape (height, width)."""
    left, top, right, bottom = map(round, face.xyxy)
    height, width = shape

    def within(place: int, side: int) -> int:
        return min(max(place, 0), side)

    right, bottom = max(right, left + 1), max(bottom, top + 1)
    return within(left, width), within(top, height), within(right, width), within(bottom, height)
