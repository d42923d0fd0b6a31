"""From a photo to what a service may work with: one face, of the person who was named."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from visavis.analysis import Analyzer
from visavis.errors import PoorQualityError, UnreadableImageError
from visavis.faces import Face
from visavis.files import why
from visavis.imaging import Photo

LEAST_QUALITY = 0.2
"""A face of a lower quality score is not enrolled: as a reference it is missed about six times as often as a good one (benchmarks/quality.py)."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """A face to enrol. box_ratios: x, y, width, height over the photo's sides; sha256: of the file."""

    face: Face
    box_ratios: tuple[float, float, float, float]
    sha256: bytes


def read_photo(path: Path) -> bytes:
    """The bytes of a photo; raises UnreadableImageError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableImageError(f"the file cannot be read: {why(error, 'no access')}") from None


def portrait(analyzer: Analyzer, photo: bytes, *, largest: bool = False) -> Portrait:
    """The one face of a photo. largest: take the largest where there are several; the others get no template.

    Raises NoFaceError, SeveralFacesError, PoorQualityError, ImageError, ModelError.
    """
    face = analyzer.largest(photo) if largest else analyzer.only(photo)
    if face.quality.score < LEAST_QUALITY:
        reasons = ", ".join(reason.replace("_", " ") for reason in face.quality.reasons)
        raise PoorQualityError(f"the face is too poor to be a reference: {reasons or 'low quality'}")
    return portrait_of(face, photo)


def portrait_of(face: Face, photo: bytes) -> Portrait:
    """A face of a photo as what can be enrolled."""
    opened, box = Photo(photo), face.box
    ratios = box.x / opened.width, box.y / opened.height, box.width / opened.width, box.height / opened.height
    return Portrait(face, ratios, hashlib.sha256(photo).digest())
