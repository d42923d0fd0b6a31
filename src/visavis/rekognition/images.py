from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from visavis.imaging import Photo
from visavis.rekognition.errors import InvalidParameterException


@dataclass(frozen=True, slots=True)
class WireImage:
    data: bytes = field(repr=False)
    width: int
    height: int


def read_image(image: Mapping[str, Any], region: str) -> WireImage:
    if "Bytes" not in image:
        raise InvalidParameterException
    photo = Photo(image["Bytes"])
    return WireImage(image["Bytes"], photo.width, photo.height)
