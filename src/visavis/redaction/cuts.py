"""Where one scene of a film ends and the next begins, by pictures of a few hundred grey pixels.

A cut that is not noticed covers a little too much for half a second; one that is imagined uncovers a face behind a hand. So
a cut must stand out: the pictures beside it differ more than a film's own motion, and a flash, after which all is as before, is none,
however many frames a second show it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from visavis.redaction.sightings import Look

SIGNATURE_ROWS, SIGNATURE_COLUMNS = 12, 16
"""A signature is a grey picture of these sides, row by row."""

FLASH_MS = 300.0
"""What is as it was before so long after it changed did not change, but flashed; so it is where the film is too slow to show that, after a frame."""

_LEAST_CHANGE = 24.0  # mean difference of grey levels, 0 to 255
_TIMES_MOTION = 2.5
_MOST_FRAMES = 100  # at each side of a cut, in a film made to be costly


def with_cuts(looks: Iterable[Look]) -> Iterator[tuple[Look, bool]]:
    """Each look of a film, in order of time, and whether a scene begins with it; looks of `FLASH_MS` more are asked for before one is given."""
    past: deque[Look] = deque(maxlen=_MOST_FRAMES)
    coming: deque[Look] = deque()
    for look in looks:
        coming.append(look)
        while coming[-1].time_ms - coming[0].time_ms > FLASH_MS or len(coming) > _MOST_FRAMES:
            yield coming[0], _is_cut(past, coming)
            past.append(coming.popleft())
    while coming:
        yield coming[0], _is_cut(past, coming)
        past.append(coming.popleft())


def _is_cut(past: Sequence[Look], coming: Sequence[Look]) -> bool:
    """Whether a scene begins between these looks."""
    if not past:
        return False
    before, after = _signatures(list(past)[::-1]), _signatures(list(coming))
    if _change(before[0], after[0]) < _LEAST_CHANGE:
        return False
    lasting = min(_change(before[0], one) for one in after), min(_change(after[0], one) for one in before)
    motion = max(_change(side[0], side[min(1, len(side) - 1)]) for side in (before, after))
    return min(lasting) >= max(_LEAST_CHANGE, _TIMES_MOTION * motion)


def _signatures(away: Sequence[Look]) -> list[NDArray[np.float64]]:
    """Of looks, the nearest to a cut first, those that belong to it: of `FLASH_MS`, and in any case of two."""
    near = [
        look
        for i, look in enumerate(away[:_MOST_FRAMES])
        if i < 2 or abs(look.time_ms - away[0].time_ms) <= FLASH_MS
    ]
    return [look.signature.astype(np.float64) for look in near]


def _change(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(np.abs(a - b).mean())
