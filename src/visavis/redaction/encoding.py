"""Pixels to files that hold nothing but pixels: no metadata, no thumbnail, no profile, no comment."""

from __future__ import annotations

import io
from enum import StrEnum
from pathlib import PurePath
from typing import Any

from PIL import Image, JpegImagePlugin

from visavis.errors import OutputFormatError

_LUMINANCE_SUM = 3689
"""Of the 64 divisors that JPEG's standard (ITU-T T.81, table K.1) gives for luminance, which encoders take at quality 50."""

_LOWEST_QUALITY, _USUAL_QUALITY, _HIGHEST_QUALITY = 60, 90, 95


class Format(StrEnum):
    """The formats that photos are written in, by their names in Pillow."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    TIFF = "TIFF"
    BMP = "BMP"
    GIF = "GIF"
    HEIF = "HEIF"
    AVIF = "AVIF"

    @property
    def media_type(self) -> str:
        """Its name in HTTP."""
        return "image/heic" if self is Format.HEIF else f"image/{self.value.lower()}"


_OPTIONS: dict[Format, dict[str, Any]] = {
    Format.JPEG: {"quality": _USUAL_QUALITY},
    Format.WEBP: {"quality": _USUAL_QUALITY},
    # By default these take 7 and 8 times as long, for a file of the same size and error.
    Format.HEIF: {"quality": _USUAL_QUALITY, "enc_params": {"preset": "ultrafast"}},
    Format.AVIF: {"quality": _USUAL_QUALITY, "speed": 9},
    Format.TIFF: {"compression": "tiff_adobe_deflate"},
}

_BY_SUFFIX = {
    suffix: written
    for written, suffixes in {
        Format.JPEG: ".jpg .jpeg .jpe .jfif",
        Format.PNG: ".png",
        Format.WEBP: ".webp",
        Format.TIFF: ".tif .tiff",
        Format.BMP: ".bmp",
        Format.GIF: ".gif",
        Format.HEIF: ".heic .heif",
        Format.AVIF: ".avif",
    }.items()
    for suffix in suffixes.split()
}


def format_of(name: PurePath) -> Format:
    """The format that a file's ending names; raises OutputFormatError."""
    try:
        return _BY_SUFFIX[name.suffix.lower()]
    except KeyError:
        raise OutputFormatError from None


def encode(image: Image.Image, written: Format, source: bytes = b"") -> bytes:
    """A file of an RGB picture's pixels alone, about as good as the source was, where that is one of the same format.

    Raises OutputFormatError where the format cannot hold so large a picture.
    """
    bare = Image.new("RGB", image.size)
    bare.paste(image)  # the pixels; whatever else came with the picture stays behind
    if written is Format.HEIF:
        import pillow_heif  # here, since most photos do without its 20 ms

        pillow_heif.register_heif_opener()
    file = io.BytesIO()
    try:
        bare.save(file, written.value, **_options(written, source))
    except (OSError, ValueError, RuntimeError):
        raise OutputFormatError from None
    return file.getvalue()


def _options(written: Format, source: bytes) -> dict[str, Any]:
    if written is Format.JPEG and source.startswith(b"\xff\xd8"):
        return _as_good_as(source)
    if written is Format.WEBP and source[12:16] == b"VP8L":
        return {"lossless": True}
    return _OPTIONS.get(written, {})


def _as_good_as(jpeg: bytes) -> dict[str, Any]:
    """Quality and sampling near a JPEG's own. Its very tables are not taken: they tell cameras and programs apart."""
    image = Image.open(io.BytesIO(jpeg), formats=("JPEG",))
    tables: dict[int, list[int]] = getattr(image, "quantization", {})
    scale = 100 * sum(tables[min(tables)]) / _LUMINANCE_SUM if tables else 0
    # How the reference encoder scales its table, solved for the quality.
    quality = 5000 / scale if scale > 100 else 100 - scale / 2
    full = JpegImagePlugin.get_sampling(image) == 0
    return {
        "quality": round(min(max(quality, _LOWEST_QUALITY), _HIGHEST_QUALITY)),
        "subsampling": "4:4:4" if full else "4:2:0",
    }
