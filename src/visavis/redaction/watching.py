"""Looking at the frames of a video, and recognising in some of them who agreed to be shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from visavis.analysis import Analyzer
from visavis.models.yunet import Detections
from visavis.redaction.looking import as_look, look
from visavis.redaction.redact import Spare
from visavis.redaction.sightings import Look
from visavis.video.frames import Frame, shown_size


def looker(analyzer: Analyzer, spare: Spare | None = None) -> Callable[[Frame, int, bool], Look]:
    """What looks at frames, for `videos.VideoRedaction`. spare: who is not covered, by default nobody."""
    yunet = analyzer.detector()

    def seen(frame: Frame, number: int, recognise: bool) -> Look:  # noqa: FBT001  the caller's order, of one kind
        size = frame.picture.width, frame.picture.height
        found, signature = look(frame.rgb, size, number, yunet, frame.pixel_aspect)
        spared: Sequence[bool | None] = [None] * len(found)
        if recognise and spare and len(found):
            spared = _spared(analyzer, spare, frame, found)
        return as_look(float(frame.timestamp_ms), found, signature, spared)

    return seen


def _spared(analyzer: Analyzer, spare: Spare, frame: Frame, found: Detections) -> Sequence[bool | None]:
    """Of each that was found, see `redact.Spare`. The pictures and templates live as long as this call.

    Compared are faces in the shape in which they are shown.
    """
    width, height = frame.picture.width, frame.picture.height
    shown = shown_size(width, height, frame.pixel_aspect)
    rgb = frame.rgb(*shown)
    faces = found.moved((0, 0), (shown[0] / width, shown[1] / height))
    return spare(rgb, analyzer.describe(rgb, faces))
