"""What leaves the machine: the file itself where the API takes it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from visavis.errors import CorruptImageError, ImageError, UnreadableImageError, UnsupportedImageError
from visavis.evaluation.sending import MAX_BYTES, goes_as_it_is, to_send

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (400, 600, 3), np.uint8))


@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_jpeg_and_png_go_as_they_are(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"photo.{ending}"
    NOISE.save(path)
    assert goes_as_it_is(path)
    assert to_send(path) == path.read_bytes()


@pytest.mark.parametrize("ending", ["webp", "bmp", "tiff", "gif"])
def test_other_formats_become_jpeg(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"photo.{ending}"
    NOISE.save(path)
    sent = to_send(path)
    assert not goes_as_it_is(path)
    assert Image.open(io.BytesIO(sent)).format == "JPEG"
    assert Image.open(io.BytesIO(sent)).size == NOISE.size


def test_a_large_photo_is_made_small_enough_and_upright(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    large = Image.fromarray(np.random.default_rng(0).integers(0, 255, (1500, 2400, 3), np.uint8))
    large.save(path, quality=100, subsampling=0, exif=exif)
    assert path.stat().st_size > MAX_BYTES
    sent = to_send(path)
    picture = Image.open(io.BytesIO(sent))
    assert len(sent) <= MAX_BYTES
    assert picture.height > picture.width
    assert picture.height / picture.width == pytest.approx(2400 / 1500, rel=0.01)
    assert not picture.getexif()


@pytest.mark.parametrize(
    ("data", "error"),
    [(b"", CorruptImageError), (b"no photo", UnsupportedImageError), (None, UnreadableImageError)],
)
def test_what_is_no_photo(tmp_path: Path, data: bytes | None, error: type[ImageError]) -> None:
    path = tmp_path / "photo"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(error):
        to_send(path)
