"""A video's file redacted to another file, all at once."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from visavis.analysis import Analyzer
from visavis.errors import OutputExistsError
from visavis.files import unwritable, whole_file
from visavis.redaction.covering import VideoCovering
from visavis.redaction.videos import RedactedVideo, VideoRedaction
from visavis.redaction.watching import looker
from visavis.redaction.workshop import Workshop
from visavis.video.formats import video_format_of
from visavis.video.muxing import Audio
from visavis.video.source import Video


def redact_to(
    analyzer: Analyzer, source: Path, target: Path, covering: VideoCovering, *, audio: bool = True
) -> RedactedVideo:
    """Write a video with its faces covered to a new file. What is under way lies in a temporary folder meanwhile.

    Raises the VideoError that fits, CorrectionError, OutputExistsError, OutputFullError and OutputUnwritableError.
    """
    written = video_format_of(target)
    if os.path.lexists(target):
        raise OutputExistsError
    try:
        with tempfile.TemporaryDirectory() as folder:
            video = Video(source)
            redaction = VideoRedaction(
                video,
                looker(analyzer),
                Workshop(Path(folder)),
                covering,
                written,
                Audio.KEEP if audio else Audio.DROP,
            )
            done = redaction.cover()
            with whole_file(target, new=True) as file:
                redaction.write(file)
    except FileExistsError:
        raise OutputExistsError from None
    except OSError as error:
        raise unwritable("the output", error) from None
    return done
