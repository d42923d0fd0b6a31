"""Where one scene of a film ends and the next begins, by pictures of a few hundred grey pixels.

A cut that is not noticed covers a little too much for half a second; one that is imagined uncovers a face behind a hand. So
a cut must stand out: the pictures beside it differ more than a film's own motion, and a flash, after which all is as before, is none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from visavis.redaction.sightings import Look

SIGNATURE_ROWS, SIGNATURE_COLUMNS = 12, 16
"""A signature is a grey picture of these sides, row by row."""

_LEAST_CHANGE = 24.0  # mean difference of grey levels, 0 to 255
_TIMES_MOTION = 2.5


def with_cuts(looks: Iterable[Look]) -> Iterator[tuple[Look, bool]]:
    """Each look of a film, and whether a scene begins with it; one look further is asked for before a look is given."""
    window: deque[Look] = deque(maxlen=4)
    for look in looks:
        window.extend(
            [look] * (1 if window else 3)
        )  # before the first all is as in the first; so it is after the last
        if len(window) == 4:
            yield window[2], _is_cut(*window)
    if window:
        window.append(window[-1])
        yield window[2], _is_cut(*window)


def _is_cut(*looks: Look) -> bool:
    """Whether a scene begins in the middle of these four looks in a row."""
    first, before, after, last = (look.signature.astype(np.float64) for look in looks)
    lasting = min(_change(before, after), _change(first, after), _change(before, last))
    motion = max(_change(first, before), _change(after, last))
    return lasting >= max(_LEAST_CHANGE, _TIMES_MOTION * motion)


def _change(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(np.abs(a - b).mean())
