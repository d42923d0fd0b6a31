"""What was seen in one frame of a film: where something may be a face, and how sure that is. Pure NumPy, no pictures.

Sightings of neighbouring frames are linked so that a face which is not found for a moment stays covered. They carry no
identity: nothing of a face's looks is in them, and they live as long as the file is worked on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Look:
    """One frame: N sightings, in pixels of the upright picture.

    time_ms: when the frame is shown. xyxy: (N, 4) of detector boxes. regions_xywh: (N, 4) of what a cover of each would take.
    scores: (N,) of 0 to 1. compared: (N,) whether this was compared with those who agreed to be shown; kept: (N,) whether it then was
    one of them. signature: see `cuts`.
    """

    time_ms: float
    xyxy: NDArray[np.float32]
    regions_xywh: NDArray[np.float32]
    scores: NDArray[np.float32]
    compared: NDArray[np.bool_]
    kept: NDArray[np.bool_]
    signature: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.scores)
