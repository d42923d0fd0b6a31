"""The images of a call."""

from __future__ import annotations

from typing import Any

from visavis.rekognition.errors import InvalidParameterException


def read_image(image: dict[str, Any], region: str) -> bytes:
    """The bytes of an image. region: of the call; raises InvalidParameterException where it holds none."""
    del region
    if "Bytes" not in image:
        raise InvalidParameterException("Requested image should either contain bytes or s3 object.")
    found: bytes = image["Bytes"]
    return found
