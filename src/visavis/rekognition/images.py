"""The wire's images: bytes or an object on S3, JPEG or PNG, within Rekognition's limits, as the header tells them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from visavis.errors import ImageError, ImageTooLargeError
from visavis.imaging import Photo
from visavis.jpeg import JPEG_START
from visavis.png import PNG_START, without_metadata
from visavis.rekognition.errors import (
    ImageTooLargeException,
    InvalidImageFormatException,
    InvalidParameterException,
)
from visavis.rekognition.s3 import read_object

MIN_SIDE_PX = 80


@dataclass(frozen=True, slots=True)
class WireImage:
    """An image as a call gave it. width, height: in pixels, upright. Its pixels may still be damaged.

    data: a JPEG as it was given; of a PNG what makes its pixels, without metadata, since Rekognition does not turn a PNG
    as its metadata says. The same image always gives the same bytes.
    """

    data: bytes = field(repr=False)
    width: int
    height: int


def read_image(image: Mapping[str, Any], region: str) -> WireImage:
    """The image that the wire's Image structure, its constraints kept, gives or names.

    region: of the call, for S3. Raises InvalidParameterException where there is no image, or two, and for a side under 80
    pixels, InvalidS3ObjectException, ImageTooLargeException for bytes or pixels, and InvalidImageFormatException for
    whatever is no JPEG and no PNG or whose header is damaged.
    """
    if ("Bytes" in image) == ("S3Object" in image):
        raise InvalidParameterException("Requested image should either contain bytes or s3 object.")
    given = image["Bytes"] if "Bytes" in image else read_object(image["S3Object"], region)
    try:
        data = _known_format(given)
        photo = Photo(data)
    except ImageTooLargeError:
        raise ImageTooLargeException from None
    except ImageError:
        raise InvalidImageFormatException from None
    if min(photo.width, photo.height) < MIN_SIDE_PX:
        raise InvalidParameterException
    return WireImage(data, photo.width, photo.height)


def _known_format(data: bytes) -> bytes:
    """The image, if it begins as a JPEG or a PNG and as nothing else that `Photo` reads."""
    if data.startswith(PNG_START):
        return without_metadata(data)
    if data.startswith(JPEG_START) and data[4:8] != b"ftyp":
        return data
    raise InvalidImageFormatException
