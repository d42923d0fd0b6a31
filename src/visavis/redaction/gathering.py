"""From doubts about a redaction to the moments that a person should look at, file by file."""

from __future__ import annotations

import heapq
import math
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from visavis.analysis import Analyzer
from visavis.imaging import Photo
from visavis.redaction.covering import Covering, VideoCovering
from visavis.redaction.covers import Covers
from visavis.redaction.masks import COVER_CONFIDENCE, region_of
from visavis.redaction.missed import COVERED, hidden_share, mask_of
from visavis.redaction.moments import Moment, Span
from visavis.redaction.review import Doubt, Reason
from visavis.redaction.tracks import Corners, holds_middle, union

_WORDS = {
    Reason.NOT_COVERED: "Something here is a little like a face and is not covered.",
    Reason.BEGINS: "A cover begins here, inside the picture. Was the face there before?",
    Reason.ENDS: "A cover ended here, inside the picture. Is the face still there?",
    Reason.LOST: "A face was not found for a while, and the cover is a guess. Is it in the right place?",
    Reason.JUMP: "A face became much larger or smaller at once. Does the cover fit?",
}
_NOTHING_COVERED = "Nothing is covered for a long while. Is nobody in the picture?"

# In 200 photos of facemask853's development half 29 faces of 16 px and more were missed; 11 of them were seen with this confidence.
_DOUBT_CONFIDENCE = 0.1
# Large doubts are faces more often than small ones, and people are known by large faces: in pixels of the shorter side.
_LEAST_PX, _LARGE_PX = 12.0, 96.0
_MOST_OF_A_PHOTO, _MOST_OF_A_VIDEO = 5, 2000

# How long before and after its frame a doubt is about, in milliseconds: longer on the side on which nothing is covered.
_SHORT_MS, _LONG_MS = 500.0, 2000.0
_ABOUT_MS = {Reason.BEGINS: (_LONG_MS, _SHORT_MS), Reason.ENDS: (_SHORT_MS, _LONG_MS)}

# Doubts of one place that follow one another are one moment, up to a length.
_JOINED_MS, _LONGEST_MS = 1000.0, 4000.0

_QUIET_MS, _STRETCH_MS, _QUIET_WEIGHT = 20_000.0, 60_000.0, 0.1


class VideoMoments:
    """Gathers the moments of one video from its frames, which are added in order.

    width_px, height_px: of the upright frames. covering: what was corrected by hand already is no longer doubtful.
    """

    def __init__(self, width_px: int, height_px: int, covering: VideoCovering) -> None:
        self._size = width_px, height_px
        self._covering = covering
        self._times_ms = array("d")
        self._covered_ms: float | None = None
        self._quiet: list[tuple[float, float]] = []
        self._worst: list[tuple[float, int, Doubt]] = []
        self._doubts = 0

    def add(self, covers: Covers) -> None:
        """Take what is covered in the next frame, and what was found doubtful since the last."""
        self._times_ms.append(covers.time_ms)
        if len(covers.regions_xywh) or self._covering.at(covers.time_ms).also:
            self._quiet += self._quiet_until(covers.time_ms)
            self._covered_ms = covers.time_ms
        for doubt in covers.doubts:
            if not _is_settled(doubt, self._covering.at(doubt.time_ms)):
                self._doubts += 1
                heapq.heappush(self._worst, (doubt.weight, -self._doubts, doubt))
            if len(self._worst) > _MOST_OF_A_VIDEO:
                heapq.heappop(self._worst)

    def moments(self) -> list[Moment]:
        """Those of the worst doubts, and times in which nothing is covered; asked for when all frames were added."""
        if not self._times_ms:
            return []
        groups = _grouped(sorted((doubt for *_, doubt in self._worst), key=lambda doubt: doubt.time_ms))
        found = [self._moment(group) for group in groups]
        for start, stop in [*self._quiet, *self._quiet_until(self._times_ms[-1])]:
            at_ms = (start + stop) / 2
            found.append(Moment(_NOTHING_COVERED, _QUIET_WEIGHT, None, self._span(at_ms, start, stop)))
        return found

    def _quiet_until(self, now_ms: float) -> list[tuple[float, float]]:
        """The time since something was covered, in parts, where it was long."""
        since_ms = self._times_ms[0] if self._covered_ms is None else self._covered_ms
        if now_ms - since_ms < _QUIET_MS:
            return []
        parts = math.ceil((now_ms - since_ms) / _STRETCH_MS)
        edges = [since_ms + (now_ms - since_ms) * i / parts for i in range(parts + 1)]
        return list(pairwise(edges))

    def _moment(self, group: Sequence[Doubt]) -> Moment:
        worst = max(group, key=lambda doubt: doubt.weight)
        abouts = [(doubt.time_ms, *_ABOUT_MS.get(doubt.reason, (_SHORT_MS, _SHORT_MS))) for doubt in group]
        span = self._span(
            worst.time_ms,
            max(0.0, min(at - before for at, before, _ in abouts)),
            min(self._times_ms[-1], max(at + after for at, _, after in abouts)),
        )
        return _moment(worst, union([doubt.where for doubt in group]), self._size, span)

    def _span(self, at_ms: float, from_ms: float, until_ms: float) -> Span:
        number = max(0, bisect_right(self._times_ms, at_ms) - 1)  # of the frame that is shown then
        return Span(at_ms, number, from_ms, until_ms, self._times_ms[0], self._size)


def _is_settled(doubt: Doubt, covering: Covering) -> bool:
    """Whether a doubt is about what was corrected by hand."""
    return any(holds_middle(box.xyxy, doubt.where) for box in covering.keep + covering.also)


def photo_moments(analyzer: Analyzer, photo: bytes, covering: Covering) -> list[Moment]:
    """What is a little like a face in a photo, too little to be covered, and is under no cover: the worst of it.

    photo: as it was before. Raises the ImageError or ModelError that fits.
    """
    opened = Photo(photo)
    size = opened.width, opened.height
    found = analyzer.candidates(photo, _DOUBT_CONFIDENCE)
    faces = [face for face in found if face.confidence >= COVER_CONFIDENCE]
    mask = mask_of(covering.regions([face for face in faces if not covering.left_open(face.box)]), *size)
    doubts = [
        Doubt(0.0, region_of(face).box.xyxy, Reason.NOT_COVERED, face.confidence)
        for face in found
        if face.confidence < COVER_CONFIDENCE
        and min(face.box.width, face.box.height) >= _LEAST_PX
        and not covering.left_open(face.box)
        and hidden_share(mask, face.box) < COVERED
    ]
    moments = [_moment(doubt, doubt.where, size) for doubt in doubts]
    return heapq.nlargest(_MOST_OF_A_PHOTO, moments, key=lambda moment: moment.weight)


def _moment(worst: Doubt, where: Corners, size: tuple[int, int], span: Span | None = None) -> Moment:
    """A doubt as a moment: what is large is known sooner, and counts for more."""
    left, top, right, bottom = worst.where
    weight = worst.weight * math.sqrt(min(1.0, min(right - left, bottom - top) / _LARGE_PX))
    return Moment(_WORDS[worst.reason], weight, _within(where, size), span)


def _within(corners: Corners, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """These in whole pixels of a picture of that size, and at least one of it."""
    left, top, right, bottom = corners
    x = min(max(math.floor(left), 0), size[0] - 1)
    y = min(max(math.floor(top), 0), size[1] - 1)
    return x, y, max(min(math.ceil(right), size[0]), x + 1), max(min(math.ceil(bottom), size[1]), y + 1)


def _grouped(doubts: Sequence[Doubt]) -> list[list[Doubt]]:
    """Doubts, in the order of their times, that are of one place and follow one another."""
    groups: list[list[Doubt]] = []
    open_groups: list[list[Doubt]] = []
    for doubt in doubts:
        open_groups = [group for group in open_groups if _follows(doubt, group)]
        own = next((group for group in open_groups if _same_place(doubt.where, group[0].where)), None)
        if own is None:
            own = []
            groups.append(own)
            open_groups.append(own)
        own.append(doubt)
    return groups


def _follows(doubt: Doubt, group: Sequence[Doubt]) -> bool:
    return doubt.time_ms - group[-1].time_ms <= _JOINED_MS and doubt.time_ms - group[0].time_ms <= _LONGEST_MS


def _same_place(a: Corners, b: Corners) -> bool:
    """Whether the middle of either lies within the other."""
    return holds_middle(a, b) or holds_middle(b, a)
