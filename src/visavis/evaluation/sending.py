"""Photos as Rekognition's API takes them: JPEG or PNG, of at most 5 MB."""

from __future__ import annotations

import io
import math
from pathlib import Path

from PIL import Image

from visavis.imaging import Photo

MAX_BYTES = 5 * 1024 * 1024
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_QUALITY = 95


def goes_as_it_is(path: Path) -> bool:
    """Whether the file can be sent unchanged; a file that cannot be read is left for `to_send` to refuse."""
    try:
        with path.open("rb") as file:
            return file.read(8).startswith(_BEGINNINGS) and path.stat().st_size <= MAX_BYTES
    except OSError:
        return False


def to_send(path: Path) -> bytes:
    """The file, or where it is of another format or too large: an upright JPEG of the photo, no larger than it must be.

    Raises the ImageError that fits.
    """
    if goes_as_it_is(path):
        try:
            return path.read_bytes()
        except OSError:
            pass  # gone since: the photo says so as it does of any file
    return _encoded(Photo(path).image())


def _encoded(image: Image.Image) -> bytes:
    while True:
        data = io.BytesIO()
        image.save(data, "JPEG", quality=_QUALITY)
        if data.tell() <= MAX_BYTES:
            return data.getvalue()
        scale = 0.95 * math.sqrt(MAX_BYTES / data.tell())
        smaller = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        image = image.resize(smaller, Image.Resampling.LANCZOS)
