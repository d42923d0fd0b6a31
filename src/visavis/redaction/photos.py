"""From a photo's file to a file of the same picture with parts of it covered, and nothing else in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from visavis.imaging import DEFAULT_LIMITS, ImageSource, Limits, Photo, read_file
from visavis.redaction.encoding import Format, encode
from visavis.redaction.masks import Region
from visavis.redaction.styles import Style, cover


def redact_photo(
    photo: bytes,
    regions: Sequence[Region],
    style: Style = Style.SOLID,
    written: Format | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """A file of the photo with these regions covered, upright, in sRGB, without any metadata.

    written: its format, by default the photo's own. Of an animation the first picture is written, of several pictures in
    a file the first; what was transparent is white, 16 bits become 8.

    Raises the ImageError that fits, and OutputFormatError.
    """
    opened = Photo(photo, limits)
    image = opened.image().copy()
    cover(image, regions, style)
    return encode(image, written or Format(opened.format), photo)


def file_of(photo: ImageSource, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """The bytes of a photo's file; an array becomes a PNG. Raises the ImageError that fits."""
    if isinstance(photo, np.ndarray):
        return encode(Photo(photo, limits).image(), Format.PNG)
    return read_file(photo, limits)
