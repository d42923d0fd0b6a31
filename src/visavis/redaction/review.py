"""Where a face may have been missed in a film: the frames that a person should look at first."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum

from visavis.redaction.tracks import START_SCORE, Corners, Sighting, Track, holds_middle

_LONG_MS = 500.0
_JUMP, _AT_ONCE_MS = 1.5, 150.0
_EDGE = 0.1  # over a box's size: nearer to the picture's edge, a face has come or gone over it
_LIGHTER = 0.5  # what a doubt about a face that is covered weighs, against one about a face that is not


class Reason(StrEnum):
    """Why a frame deserves a look."""

    NOT_COVERED = "not covered"
    """Something here is a little like a face, and is not covered."""
    BEGINS = "begins"
    """From the next frame on something is covered here, inside the picture: was it there before?"""
    ENDS = "ends"
    """Until the frame before something was covered here, inside the picture: is it still there?"""
    LOST = "lost"
    """A face was not found for more than half a second, and is covered by guess."""
    JUMP = "jump"
    """A face became much larger or smaller at once."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something to review: when (the frame that is then shown), where, why, and how much it matters, 0 to 1."""

    time_ms: float
    where: Corners
    reason: Reason
    weight: float


class Reviewer:
    """Gathers the doubts about a film while its tracks are made and its frames covered, in their order."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self._size = (width_px, height_px)
        self._doubts: list[Doubt] = []
        self._uncovered: dict[float, list[Sighting]] = defaultdict(list)
        self._covered: dict[Track, Corners] = {}
        self._shown: tuple[float, int] | None = None

    def linked(self, before: Sighting, after: Sighting) -> None:
        """A track was continued."""
        gap_ms, score = after.time_ms - before.time_ms, min(before.score, after.score)
        if score < START_SCORE:
            return
        if gap_ms > _LONG_MS:
            self._add(before.time_ms + gap_ms / 2, before.region, Reason.LOST, _LIGHTER * score)
        growth = _area(after.box) / max(_area(before.box), 1.0)
        if max(growth, 1 / max(growth, 1e-6)) > _JUMP**2 and gap_ms < _AT_ONCE_MS:
            self._add(after.time_ms, after.region, Reason.JUMP, _LIGHTER * score)

    def came_to_nothing(self, track: Track) -> None:
        """A track ended without a sure sighting: nothing is covered for it."""
        best = max(track.sightings, key=lambda sighting: sighting.score)
        self._uncovered[best.time_ms].append(best)

    def frame(self, time_ms: float, scene: int, covered: dict[Track, Corners]) -> tuple[Doubt, ...]:
        """The doubts since the last frame; covered: what is covered in this one."""
        if self._shown and self._shown[1] == scene:
            self._begun(self._shown[0], time_ms, covered)
            self._ended(time_ms, covered)
        for sighting in self._uncovered.pop(time_ms, []):
            self._add_open(time_ms, sighting, Reason.NOT_COVERED, sighting.score, covered)
        self._covered, self._shown = covered, (time_ms, scene)
        doubts, self._doubts = tuple(self._doubts), []
        return doubts

    def _begun(self, shown_ms: float, time_ms: float, covered: dict[Track, Corners]) -> None:
        for track in covered:
            first = track.sightings[0]
            if track not in self._covered and time_ms <= first.time_ms and self._is_inside(first):
                self._add_open(shown_ms, first, Reason.BEGINS, track.best_score, self._covered)

    def _ended(self, time_ms: float, covered: dict[Track, Corners]) -> None:
        for track in self._covered:
            last = track.last
            if track not in covered and time_ms > last.time_ms and self._is_inside(last):
                self._add_open(time_ms, last, Reason.ENDS, track.best_score, covered)

    def _is_inside(self, sighting: Sighting) -> bool:
        left, top, right, bottom = sighting.box
        x, y = _EDGE * (right - left), _EDGE * (bottom - top)
        return left > x and top > y and right < self._size[0] - x and bottom < self._size[1] - y

    def _add_open(
        self, time_ms: float, sighting: Sighting, reason: Reason, weight: float, covered: dict[Track, Corners]
    ) -> None:
        """Add a doubt about what has no cover in a frame, unless that of another track is over it; covered: in that frame."""
        if not any(holds_middle(region, sighting.box) for region in covered.values()):
            self._add(time_ms, sighting.region, reason, weight)

    def _add(self, time_ms: float, where: Corners, reason: Reason, weight: float) -> None:
        self._doubts.append(Doubt(time_ms, where, reason, weight))


def _area(box: Corners) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
