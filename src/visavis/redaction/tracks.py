"""One face through a scene, and what is covered for it at each moment, found or not. Pure arithmetic, no pictures.

A track is no person: it knows where something was seen, not who it is, and is let go with the frames that it covers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise

Corners = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels."""

START_SCORE, SURE_SCORE = 0.25, 0.8
"""From the first score on a sighting is covered by itself, from the second on it is taken for a face indeed."""

REACH_MS, BRIEF_REACH_MS = 2000.0, 100.0
"""A sighting below the first score is covered so long before and after one above it in the same track; the second of what may be no face."""

HOLD_MS, BRIEF_HOLD_MS = 500.0, 100.0
"""Before it is first and after it is last seen a face is covered for so long, where it was; what may be none, more briefly."""

KEPT_GAP_MS = 1000.0
"""Somebody who agreed is left open between two frames in which they were recognised, at most so far apart.

A face in between that could be compared and was not theirs closes it: somebody else may have come in their place.
"""

_NEARBY_MS = 50.0
# Over a region's size at each of its sides, for each second away from the nearest sighting; over the way between two
# sightings, at each side.
_WIDENING_A_SECOND, _WIDENING_BY_MOTION = 0.35, 0.25


@dataclass(frozen=True, slots=True)
class Sighting:
    """A track's sighting in one frame: the detector's box, and the region that a cover of it would take.

    kept: whether it was recognised as somebody who agreed to be shown; None where it was not compared.
    """

    time_ms: float
    box: Corners
    region: Corners
    score: float
    kept: bool | None


@dataclass(slots=True, eq=False)
class Track:
    """Sightings of one face within one scene, in the order of their times; those of long ago are let go.

    Its covers are asked for in the order of time, too.
    """

    scene: int
    sightings: deque[Sighting] = field(default_factory=deque)
    best_score: float = 0.0
    started_ms: deque[float] = field(default_factory=deque)
    sure_ms: deque[float] = field(default_factory=deque)
    compared: deque[tuple[float, bool]] = field(default_factory=deque)

    @property
    def last(self) -> Sighting:
        """Where it was seen last."""
        return self.sightings[-1]

    def add(self, sighting: Sighting) -> None:
        """Continue the track."""
        self.sightings.append(sighting)
        self.best_score = max(self.best_score, sighting.score)
        if sighting.score >= START_SCORE:
            self.started_ms.append(sighting.time_ms)
        if sighting.score >= SURE_SCORE:
            self.sure_ms.append(sighting.time_ms)
        if sighting.kept is not None:
            self.compared.append((sighting.time_ms, sighting.kept))

    def cover(self, time_ms: float) -> Corners | None:
        """What is covered at a moment; None where there is no face, or one that is left open."""
        self._let_go(time_ms)
        is_sure = _is_near(self.sure_ms, time_ms, REACH_MS)
        hold_ms, reach_ms = (HOLD_MS, REACH_MS) if is_sure else (BRIEF_HOLD_MS, BRIEF_REACH_MS)
        if not self.sightings[0].time_ms - hold_ms <= time_ms <= self.last.time_ms + hold_ms:
            return None
        if not _is_near(self.started_ms, time_ms, reach_ms) or self.is_open(time_ms):
            return None
        return self._around(time_ms)

    def is_open(self, time_ms: float) -> bool:
        """Whether the moment lies between two recognitions, near enough to each other, and no stranger was seen in between."""
        return any(
            first_kept and second_kept and first <= time_ms <= second and second - first <= KEPT_GAP_MS
            for (first, first_kept), (second, second_kept) in pairwise(islice(self.compared, 3))
        )

    def _let_go(self, time_ms: float) -> None:
        """Forget what tells nothing of this moment and later ones: of the past, all but the latest is."""
        while len(self.sightings) > 1 and self.sightings[1].time_ms < time_ms - _NEARBY_MS:
            self.sightings.popleft()
        for times in (self.started_ms, self.sure_ms):
            while len(times) > 1 and times[1] <= time_ms:
                times.popleft()
        while len(self.compared) > 1 and self.compared[1][0] < time_ms:
            self.compared.popleft()

    def _around(self, time_ms: float) -> Corners:
        """The regions of all sightings about now; if now there is none, where the face must be as well."""
        before = after = None
        nearby = []
        for sighting in self.sightings:
            if abs(sighting.time_ms - time_ms) <= _NEARBY_MS:
                nearby.append(sighting.region)
            if sighting.time_ms <= time_ms:
                before = sighting
            elif after is None:
                after = sighting
            if sighting.time_ms > time_ms + _NEARBY_MS:
                break
        if before is None or before.time_ms < time_ms:
            nearby.append(_between(before, after, time_ms))
        return union(nearby)


def _is_near(times_ms: deque[float], time_ms: float, reach_ms: float) -> bool:
    """Whether the first or the second of these is within reach: the last before the moment, and the next after it."""
    return any(abs(one - time_ms) <= reach_ms for one in islice(times_ms, 2))


def holds_middle(outer: Corners, inner: Corners) -> bool:
    """Whether the middle of a rectangle lies within another, its edges among it."""
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3]


def union(corners: Sequence[Corners]) -> Corners:
    """The smallest rectangle around all of these."""
    left, top, right, bottom = zip(*corners, strict=True)
    return min(left), min(top), max(right), max(bottom)


def _between(before: Sighting | None, after: Sighting | None, time_ms: float) -> Corners:
    """Where a face may be at a moment between two sightings, or beside one: wider, the further away they are."""
    if before is None or after is None:
        one = before or after
        assert one is not None
        return _widened(one.region, _WIDENING_A_SECOND * abs(time_ms - one.time_ms) / 1000, (0, 0))
    share = (time_ms - before.time_ms) / (after.time_ms - before.time_ms)
    left, top, right, bottom = (a + share * (b - a) for a, b in zip(before.region, after.region, strict=True))
    away_ms = min(time_ms - before.time_ms, after.time_ms - time_ms)
    moved = [
        abs(before.region[i] + before.region[i + 2] - after.region[i] - after.region[i + 2]) / 2
        for i in (0, 1)
    ]
    return _widened(
        (left, top, right, bottom),
        _WIDENING_A_SECOND * away_ms / 1000,
        (_WIDENING_BY_MOTION * moved[0], _WIDENING_BY_MOTION * moved[1]),
    )


def _widened(region: Corners, share: float, more_px: tuple[float, float]) -> Corners:
    left, top, right, bottom = region
    x, y = share * (right - left) + more_px[0], share * (bottom - top) + more_px[1]
    return left - x, top - y, right + x, bottom + y
