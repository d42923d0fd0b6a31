"""Face recognition for people who said yes: offline, with measured error rates.

    >>> import visavis
    >>> faces = visavis.detect("group.jpg")                       # doctest: +SKIP
    >>> visavis.compare("badge.jpg", "door.jpg").similarity       # doctest: +SKIP

`detect`, `compare`, `redact` and `redact_video` share one `Analyzer`, made at first use; whoever wants
other settings makes their own. No model is loaded at import.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from visavis.analysis import Analyzer
from visavis.comparison import DEFAULT_MAX_FMR, Calibration, Comparison, compare_templates, mean_template
from visavis.errors import UnsupportedImageError, VisavisError
from visavis.extras import require_extra
from visavis.faces import Box, Face, Landmarks, ModelIdentity, Point, Pose, Quality, Template
from visavis.imaging import ImageSource, Limits
from visavis.redaction.corrections import Correction
from visavis.redaction.covering import Covering, VideoCovering
from visavis.redaction.masks import Shape
from visavis.redaction.photos import file_of
from visavis.redaction.redact import redact as _redact
from visavis.redaction.styles import Style

if TYPE_CHECKING:
    from visavis.redaction.videos import RedactedVideo

__all__ = [
    "Analyzer",
    "Box",
    "Calibration",
    "Comparison",
    "Correction",
    "Face",
    "ImageSource",
    "Landmarks",
    "Limits",
    "ModelIdentity",
    "Point",
    "Pose",
    "Quality",
    "Shape",
    "Style",
    "Template",
    "VideoCovering",
    "VisavisError",
    "compare",
    "compare_templates",
    "detect",
    "mean_template",
    "redact",
    "redact_video",
]

__version__ = version("visavis")


def detect(photo: ImageSource) -> list[Face]:
    """Faces of a photo, largest first, without templates; none is an empty list.

    photo: a path, the bytes of a file, an open binary file, or an array
    (height, width, 3) of uint8 RGB. Raises a VisavisError for what cannot be read.
    """
    return _shared_analyzer().detect(photo)


def compare(probe: ImageSource, reference: ImageSource, max_fmr: float = DEFAULT_MAX_FMR) -> Comparison:
    """Compare the largest face of each of two photos.

    max_fmr: how often, at most, two different people may be taken for one; 1e-3
    unless told. Raises NoFaceError where a photo shows no face, or another
    VisavisError for what cannot be read.
    """
    return _shared_analyzer().compare(probe, reference, max_fmr)


def redact(
    photo: ImageSource,
    *,
    style: Style = Style.SOLID,
    shape: Shape = Shape.ELLIPSE,
    keep: Iterable[Box] = (),
    also: Iterable[Box] = (),
) -> bytes:
    """A photo with every face covered, as a file of the same format without any metadata; of an array, a PNG.

    style: only SOLID leaves nothing of what it covers. keep: faces whose middle lies in one of these boxes are not covered;
    also: these boxes are covered besides, both in pixels of the upright photo. Raises CoverError for a style or shape that there is
    not, CorrectionError where one of the latter lies outside of the photo, and another VisavisError for what cannot be read.
    """
    covering, file = Covering(style, shape, tuple(keep), tuple(also)), file_of(photo)
    try:
        return _redact(_shared_analyzer(), file, covering).photo
    except UnsupportedImageError as error:
        raise UnsupportedImageError(
            error.message, hint=f"{error.hint}; videos are for `redact_video`"
        ) from None


def redact_video(
    source: str | PathLike[str],
    target: str | PathLike[str],
    covering: VideoCovering = VideoCovering(),  # noqa: B008  frozen
    *,
    audio: bool = True,
) -> RedactedVideo:
    """Write a video with every face covered, without any metadata, to a new file whose ending names its format.

    covering: how, and what is corrected by hand. audio: whether the sound is kept. The file appears when it is complete; a run that
    is cut off begins anew, where the command line's goes on. Raises a VisavisError for what cannot be read or written,
    OutputExistsError where there is a file of that name, CorrectionError where a box to be covered is in no frame. Needs the extra `video`.
    """
    require_extra("video", "av")
    from visavis.redaction.video_files import redact_to

    return redact_to(_shared_analyzer(), Path(source), Path(target), covering, audio=audio)


@cache
def _shared_analyzer() -> Analyzer:
    return Analyzer()
