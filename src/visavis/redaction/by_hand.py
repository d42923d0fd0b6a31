"""Boxes that are to be covered by hand in a video: seen to it that each covers something, or the video fails."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from visavis.redaction.corrections import check_boxes, check_times, never_shown
from visavis.redaction.covering import VideoCovering
from visavis.redaction.covers import Covers
from visavis.redaction.masks import Region
from visavis.video.source import Video

Watch = Callable[[Covers, Sequence[Region]], None]
"""Told of each frame what is covered in it, before and after what was corrected by hand."""


def nobody(_covers: Covers, _regions: Sequence[Region]) -> None:
    """Nobody is told."""


class ByHand:
    """Watches a video while it is covered. watch: who is told besides.

    Raises CorrectionError where a box has no area or lies outside of the picture, or its time, as far as the file tells, outside of the video.
    """

    def __init__(self, video: Video, covering: VideoCovering, watch: Watch = nobody) -> None:
        self._waiting = dict(enumerate(covering.also, 1))
        self._watch = watch
        self._last_ms = 0.0
        check_boxes((correction.box for correction in covering.also), video.width, video.height)
        check_times(covering.also, math.inf if video.duration_ms is None else video.duration_ms)

    def __call__(self, covers: Covers, regions: Sequence[Region]) -> None:
        """Take the next frame."""
        self._last_ms = covers.time_ms
        for number in [n for n, one in self._waiting.items() if one.holds_at(covers.time_ms)]:
            del self._waiting[number]
        self._watch(covers, regions)

    def check(self) -> None:
        """When all frames were taken: raise CorrectionError where a box was in none of them."""
        for number in self._waiting:
            raise never_shown(number, self._last_ms)
