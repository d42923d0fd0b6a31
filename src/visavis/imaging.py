"""From a path, bytes, a file or an array to upright sRGB pixels, within limits.

A `Photo` knows its upright size from the header alone and decodes when pixels
are asked for, at the scale they are needed: a JPEG's decoder can leave out
detail, which makes large photos several times cheaper.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageFile, UnidentifiedImageError

from visavis.errors import (
    CorruptImageError,
    ImageError,
    ImageTooLargeError,
    UnreadableImageError,
    UnsupportedImageError,
)
from visavis.jpeg import JPEG_START, count_scans
from visavis.png import has_late_metadata

Pixels = NDArray[np.uint8]
ImageSource = str | os.PathLike[str] | bytes | bytearray | BinaryIO | Pixels

# In the order in which they are tried; a camera's MPO is read as the JPEG it begins with.
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "AVIF")
_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDES_SWAP = (5, 6, 7, 8)
_SCANS = 20  # of the largest photo; common encoders make 10 at most
_LEAST_PIXELS_A_SCAN = 2**16  # the smallest takes some time to set up
_STRIP_PIXELS = 2**22


@dataclass(frozen=True, slots=True)
class Limits:
    """What a photo may cost, checked before its pixels are decoded.

    max_bytes: size of the file. max_pixels: width x height; the default is
    where Pillow itself begins to warn of decompression bombs. The scans of a
    progressive JPEG may go over 20 times as many.
    """

    max_bytes: int = 100 * 1024 * 1024
    max_pixels: int = 89_478_485


DEFAULT_LIMITS = Limits()


class Photo:
    """An opened photo: its upright size at once, its pixels on demand.

    format: as Pillow names it, a camera's MPO as the JPEG it begins with; empty for an array.
    Not for sharing between threads. Raises the `ImageError` that fits, here or
    when pixels are asked for.
    """

    def __init__(self, source: ImageSource, limits: Limits = DEFAULT_LIMITS) -> None:
        self._decoded: dict[int, Image.Image] = {}
        self._data = b""
        if isinstance(source, np.ndarray):
            image, scans = _from_array(source), 1
            self._decoded[1] = image
        else:
            self._data = read_file(source, limits)
            scans = count_scans(self._data) if self._data.startswith(JPEG_START) else 1
            with _pillow_errors():
                image = _open(self._data)
        _check_pixels(image, scans, limits)
        self._is_jpeg = image.format in ("JPEG", "MPO")
        self.format = "JPEG" if self._is_jpeg else image.format or ""
        self._orientation = _orientation(image, self._data)
        sides = image.size[::-1] if self._orientation in _SIDES_SWAP else image.size
        self.width, self.height = sides

    @property
    def long_side(self) -> int:
        """The larger of width and height, in pixels."""
        return max(self.width, self.height)

    def is_first_of_several(self) -> bool:
        """Whether the file holds more pictures, pages say, which are not read. A JPEG's second one, a preview say, does not count."""
        if self._is_jpeg or not self._data:
            return False
        with suppress(ImageError), _pillow_errors():
            return bool(getattr(_open(self._data), "is_animated", False))
        return False

    def image(self, min_scale: float = 1.0) -> Image.Image:
        """Return the upright RGB picture, at `min_scale` of its size or a little larger.

        Its own scale is its width over the photo's. A scale above 1 gives 1:
        nothing is enlarged.
        """
        divisor = _divisor(min_scale)
        if divisor not in self._decoded:
            self._decoded[divisor] = self._reduced(divisor)
        return self._decoded[divisor]

    def _reduced(self, divisor: int) -> Image.Image:
        larger = max((d for d in self._decoded if d < divisor), default=None)
        if larger is None and not self._is_jpeg and divisor > 1:
            larger = 1
        if larger is not None:
            return self.image(1 / larger).reduce(divisor // larger)
        with _pillow_errors():
            image = _open(self._data)
            if self._is_jpeg and divisor > 1:
                image.draft(image.mode, (-(-image.width // divisor), -(-image.height // divisor)))
            # The file in one piece: in pieces, each is copied and two threads wait for each other.
            image.decodermaxblock = len(self._data)
            image.load()
            return _to_srgb(image, self._orientation)


def load_rgb(source: ImageSource, limits: Limits = DEFAULT_LIMITS) -> Pixels:
    """Return the upright photo as an array (height, width, 3) of uint8, sRGB."""
    return np.asarray(Photo(source, limits).image())


def _divisor(min_scale: float) -> int:
    """The largest of 1, 2, 4, 8 that keeps at least `min_scale`: what JPEG decoders offer."""
    return next((d for d in (8, 4, 2) if 1 / d >= min_scale), 1)


def read_file(source: str | os.PathLike[str] | bytes | bytearray | BinaryIO, limits: Limits) -> bytes:
    """The bytes of a photo's file; raises UnreadableImageError, ImageTooLargeError and CorruptImageError where it is empty."""
    if isinstance(source, bytes | bytearray):
        data = bytes(source)
    elif isinstance(source, str | os.PathLike):
        try:
            with Path(source).open("rb") as file:
                data = _read_bounded(file, limits)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            raise UnreadableImageError(_reason(error)) from None
    else:
        data = _read_bounded(source, limits)
    if len(data) > limits.max_bytes:
        raise ImageTooLargeError(f"the file is larger than {limits.max_bytes // 1024**2} MiB")
    if not data:
        raise CorruptImageError("the file is empty")
    return data


def _read_bounded(file: BinaryIO, limits: Limits) -> bytes:
    """One byte more than allowed is enough to know; a device or pipe has no size to ask for."""
    return file.read(limits.max_bytes + 1)


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or "not a valid path"
    return f"the file cannot be opened: {text.lower()}"


def _open(data: bytes) -> ImageFile.ImageFile:
    if data[4:8] != b"ftyp":
        return Image.open(io.BytesIO(data), formats=_FORMATS)
    import pillow_heif  # here, since most photos do without its 20 ms

    pillow_heif.register_heif_opener()
    return Image.open(io.BytesIO(data), formats=(*_FORMATS, "HEIF"))


@contextmanager
def _pillow_errors() -> Iterator[None]:
    """Turn whatever a decoder raises on a bad file into our own errors.

    Decoders fail on hostile bytes in many ways (ValueError, struct.error,
    IndexError, OverflowError, ...), so every Exception but our own counts.
    """
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        raise ImageTooLargeError("the photo has too many pixels") from None
    except UnidentifiedImageError:
        raise UnsupportedImageError from None
    except UnsupportedImageError:
        raise
    except Exception:  # noqa: BLE001
        raise CorruptImageError from None


def _check_pixels(image: Image.Image, scans: int, limits: Limits) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise CorruptImageError("the photo has no pixels")
    if width * height > limits.max_pixels:
        raise ImageTooLargeError(
            f"the photo has {width} x {height} pixels, more than {limits.max_pixels / 1e6:.0f} million"
        )
    if scans * max(width * height, _LEAST_PIXELS_A_SCAN) > _SCANS * limits.max_pixels:
        raise ImageTooLargeError("the photo has too many scans for its size")


def _orientation(image: Image.Image, data: bytes) -> int:
    """The EXIF orientation that is left to apply, 1 to 8.

    1 where there is none, or none that makes sense, and for TIFF and HEIC, whose
    decoders turn the picture themselves.
    """
    if image.format in ("TIFF", "HEIF"):
        return 1
    try:
        # Pillow decodes a PNG to look for what comes after its pixels: only where something does.
        late = image.format != "PNG" or has_late_metadata(data)
        exif = image.getexif() if late else Image.Image.getexif(image)
        value = exif.get(_ORIENTATION_TAG, 1)
    except Exception:  # noqa: BLE001  broken metadata is no reason to refuse good pixels
        return 1
    return value if value in _UPRIGHT else 1


def _from_array(array: Pixels) -> Image.Image:
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or 0 in array.shape:
        raise UnsupportedImageError(
            f"an array of shape {array.shape} and type {array.dtype} is not a photo",
            hint="give uint8 of shape (height, width, 3) in RGB order, or (height, width)",
        )
    if array.ndim == 3 and array.shape[2] != 3:
        raise UnsupportedImageError(
            f"an array of {array.shape[2]} channels is not a photo",
            hint="give uint8 of shape (height, width, 3) in RGB order, or (height, width)",
        )
    return Image.fromarray(np.ascontiguousarray(array)).convert("RGB")


def _to_srgb(image: Image.Image, orientation: int) -> Image.Image:
    profile = image.info.get("icc_profile")
    image = _eight_bits(image)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = _in_strips(image, "RGB", _on_white)
    image = _apply_profile(image, profile) if profile else image
    image = image if image.mode == "RGB" else image.convert("RGB")
    return image.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else image


def _eight_bits(image: Image.Image) -> Image.Image:
    """Pillow clips 16-bit greyscale to 255 when it converts: scale it instead."""
    if image.mode.startswith("I"):
        return _in_strips(image, "L", _scaled_to_eight_bits)
    if image.mode == "F":
        raise UnsupportedImageError("photos of floating-point numbers are not read")
    return image


def _scaled_to_eight_bits(image: Image.Image) -> Image.Image:
    grey = np.asarray(image).clip(0, 65535).astype(np.uint16) // 257
    return Image.fromarray(grey.astype(np.uint8))


def _on_white(image: Image.Image) -> Image.Image:
    rgba = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")


def _in_strips(image: Image.Image, mode: str, change: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """A picture changed strip by strip: what comes about between takes little memory however large it is."""
    rows = max(1, _STRIP_PIXELS // image.width)
    changed = Image.new(mode, image.size)
    for top in range(0, image.height, rows):
        bottom = min(top + rows, image.height)
        changed.paste(change(image.crop((0, top, image.width, bottom))), (0, top))
    return changed


def _apply_profile(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert to sRGB; a profile that is broken or of another kind of image is passed over."""
    if image.mode not in ("RGB", "L", "CMYK"):
        image = image.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return image
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return converted if converted is not None else image
