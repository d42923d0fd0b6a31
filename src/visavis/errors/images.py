"""Photos that cannot be read, or show nobody."""

from __future__ import annotations

from visavis.errors.base import VisavisError


class ImageError(VisavisError):
    """The photo cannot be used."""


class UnreadableImageError(ImageError):
    """The file cannot be opened."""

    hint = "check that it exists and that you may read it"


class UnsupportedImageError(ImageError):
    """This is not a photo in a format visavis reads."""

    hint = "use JPEG, PNG, WebP, TIFF, BMP, GIF, HEIC or AVIF"


class CorruptImageError(ImageError):
    """The photo is damaged or incomplete."""

    hint = "export or copy it again from its source"


class ImageTooLargeError(ImageError):
    """The photo is larger than the limits allow."""

    hint = "scale it down, or raise the limits where you trust its source"


class NoFaceError(VisavisError):
    """There is no face in the photo."""

    hint = "`visavis detect --draw out.png` shows what was found"
