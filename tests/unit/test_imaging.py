from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from visavis import imaging
from visavis.errors import (
    CorruptImageError,
    ImageError,
    ImageTooLargeError,
    UnreadableImageError,
    UnsupportedImageError,
)
from visavis.imaging import Limits, Photo, load_rgb

# Four quarters of different colours: any turn or mirroring shows.
RED, GREEN, BLUE, GREY = (220, 30, 30), (30, 200, 40), (30, 40, 210), (128, 128, 128)


def picture(width: int = 96, height: int = 64) -> Image.Image:
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    image.paste(GREY, (width // 2, height // 2, width, height))
    return image


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    if form == "HEIF":
        pillow_heif.register_heif_opener()
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def assert_upright(pixels: NDArray[np.uint8], tolerance: int = 12) -> None:
    height, width = pixels.shape[:2]
    assert (width, height) == (96, 64)
    quarters = [pixels[16, 24], pixels[16, 72], pixels[48, 24], pixels[48, 72]]
    np.testing.assert_allclose(quarters, [RED, GREEN, BLUE, GREY], atol=tolerance)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "AVIF", "HEIF"])
def test_every_format(form: str) -> None:
    options = {"quality": 95} if form in ("JPEG", "WEBP", "AVIF", "HEIF") else {}
    assert_upright(load_rgb(encoded(picture(), form, **options)))


def test_the_first_frame_of_a_gif() -> None:
    frames = [picture(), Image.new("RGB", (96, 64), "black")]
    assert_upright(load_rgb(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])))


# What was done to the scene to give the stored pixels, for each orientation.
STORED = {
    1: lambda i: i,
    2: lambda i: i.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    3: lambda i: i.transpose(Image.Transpose.ROTATE_180),
    4: lambda i: i.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    5: lambda i: i.transpose(Image.Transpose.TRANSPOSE),
    6: lambda i: i.transpose(Image.Transpose.ROTATE_90),
    7: lambda i: i.transpose(Image.Transpose.TRANSVERSE),
    8: lambda i: i.transpose(Image.Transpose.ROTATE_270),
}


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", STORED)
def test_exif_orientation(form: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {} if form in ("PNG", "TIFF") else {"quality": 95}
    photo = Photo(encoded(STORED[orientation](picture()), form, exif=exif.tobytes(), **options))
    assert (photo.width, photo.height) == (96, 64)
    assert_upright(np.asarray(photo.image()))


@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_an_orientation_that_makes_no_sense_is_passed_over(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert_upright(load_rgb(encoded(picture(), "JPEG", exif=exif, quality=95)))


def test_metadata_of_garbage_is_passed_over() -> None:
    assert_upright(load_rgb(encoded(picture(), "JPEG", exif=b"Exif\0\0" + b"\xff" * 40, quality=95)))


def test_transparency_lies_on_white() -> None:
    image = Image.new("RGBA", (4, 4), (200, 0, 0, 0))
    image.putpixel((0, 0), (200, 0, 0, 255))
    pixels = load_rgb(encoded(image, "PNG"))
    assert tuple(pixels[0, 0]) == (200, 0, 0)
    assert tuple(pixels[2, 2]) == (255, 255, 255)


def test_transparent_palette() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    pixels = load_rgb(encoded(image, "PNG", transparency=0))
    assert tuple(pixels[0, 0]) == (255, 255, 255)
    assert tuple(pixels[0, 1]) == (40, 50, 60)


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    values = np.array([[0, 257 * 64, 257 * 128, 65535]], dtype=np.uint16)
    pixels = load_rgb(encoded(Image.fromarray(values), "PNG"))
    assert pixels[0, :, 0].tolist() == [0, 64, 128, 255]


@pytest.mark.parametrize("mode", ["I;16", "RGBA", "LA", "P"])
def test_strips_make_the_same_picture(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).integers(0, 256, (64, 96, 4), np.uint8)
    image = Image.fromarray(values)
    image = Image.fromarray(values.view(np.uint16)[..., 0]) if mode == "I;16" else image.convert(mode)
    data = encoded(image, "PNG", **({"transparency": 7} if mode == "P" else {}))
    whole = load_rgb(data)
    monkeypatch.setattr(imaging, "_STRIP_PIXELS", 96 * 5)
    np.testing.assert_array_equal(load_rgb(data), whole)


def test_greyscale_and_black_and_white() -> None:
    assert load_rgb(encoded(Image.new("L", (3, 2), 77), "PNG")).tolist() == [[[77] * 3] * 3] * 2
    assert load_rgb(encoded(Image.new("1", (3, 2), 1), "PNG")).tolist() == [[[255] * 3] * 3] * 2


def test_cmyk() -> None:
    assert_upright(load_rgb(encoded(picture().convert("CMYK"), "JPEG", quality=95)), tolerance=20)


def test_a_colour_profile_is_applied() -> None:
    """The same numbers in another colour space are other colours in sRGB."""
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    (
        assert_upright(
            load_rgb(encoded(picture(), "PNG", icc_profile=lab.tobytes()))
        )  # does not fit RGB: passed over,
    )
    wide = _profile_with_gamma_one()
    pixels = load_rgb(encoded(Image.new("RGB", (2, 2), (55, 55, 55)), "PNG", icc_profile=wide))
    # Linear light 55/255 = 0.2157 is 0.5015 in sRGB's curve: 128 of 255.
    np.testing.assert_allclose(pixels[0, 0], [128, 128, 128], atol=2)


def _profile_with_gamma_one() -> bytes:
    """sRGB's own profile with its three curves replaced by a straight line."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", data[128:132])[0]
    for i in range(count):
        tag, offset, _ = struct.unpack(">4sII", data[132 + 12 * i : 144 + 12 * i])
        if tag in (b"rTRC", b"gTRC", b"bTRC"):
            data[offset : offset + 12] = b"curv" + struct.pack(">II", 0, 0)
        if tag == b"desc":  # so that it is not taken for sRGB
            data[offset : offset + 60] = data[offset : offset + 60].replace(b"\0s\0R\0G\0B", b"\0l\0i\0n\0e")
    return bytes(data)


def test_a_broken_profile_is_passed_over() -> None:
    assert_upright(load_rgb(encoded(picture(), "PNG", icc_profile=b"no profile at all")))


def test_a_large_jpeg_is_decoded_at_the_scale_asked_for() -> None:
    photo = Photo(encoded(picture(1600, 1200), "JPEG", quality=90))
    assert (photo.width, photo.height) == (1600, 1200)
    assert photo.image(0.25).size == (400, 300)
    assert photo.image(0.3).size == (800, 600)
    assert photo.image(3).size == (1600, 1200)
    assert tuple(np.asarray(photo.image(0.125))[10, 10]) == pytest.approx(RED, abs=8)


def test_other_formats_are_reduced_alike() -> None:
    assert Photo(encoded(picture(1600, 1200), "PNG")).image(0.25).size == (400, 300)


def test_arrays() -> None:
    array = np.asarray(picture())
    assert_upright(load_rgb(array))
    assert load_rgb(array[:, :, 0]).shape == (64, 96, 3)
    with pytest.raises(UnsupportedImageError, match="float64"):
        Photo(array.astype(np.float64))
    with pytest.raises(UnsupportedImageError, match="4 channels"):
        Photo(np.zeros((5, 5, 4), np.uint8))
    with pytest.raises(UnsupportedImageError):
        Photo(np.zeros((0, 5, 3), np.uint8))


def test_every_kind_of_source(tmp_path: Path) -> None:
    data = encoded(picture(), "PNG")
    path = tmp_path / "p.png"
    path.write_bytes(data)
    for source in (path, str(path), data, bytearray(data), io.BytesIO(data)):
        assert_upright(load_rgb(source))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", CorruptImageError),
        (b"not a photo", UnsupportedImageError),
        (b"\0" * 1_000_000, UnsupportedImageError),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", UnsupportedImageError),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", UnsupportedImageError),
        (b"\xff\xd8\xff\xe0", ImageError),
        (b"\0\0\0\x20ftypheic" + b"\0" * 40, ImageError),
    ],
)
def test_what_is_not_a_photo(data: bytes, error: type[ImageError]) -> None:
    with pytest.raises(error):
        load_rgb(data)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_a_truncated_photo(form: str) -> None:
    data = encoded(picture(400, 300), form)
    with pytest.raises(ImageError):
        load_rgb(data[: len(data) // 2])


def test_paths_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "absent-anna.jpg", tmp_path, "nul\0byte"):
        with pytest.raises(UnreadableImageError) as caught:
            Photo(path)
        assert "anna" not in str(caught.value), "an error does not repeat a path: a path may be a name"


def test_the_limit_on_bytes(tmp_path: Path) -> None:
    data = encoded(picture(), "PNG")
    path = tmp_path / "p.png"
    path.write_bytes(data)
    for source in (data, path, io.BytesIO(data)):
        with pytest.raises(ImageTooLargeError):
            Photo(source, Limits(max_bytes=len(data) - 1))
    Photo(path, Limits(max_bytes=len(data)))


def test_a_decompression_bomb_is_refused_by_its_header() -> None:
    """A PNG of a few bytes that claims 30000 x 30000 pixels."""
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(b"\0" * 99))
        + _chunk(b"IEND", b"")
    )
    with pytest.raises(ImageTooLargeError):
        Photo(bomb)
    with pytest.raises(ImageTooLargeError, match="1 million"):
        Photo(encoded(picture(1200, 1000), "PNG"), Limits(max_pixels=1_000_000))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def test_floating_point_photos_are_refused() -> None:
    with pytest.raises(UnsupportedImageError):
        load_rgb(encoded(Image.fromarray(np.full((4, 4), np.nan, np.float32)), "TIFF"))
