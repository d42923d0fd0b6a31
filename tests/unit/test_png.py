from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from visavis.errors import CorruptImageError
from visavis.imaging import Photo, load_rgb
from visavis.png import PNG_START, has_late_metadata, without_metadata

GRADIENT = Image.linear_gradient("L").resize((96, 64))


def png(image: Image.Image = GRADIENT, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return buffer.getvalue()


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes()


def texts() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Anna")
    info.add_text("Raw profile type exif", "\nexif\n26\n" + turned().hex(), zip=True)
    info.add_itxt("XML:com.adobe.xmp", '<x tiff:Orientation="6"/>')
    return info


def test_metadata_goes_and_pixels_stay() -> None:
    plain, full = png(), png(exif=turned(), pnginfo=texts())
    assert without_metadata(full) == without_metadata(plain)
    assert without_metadata(plain + b"behind the end") == without_metadata(plain)
    assert (load_rgb(without_metadata(full)) == load_rgb(plain)).all()


@pytest.mark.parametrize("options", [{"exif": turned()}, {"pnginfo": texts()}])
def test_what_would_turn_a_png_goes(options: dict[str, Any]) -> None:
    data = png(**options)
    assert (Photo(data).width, Photo(without_metadata(data)).width) == (64, 96)


def test_transparency_palette_and_profile_stay() -> None:
    data = png(GRADIENT.convert("P"), transparency=90, icc_profile=b"no profile at all")
    assert without_metadata(data) == data


def test_what_is_cut_off_stays_so() -> None:
    data = png()
    for length in (8, 33, 50, len(data) - 12, len(data) - 3):
        assert without_metadata(data[:length]) == data[:length]


def test_too_many_chunks_are_given_up() -> None:
    data = png()
    with pytest.raises(CorruptImageError):
        without_metadata(data[:33] + chunk(b"prVt") * 20_000 + data[33:])


def test_metadata_behind_the_pixels_is_found() -> None:
    data = png()
    late = data[:-12] + chunk(b"eXIf", turned()[6:]) + data[-12:]
    assert has_late_metadata(late)
    assert Photo(late).width == 64
    assert not has_late_metadata(png(exif=turned()))
    assert Photo(png(exif=turned())).width == 64
    assert has_late_metadata(data[:33] + chunk(b"prVt") * 20_000 + data[33:])


@given(st.binary())
def test_any_bytes_come_out_again(tail: bytes) -> None:
    assert without_metadata(PNG_START + tail).startswith(PNG_START)
    assert has_late_metadata(PNG_START + tail) in {True, False}
