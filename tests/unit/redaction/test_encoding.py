"""Files of pixels alone."""

from __future__ import annotations

import io
from pathlib import PurePath

import numpy as np
import pytest
from PIL import Image

from visavis.errors import OutputFormatError
from visavis.imaging import Photo
from visavis.redaction.encoding import Format, encode, format_of


def picture(width: int = 64, height: int = 48) -> Image.Image:
    """Smooth, so that every format keeps it nearly as it is."""
    y, x = np.mgrid[0:height, 0:width]
    return Image.fromarray(
        np.stack([x * 255 // width, y * 255 // height, np.full_like(x, 90)], axis=2).astype(np.uint8)
    )


@pytest.mark.parametrize("written", Format)
def test_every_format_holds_the_picture(written: Format) -> None:
    opened = Photo(encode(picture(), written))
    assert opened.format == written
    assert (opened.width, opened.height) == (64, 48)
    difference = np.asarray(opened.image(), np.int16) - np.asarray(picture(), np.int16)
    assert np.abs(difference).mean() < (12 if written is Format.GIF else 4)


@pytest.mark.parametrize("written", Format)
def test_what_comes_with_a_picture_stays_behind(written: Format) -> None:
    image = picture()
    image.info.update(
        comment=b"secret", icc_profile=b"secret" * 40, exif=b"Exif\0\0secret", xmp=b"secret", Title="secret"
    )
    file = encode(image, written)
    for trace in (b"secret", b"Exif", b"ICC_PROFILE", b"iCCP"):
        assert trace not in file


@pytest.mark.parametrize("quality", [20, 60, 75, 85, 92, 100])
@pytest.mark.parametrize("sampling", ["4:4:4", "4:2:0"])
def test_a_jpeg_is_about_as_good_as_its_source(quality: int, sampling: str) -> None:
    file = io.BytesIO()
    picture().save(file, "JPEG", quality=quality, subsampling=sampling)
    again = encode(picture(), Format.JPEG, file.getvalue())
    expected = io.BytesIO()
    picture().save(expected, "JPEG", quality=min(max(quality, 60), 95), subsampling=sampling)
    assert abs(len(again) - len(expected.getvalue())) <= 0.03 * len(again)


def test_a_lossless_webp_stays_lossless() -> None:
    file = io.BytesIO()
    picture().save(file, "WEBP", lossless=True)
    again = encode(picture(), Format.WEBP, file.getvalue())
    assert np.array_equal(np.asarray(Photo(again).image()), np.asarray(picture()))


@pytest.mark.parametrize(
    ("name", "written"), [("a.JPG", Format.JPEG), ("b.c.heic", Format.HEIF), ("d.tif", Format.TIFF)]
)
def test_an_ending_names_a_format(name: str, written: Format) -> None:
    assert format_of(PurePath(name)) is written


@pytest.mark.parametrize("name", ["photo", "photo.pdf", ".jpg"])
def test_other_endings_name_none(name: str) -> None:
    with pytest.raises(OutputFormatError):
        format_of(PurePath(name))


def test_what_a_format_cannot_hold_is_refused() -> None:
    with pytest.raises(OutputFormatError):
        encode(Image.new("RGB", (17_000, 1)), Format.WEBP)
