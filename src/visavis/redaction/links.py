"""Which sighting of a frame continues which track: pure arithmetic of boxes and times."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LONGEST_GAP_MS = 2000.0
"""A face that is found again after so long, near where it was lost, was there all the while."""

# How far a face may have moved, over its size: at once, and for each second that it was not seen; and how much larger or smaller it
# may have become.
_REACH, _REACH_A_SECOND, _FURTHEST = 0.5, 2.0, 1.5
_GROWTH, _GROWTH_A_SECOND, _MOST_GROWTH = 1.6, 1.0, 2.2


def link(
    ends_xyxy: NDArray[np.float32], gaps_ms: NDArray[np.float64], boxes_xyxy: NDArray[np.float32]
) -> list[tuple[int, int]]:
    """Pairs of a track and a sighting that continues it, each at most once, the nearest first.

    ends_xyxy: (E, 4) where each track was seen last; gaps_ms: (E,) how long ago that was; boxes_xyxy: (N, 4) of this frame.
    """
    distances = _distances(ends_xyxy.astype(np.float64), gaps_ms, boxes_xyxy.astype(np.float64))
    rows, columns = np.nonzero(np.isfinite(distances))
    order = np.lexsort((columns, rows, distances[rows, columns]))
    pairs: list[tuple[int, int]] = []
    taken_rows: set[int] = set()
    taken_columns: set[int] = set()
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if row not in taken_rows and column not in taken_columns:
            pairs.append((row, column))
            taken_rows.add(row)
            taken_columns.add(column)
    return pairs


def _distances(
    ends: NDArray[np.float64], gaps_ms: NDArray[np.float64], boxes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How unlike an unmoved face each pair (E, N) is, over the face's size; infinite where it cannot be one face."""
    seconds = gaps_ms[:, None] / 1000
    sizes, new_sizes = (np.sqrt(np.prod(xyxy[:, 2:] - xyxy[:, :2], axis=1)) for xyxy in (ends, boxes))
    sizes = sizes[:, None]
    moved = (ends[:, None, :2] + ends[:, None, 2:] - boxes[:, :2] - boxes[:, 2:]) / 2
    # By the mean of both sizes: a track must not depend on the direction in which a film is read.
    distance = np.hypot(moved[..., 0], moved[..., 1]) / ((sizes + new_sizes) / 2)
    growth = np.maximum(sizes, new_sizes) / np.minimum(sizes, new_sizes)
    possible = distance <= np.minimum(_REACH + _REACH_A_SECOND * seconds, _FURTHEST)
    possible &= growth <= np.minimum(_GROWTH + _GROWTH_A_SECOND * seconds, _MOST_GROWTH)
    possible &= seconds <= LONGEST_GAP_MS / 1000
    return np.where(possible, distance + np.log(growth) + seconds, np.inf)
