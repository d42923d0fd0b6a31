"""Face recognition for people who said yes: offline, with measured error rates.

    >>> import visavis
    >>> faces = visavis.detect("group.jpg")                       # doctest: +SKIP
    >>> visavis.compare("badge.jpg", "door.jpg").similarity       # doctest: +SKIP

`detect`, `compare` and `redact` share one `Analyzer`, made at first use; whoever wants
other settings makes their own. No model is loaded at import.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.metadata import version

from visavis.analysis import Analyzer
from visavis.comparison import DEFAULT_MAX_FMR, Calibration, Comparison, compare_templates, mean_template
from visavis.errors import VisavisError
from visavis.faces import Box, Face, Landmarks, ModelIdentity, Point, Pose, Quality, Template
from visavis.imaging import ImageSource, Limits
from visavis.redaction.covering import Covering
from visavis.redaction.masks import Shape
from visavis.redaction.photos import file_of
from visavis.redaction.redact import redact as _redact
from visavis.redaction.styles import Style

__all__ = [
    "Analyzer",
    "Box",
    "Calibration",
    "Comparison",
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
    "VisavisError",
    "compare",
    "compare_templates",
    "detect",
    "mean_template",
    "redact",
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
    also: these boxes are covered besides, both in pixels of the upright photo. Raises a VisavisError for what cannot be read.
    """
    covering = Covering(style, shape, tuple(keep), tuple(also))
    return _redact(_shared_analyzer(), file_of(photo), covering).photo


@cache
def _shared_analyzer() -> Analyzer:
    return Analyzer()
