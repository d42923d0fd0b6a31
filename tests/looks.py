"""Looks at frames that never were, for tests of tracks and covers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from visavis.redaction.sightings import Look

FRAME_MS = 40.0
WIDTH_PX, HEIGHT_PX = 1280, 720


@dataclass(frozen=True, slots=True)
class Seen:
    """A square face: its middle, its side, how sure it is, and whether somebody to spare was recognised; None: not compared."""

    x: float = 640
    y: float = 360
    side: float = 60
    score: float = 0.9
    kept: bool | None = None

    @property
    def box(self) -> tuple[float, float, float, float]:
        half = self.side / 2
        return self.x - half, self.y - half, self.x + half, self.y + half


def look_at(time_ms: float, seen: Sequence[Seen], grey: int = 100) -> Look:
    """A look at a plain frame; a region is a fifth larger than its box at each side."""
    xyxy = np.array([one.box for one in seen], np.float32).reshape(-1, 4)
    sides = xyxy[:, 2:] - xyxy[:, :2]
    regions = np.concatenate([xyxy[:, :2] - 0.2 * sides, 1.4 * sides], axis=1)
    scores = np.array([one.score for one in seen], np.float32)
    compared = np.array([one.kept is not None for one in seen], bool)
    kept = np.array([bool(one.kept) for one in seen], bool)
    return Look(time_ms, xyxy, regions, scores, compared, kept, np.full(192, grey, np.uint8))


def film_of(frames: Iterable[Sequence[Seen]], frame_ms: float = FRAME_MS) -> list[Look]:
    """Looks at these frames, one every `frame_ms`."""
    return [look_at(i * frame_ms, seen) for i, seen in enumerate(frames)]


def backwards(looks: Sequence[Look]) -> list[Look]:
    """The film from its end."""
    return [replace(look, time_ms=looks[-1].time_ms - look.time_ms) for look in reversed(looks)]


def holds(regions_xywh: NDArray[np.float32], box: Sequence[float]) -> bool:
    """Whether one of these regions holds a box xyxy whole."""
    left, top, right, bottom = box
    corners = np.concatenate([regions_xywh[:, :2], regions_xywh[:, :2] + regions_xywh[:, 2:]], axis=1)
    slack = 0.01
    return bool(
        np.any(
            (corners[:, 0] <= left + slack)
            & (corners[:, 1] <= top + slack)
            & (corners[:, 2] >= right - slack)
            & (corners[:, 3] >= bottom - slack)
        )
    )
