"""From what was seen in the frames of a film to what is covered in each: a stream, in bounded memory.

What is covered in a frame depends on the frames of a few seconds before and after it, and on no others.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.redaction.cuts import with_cuts
from visavis.redaction.links import LONGEST_GAP_MS, link
from visavis.redaction.review import Doubt, Reviewer
from visavis.redaction.sightings import Look
from visavis.redaction.tracks import HOLD_MS, REACH_MS, Corners, Sighting, Track

_AHEAD_MS = max(REACH_MS, LONGEST_GAP_MS) + HOLD_MS
# What bounds the price of a film made to be costly.
_MOST_AHEAD, _MOST_SIGHTINGS, _MOST_TRACKS = 2000, 300, 500


@dataclass(frozen=True, slots=True)
class Covers:
    """What is covered in one frame: regions_xywh (M, 4) in pixels, for `masks.Region`; and what was found doubtful since the last.

    A doubt may concern an earlier frame than this one, never a later one. spared: whether somebody is left open who agreed.
    """

    time_ms: float
    regions_xywh: NDArray[np.float32]
    doubts: tuple[Doubt, ...] = ()
    spared: bool = False


def covers(looks: Iterable[Look], width_px: int, height_px: int) -> Iterator[Covers]:
    """The covers of each frame of a film, in order, one for each look; times of the looks rise.

    width_px, height_px: of the upright frames. About 3 seconds of looks are held at a time.
    """
    following = _Following(width_px, height_px)
    for look, begins_scene in with_cuts(looks):
        yield from following.add(look, begins_scene=begins_scene)
    yield from following.rest()


class _Following:
    """The tracks of the frames at hand."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self._scene = 0
        self._newest_ms = 0.0
        self._waiting: deque[tuple[float, int]] = deque()
        self._tracks: list[Track] = []
        self._reviewer = Reviewer(width_px, height_px)

    def add(self, look: Look, *, begins_scene: bool) -> Iterator[Covers]:
        """Take the next frame; give those that nothing to come can change."""
        self._scene += begins_scene
        self._newest_ms = look.time_ms
        self._link(look)
        self._waiting.append((look.time_ms, self._scene))
        while look.time_ms - self._waiting[0][0] > _AHEAD_MS or len(self._waiting) > _MOST_AHEAD:
            yield self._next()

    def rest(self) -> Iterator[Covers]:
        """The frames that are left at the film's end."""
        self._continuable(math.inf)
        while self._waiting:
            yield self._next()

    def _link(self, look: Look) -> None:
        """Continue tracks with the sightings of a frame, or begin them."""
        sightings = _sightings(look)
        tracks = self._continuable(look.time_ms)
        taken: set[int] = set()
        if tracks and sightings:
            ends = np.array([track.last.box for track in tracks])
            gaps_ms = np.array([look.time_ms - track.last.time_ms for track in tracks])
            boxes = np.array([sighting.box for sighting in sightings])
            for i, k in link(ends, gaps_ms, boxes):
                self._reviewer.linked(tracks[i].last, sightings[k])
                tracks[i].add(sightings[k])
                taken.add(k)
        for k, sighting in enumerate(sightings):
            if k not in taken:
                self._tracks.append(Track(self._scene))
                self._tracks[-1].add(sighting)

    def _continuable(self, time_ms: float) -> list[Track]:
        """Tracks of this scene not lost for too long; those that came to nothing are forgotten."""
        tracks, left = [], []
        for track in self._tracks:
            lost = track.scene != self._scene or time_ms - track.last.time_ms > LONGEST_GAP_MS
            if not lost:
                tracks.append(track)
            elif not track.started_ms:
                self._reviewer.came_to_nothing(track)
                continue
            left.append(track)
        self._tracks = left
        return tracks[-_MOST_TRACKS:]

    def _next(self) -> Covers:
        """What is covered in the frame that waited longest."""
        time_ms, scene = self._waiting.popleft()
        mine = [track for track in self._tracks if track.scene == scene]
        regions = {track: region for track in mine if (region := track.cover(time_ms))}
        spared = any(track.is_open(time_ms) for track in mine)
        self._tracks = [track for track in self._tracks if not self._is_over(track, time_ms, scene)]
        doubts = self._reviewer.frame(time_ms, scene, regions)
        return Covers(time_ms, _xywh(regions.values()), doubts, spared)

    def _is_over(self, track: Track, time_ms: float, scene: int) -> bool:
        """Whether nothing is covered for a track after this moment, nor can it be continued."""
        if track.scene == scene == self._scene and self._newest_ms - track.last.time_ms <= LONGEST_GAP_MS:
            return False
        return track.scene < scene or (track.scene == scene and time_ms > track.last.time_ms + HOLD_MS)


def _sightings(look: Look) -> list[Sighting]:
    """The surest of a frame, as tracks keep them."""
    order = np.argsort(-look.scores, kind="stable")[:_MOST_SIGHTINGS]
    regions = look.regions_xywh[order].astype(np.float64)
    regions[:, 2:] += regions[:, :2]
    rows = zip(
        look.xyxy[order].tolist(),
        regions.tolist(),
        look.scores[order].tolist(),
        look.compared[order].tolist(),
        look.kept[order].tolist(),
        strict=True,
    )
    return [
        Sighting(look.time_ms, tuple(box), tuple(region), score, kept if compared else None)
        for box, region, score, compared, kept in rows
    ]


def _xywh(regions: Iterable[Corners]) -> NDArray[np.float32]:
    xyxy = np.array(list(regions), np.float64).reshape(-1, 4)
    return np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1).astype(np.float32)
