"""Where one scene of a film ends and the next begins, by pictures of a few hundred grey pixels.

A cut that is not noticed covers a little too much for half a second; one that is imagined uncovers a face behind a hand. So
a cut must stand out: the pictures beside it differ more than a film's own motion, and a flash, after which all is as before, is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from visavis.redaction.sightings import Look

SIGNATURE_ROWS, SIGNATURE_COLUMNS = 12, 16
_LEAST_CHANGE = 24.0  # mean difference of grey levels, 0 to 255
_TIMES_MOTION = 2.5


def signature_of(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A small grey picture (192,) of a frame (H, W, 3) of at least 16 x 12 pixels, of means over equal blocks."""
    height, width = (side // blocks * blocks for side, blocks in zip(rgb.shape, (12, 16), strict=False))
    green = rgb[:height, :width, 1]  # most of what the eye calls brightness
    blocks = green.reshape(SIGNATURE_ROWS, height // SIGNATURE_ROWS, SIGNATURE_COLUMNS, -1)
    return np.asarray(blocks.mean(axis=(1, 3)).astype(np.uint8).ravel())


def with_cuts(looks: Iterable[Look]) -> Iterator[tuple[Look, bool]]:
    """Each look of a film, and whether a scene begins with it; one look further is asked for before a look is given."""
    first = before = after = None
    for last in looks:
        if after is not None:
            yield after, before is not None and _is_cut(first or before, before, after, last)
        first, before, after = before, after, last
    if after is not None:
        yield after, before is not None and _is_cut(first or before, before, after, after)


def _is_cut(*looks: Look) -> bool:
    """Whether a scene begins in the middle of these four looks in a row."""
    first, before, after, last = (look.signature.astype(np.float64) for look in looks)
    lasting = min(_change(before, after), _change(first, after), _change(before, last))
    motion = max(_change(first, before), _change(after, last))
    return lasting >= max(_LEAST_CHANGE, _TIMES_MOTION * motion)


def _change(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(np.abs(a - b).mean())
