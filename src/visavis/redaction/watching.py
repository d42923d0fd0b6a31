"""Looking at the frames of a video, and recognising in some of them who agreed to be shown."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from visavis.analysis import Analyzer
from visavis.models.yunet import Detections
from visavis.redaction.looking import as_look, look
from visavis.redaction.redact import Spare
from visavis.redaction.sightings import Look
from visavis.video.frames import Frame


def looker(analyzer: Analyzer, spare: Spare | None = None) -> Callable[[Frame, int, bool], Look]:
    """What looks at frames, for `redact_video`. spare: who is not covered, by default nobody."""
    yunet = analyzer.detector()

    def seen(frame: Frame, number: int, recognise: bool) -> Look:  # noqa: FBT001  the caller's order, of one kind
        size = frame.picture.width, frame.picture.height
        found, signature = look(frame.rgb, *size, number, yunet)
        kept = None
        if recognise and spare and len(found):
            kept = _recognised(analyzer, spare, frame.rgb(*size), found)
        return as_look(float(frame.timestamp_ms), found, signature, kept)

    return seen


def _recognised(
    analyzer: Analyzer, spare: Spare, rgb: NDArray[np.uint8], found: Detections
) -> NDArray[np.bool_]:
    """(N,) of all that was found: whether it is somebody to spare. The pictures and templates live as long as this call."""
    return np.array(spare(rgb, analyzer.describe(rgb, found)), bool)
