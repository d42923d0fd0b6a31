"""Which part of a photo a face takes, with its whole head, and how much of each pixel is covered: pure arithmetic.

A detector's box runs from the hairline to the chin. A cover that hid no more would leave ears, hair and the line of the jaw, by
which people are known as well, so it is padded, and moved towards the chin, where an ellipse is narrow and a face is not. How
sure a face must be, and by how much it is padded, was chosen on the development half of the evaluation data
(benchmarks/redaction.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from visavis.faces import Box, Face

Window = tuple[int, int, int, int]
"""Whole pixels of a photo: left, top, right, bottom."""

COVER_CONFIDENCE = 0.25
"""From this confidence on a face is covered: half of what makes it one elsewhere, for a lamp that is covered harms nobody."""

_PADDING, _TO_CHIN = 0.23, 0.06  # over the sides of the face's box, at each end
_STRIP_PIXELS = 2**20
_FEATHER = 0.04  # over the half axes of the region: a soft edge, outside of it alone


class Shape(StrEnum):
    """The outline of a cover."""

    ELLIPSE = "ellipse"
    BOX = "box"


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a photo that is covered whole, in pixels of the upright photo; some of it may lie outside.

    An ellipse is the one that touches the sides of `box`. Raises ValueError where the box has no area or is not finite.
    """

    box: Box
    shape: Shape = Shape.ELLIPSE

    def __post_init__(self) -> None:
        if not (all(map(math.isfinite, self.box.xyxy)) and self.box.width > 0 and self.box.height > 0):
            raise ValueError("a region has an area")

    def window(self, width_px: int, height_px: int) -> Window | None:
        """The pixels of a photo of that size that the cover changes, its soft edge among them; None where it lies outside."""
        left, top, right, bottom = self.box.xyxy
        edge_x, edge_y = _FEATHER * self.box.width / 2, _FEATHER * self.box.height / 2
        # Clipped first: a box may lie further away than an integer of a decoder counts.
        start_x, stop_x = (min(max(x, 0.0), width_px) for x in (left - edge_x, right + edge_x))
        start_y, stop_y = (min(max(y, 0.0), height_px) for y in (top - edge_y, bottom + edge_y))
        window = math.floor(start_x), math.floor(start_y), math.ceil(stop_x), math.ceil(stop_y)
        return window if window[0] < window[2] and window[1] < window[3] else None

    def opacity(self, window: Window) -> NDArray[np.uint8]:
        """How much of each pixel of a window is covered: (height, width) of 0 to 255.

        255 for every pixel that the region touches; outside it falls to 0 along the soft edge.
        """
        left, top, right, bottom = window
        across = _distances(left, right, self.box.x, self.box.width)[None, :]
        along = _distances(top, bottom, self.box.y, self.box.height)[:, None]
        opacity = np.empty((bottom - top, right - left), np.uint8)
        rows = max(1, _STRIP_PIXELS // (right - left))  # strip by strip: a close-up fills many million pixels
        for start in range(0, len(opacity), rows):
            strip = slice(start, start + rows)
            opacity[strip] = self._opacity_at(across, along[strip])
        return opacity

    def _opacity_at(self, across: NDArray[np.float32], along: NDArray[np.float32]) -> NDArray[np.uint8]:
        ellipse = self.shape == Shape.ELLIPSE
        distance = np.hypot(across, along) if ellipse else np.maximum(across, along)
        return np.rint(255 * np.clip(1 - (distance - 1) / _FEATHER, 0, 1)).astype(np.uint8)


def region_of(face: Face, shape: Shape = Shape.ELLIPSE) -> Region:
    """The region of a face's head: chin, ears, forehead and most of the hair, however it is turned."""
    (box,) = regions_of(np.array([face.box.xyxy]), face.landmarks.as_array()[None])
    return Region(Box(*map(float, box)), shape)


def regions_of(xyxy: NDArray[np.floating], points: NDArray[np.floating]) -> NDArray[np.float64]:
    """The same for the boxes (N, 4) and landmarks (N, 5, 2) of many faces, as boxes (N, 4) of left, top, width, height."""
    corner = np.minimum(xyxy[:, :2], points.min(axis=1)).astype(np.float64)
    size = np.maximum(xyxy[:, 2:], points.max(axis=1)) - corner
    down = points[:, 3:].mean(axis=1) - points[:, :2].mean(axis=1)  # from the eyes to the mouth
    down /= np.maximum(np.linalg.norm(down, axis=1, keepdims=True), 1e-6)
    return np.concatenate(
        [corner - _PADDING * size + _TO_CHIN * size * down, (1 + 2 * _PADDING) * size], axis=1
    )


def _distances(start: int, stop: int, first: float, length: float) -> NDArray[np.float32]:
    """How far the nearest point of each pixel from `start` to `stop` is from the middle of a side, in halves of its length."""
    pixels = np.arange(start, stop, dtype=np.float64)
    half = length / 2
    away = np.abs(pixels + 0.5 - (first + half)) - 0.5
    return (np.maximum(away, 0) / half).astype(np.float32)
