"""Boxes that people put right by hand, as they write them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from visavis.errors import CorrectionError
from visavis.faces import Box

_TIMES = re.compile(r"([\d:.]+)-([\d:.]+)")
_PLACES_S = (1, 60, 3600)


@dataclass(frozen=True, slots=True)
class Correction:
    """A box that was put right by hand, in a video from one moment until another, in milliseconds from its start."""

    box: Box
    from_ms: float = 0.0
    until_ms: float = math.inf

    def holds_at(self, time_ms: float) -> bool:
        """Whether it counts for the frame that is shown then."""
        return self.from_ms <= time_ms <= self.until_ms

    @property
    def is_timed(self) -> bool:
        """Whether it counts for a part of a video only."""
        return self.from_ms > 0 or self.until_ms < math.inf


def read_box(text: str) -> Box:
    """A box as people write it: X,Y,W,H, in pixels of the upright picture, at least one wide and high; raises ValueError."""
    try:
        x, y, width, height = map(float, text.split(","))
    except ValueError:
        raise ValueError("a box is four numbers, X,Y,W,H, in pixels of the upright picture") from None
    box = Box(x, y, width, height)
    if not (all(map(math.isfinite, box.xyxy)) and width >= 1 and height >= 1):
        raise ValueError("a box is at least a pixel wide and high")
    return box


def read_correction(text: str) -> Correction:
    """X,Y,W,H, or X,Y,W,H@FROM-UNTIL with times of a video in seconds, as MIN:SEC or HOUR:MIN:SEC; raises ValueError."""
    box, timed, times = text.partition("@")
    if not timed:
        return Correction(read_box(box))
    match = _TIMES.fullmatch(times)
    from_ms, until_ms = map(_ms, match.groups()) if match else (math.nan, math.nan)
    if not from_ms < until_ms:
        raise ValueError("a time is FROM-UNTIL, in seconds or as MIN:SEC, such as @12.5-14 or @1:02-1:05")
    return Correction(read_box(box), from_ms, until_ms)


def check_boxes(boxes: Iterable[Box], width_px: int, height_px: int) -> None:
    """Raise CorrectionError where one of the boxes to be covered covers nothing of an upright picture of that size."""
    for number, box in enumerate(boxes, 1):
        left, top, right, bottom = box.xyxy
        if not (all(map(math.isfinite, box.xyxy)) and left < right and top < bottom):
            raise CorrectionError(f"box {number} of those to be covered by hand has no area")
        if not (left < width_px and top < height_px and right > 0 and bottom > 0):
            size = f"{width_px} x {height_px} pixels"
            raise CorrectionError(
                f"box {number} of those to be covered by hand lies outside of the picture, which has {size}"
            )


def check_times(corrections: Iterable[Correction], duration_ms: float) -> None:
    """Raise CorrectionError where one of the boxes to be covered has no time, or one that is not of a video of that length."""
    for number, correction in enumerate(corrections, 1):
        if not correction.from_ms <= correction.until_ms:
            raise CorrectionError(f"box {number} of those to be covered by hand ends before it begins")
        if correction.from_ms > duration_ms or correction.until_ms < 0:
            raise never_shown(number, duration_ms)


def never_shown(number: int, duration_ms: float) -> CorrectionError:
    """What to raise where no frame of a video of that length is shown in the time of a box to be covered."""
    return CorrectionError(
        f"no frame is shown in the time of box {number} of those to be covered by hand; the video ends after {duration_ms / 1000:.1f} s"
    )


def _ms(time: str) -> float:
    """Milliseconds of SEC, MIN:SEC or HOUR:MIN:SEC; NaN of anything else."""
    try:
        parts = [float(part) for part in reversed(time.split(":"))]
        return 1000 * sum(part * place for part, place in zip(parts, _PLACES_S[: len(parts)], strict=True))
    except ValueError:
        return math.nan
