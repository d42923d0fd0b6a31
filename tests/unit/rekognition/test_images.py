from __future__ import annotations

import io
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from visavis.errors import CorruptImageError
from visavis.imaging import load_rgb
from visavis.rekognition import images
from visavis.rekognition.errors import (
    ImageTooLargeException,
    InvalidImageFormatException,
    InvalidParameterException,
    InvalidS3ObjectException,
    WireError,
)
from visavis.rekognition.images import read_image

REGION = "eu-central-1"


def encoded(form: str, width: int = 120, height: int = 90, mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (width, height), 90 if mode == "L" else "teal").save(buffer, form, **options)
    return buffer.getvalue()


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes()


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_bytes(form: str) -> None:
    data = encoded(form)
    photo = read_image({"Bytes": data}, REGION)
    assert (photo.data, photo.width, photo.height) == (data, 120, 90)
    assert "data" not in repr(photo)


def test_a_jpeg_is_turned_and_a_png_is_not() -> None:
    jpeg = read_image({"Bytes": encoded("JPEG", exif=turned())}, REGION)
    png = read_image({"Bytes": encoded("PNG", exif=turned())}, REGION)
    assert (jpeg.width, jpeg.height) == (90, 120)
    assert (png.width, png.height) == (120, 90)
    assert load_rgb(jpeg.data).shape == (120, 90, 3)
    assert load_rgb(png.data).shape == (90, 120, 3)


@pytest.mark.parametrize("image", [{}, {"Bytes": encoded("PNG"), "S3Object": {"Bucket": "b", "Name": "k"}}])
def test_neither_or_both(image: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameterException) as caught:
        read_image(image, REGION)
    assert caught.value.message == "Requested image should either contain bytes or s3 object."


def test_an_object_on_s3(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def read_object(s3_object: dict[str, str], region: str) -> bytes:
        asked.append((s3_object, region))
        return encoded("PNG")

    monkeypatch.setattr(images, "read_object", read_object)
    named = {"Bucket": "b", "Name": "k"}
    assert read_image({"S3Object": named}, REGION).width == 120
    assert asked == [(named, REGION)]


def test_s3_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_ENDPOINT_URL_S3": "nowhere", "AWS_EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidS3ObjectException):
        read_image({"S3Object": {"Bucket": "photos", "Name": "k"}}, REGION)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize(("width", "height"), [(79, 200), (200, 79), (1, 1)])
def test_a_side_too_short(form: str, width: int, height: int) -> None:
    with pytest.raises(InvalidParameterException) as caught:
        read_image({"Bytes": encoded(form, width, height)}, REGION)
    assert caught.value.message == "Request has invalid parameters"
    assert read_image({"Bytes": encoded(form, 80, 80)}, REGION).height == 80


@pytest.mark.parametrize("form", ["GIF", "BMP", "WEBP", "TIFF", "AVIF"])
def test_other_formats(form: str) -> None:
    unusable(encoded(form))


def unusable(data: bytes) -> None:
    with pytest.raises(InvalidImageFormatException) as caught:
        read_image({"Bytes": data}, REGION)
    assert caught.value.message == "Request has invalid image format."


def test_no_other_format_hides_behind_the_first_bytes_of_a_jpeg() -> None:
    """HEIC and AVIF are told by what follows the first four bytes, which may be anything."""
    data = encoded("AVIF")
    assert load_rgb(data).size
    unusable(b"\xff\xd8\xff\xe0" + data[4:])


@pytest.mark.parametrize(
    "data",
    [
        b"", b"text", b"\0" * 5000, b"\xff\xd8\xff", encoded("JPEG")[:100], b"\x89PNG\r\n\x1a\n", encoded("PNG")[:20],
        encoded("JPEG")[:2] + b"\xff\xe5\0\2" * 20_000 + encoded("JPEG")[2:],
    ],
)  # fmt: skip
def test_damaged_headers(data: bytes) -> None:
    unusable(data)


def test_damaged_pixels_are_for_whoever_decodes_them() -> None:
    photo = read_image({"Bytes": encoded("PNG")[:-40]}, REGION)
    with pytest.raises(CorruptImageError):
        load_rgb(photo.data)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_too_many_pixels(form: str) -> None:
    with pytest.raises(ImageTooLargeException) as caught:
        read_image({"Bytes": encoded(form, 9460, 9460, "L")}, REGION)
    assert caught.value.message == "Image size is too large."


def test_pixels_are_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    for form in ("JPEG", "PNG"):
        assert read_image({"Bytes": encoded(form, exif=turned())}, REGION).data


@given(st.binary(), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"]))
def test_any_bytes_are_an_image_or_a_wire_error(data: bytes, start: bytes) -> None:
    only_wire_errors(start + data)


def only_wire_errors(data: bytes) -> None:
    with suppress(WireError):
        read_image({"Bytes": data}, REGION)


@given(st.data(), st.sampled_from(["JPEG", "PNG"]))
def test_any_damage_is_an_image_or_a_wire_error(data: st.DataObject, form: str) -> None:
    image = np.frombuffer(encoded(form, exif=turned()), np.uint8).copy()
    places = data.draw(st.lists(st.integers(0, len(image) - 1), min_size=1, max_size=8))
    for place in places:
        image[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(image)))
    only_wire_errors(image[:cut].tobytes())
    only_wire_errors(image.tobytes())
