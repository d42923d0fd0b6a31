"""A photo's faces found and covered; whom to spare is told by whoever calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from visavis.analysis import Analyzer
from visavis.faces import Face
from visavis.imaging import ImageSource, Photo
from visavis.redaction.corrections import check_boxes
from visavis.redaction.covering import Covering, Redacted
from visavis.redaction.encoding import Format
from visavis.redaction.masks import COVER_CONFIDENCE
from visavis.redaction.photos import redact_photo

Spare = Callable[[ImageSource, Sequence[Face]], Sequence[bool | None]]
"""From a photo and faces of it to whether each is spared; None for one that could not be compared with anybody, and is not."""


def redact(
    analyzer: Analyzer,
    photo: bytes,
    covering: Covering,
    *,
    spare: Spare | None = None,
    written: Format | None = None,
) -> Redacted:
    """Cover the faces of a photo but those that are kept by hand or spared. written: the format, by default the photo's own.

    Raises the ImageError or ModelError that fits, OutputFormatError, CorrectionError where a box to be covered lies outside of the
    photo, and what `spare` raises.
    """
    if covering.also:
        opened = Photo(photo)
        check_boxes(covering.also, opened.width, opened.height)
    faces = analyzer.candidates(photo, COVER_CONFIDENCE)
    others = [face for face in faces if not covering.left_open(face.box)]
    spared = spare(photo, others) if spare else [False] * len(others)
    covered = [face for face, left in zip(others, spared, strict=True) if not left]
    regions = covering.regions(covered)
    return Redacted(
        redact_photo(photo, regions, covering.style, written),
        covered=len(covered),
        kept=len(faces) - len(others),
        spared=len(others) - len(covered),
        regions=tuple(regions),
    )
