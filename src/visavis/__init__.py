"""Face recognition for people who said yes: offline, with measured error rates.

    >>> import visavis
    >>> faces = visavis.detect("group.jpg")                       # doctest: +SKIP
    >>> visavis.compare("badge.jpg", "door.jpg").similarity       # doctest: +SKIP

`detect` and `compare` share one `Analyzer`, made at first use; whoever wants
other settings makes their own. No model is loaded at import.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

from visavis.analysis import Analyzer
from visavis.comparison import DEFAULT_MAX_FMR, Calibration, Comparison, compare_templates, mean_template
from visavis.errors import VisavisError
from visavis.faces import Box, Face, Landmarks, ModelIdentity, Point, Pose, Quality, Template
from visavis.imaging import ImageSource, Limits

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
    "Template",
    "VisavisError",
    "compare",
    "compare_templates",
    "detect",
    "mean_template",
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


@cache
def _shared_analyzer() -> Analyzer:
    return Analyzer()
