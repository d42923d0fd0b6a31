"""Looking at the frames of a video, and recognising in some of them who agreed to be shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from visavis.analysis import Analyzer
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
        spared: Sequence[bool | None] = [None] * len(found)
        if recognise and spare and len(found):
            rgb = frame.rgb(*size)  # it and the templates of its faces live as long as this call
            spared = spare(rgb, analyzer.describe(rgb, found))
        return as_look(float(frame.timestamp_ms), found, signature, spared)

    return seen
