from __future__ import annotations

import io
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from visavis.errors import CorruptImageError, ImageTooLargeError
from visavis.imaging import Photo
from visavis.jpeg import count_scans


def jpeg(side: int = 96, mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((side, side)).convert(mode).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def with_scans(data: bytes, more: int) -> bytes:
    """A progressive JPEG that goes over its picture once more, again and again."""
    last = [found.start() for found in re.finditer(rb"\xff\xda", data)][-1]
    return data[:-2] + data[last:-2] * more + data[-2:]


def segment(kind: int, content: bytes) -> bytes:
    return bytes([0xFF, kind]) + (len(content) + 2).to_bytes(2, "big") + content


@pytest.mark.parametrize(("mode", "scans"), [("L", 6), ("RGB", 10), ("CMYK", 18)])
def test_scans_of_a_progressive_jpeg(mode: str, scans: int) -> None:
    data = jpeg(mode=mode, progressive=True)
    assert count_scans(data) == scans
    assert count_scans(with_scans(data, 300)) == scans + 300


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_plain_jpeg_has_one_whatever_comes_behind(mode: str) -> None:
    data = jpeg(mode=mode)
    assert count_scans(data) == 1
    assert count_scans(with_scans(data, 9)) == 1


def test_a_sequential_jpeg_with_a_scan_for_each_component_is_counted() -> None:
    data = jpeg()
    start = data.index(b"\xff\xda")
    one_of_three = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x00" * 9
    assert count_scans(data[:start] + one_of_three * 50 + b"\xff\xd9") == 50


def test_what_lies_in_metadata_or_behind_the_end_does_not_count() -> None:
    data = jpeg(progressive=True)
    within = data[:2] + segment(0xE1, b"Exif\0\0" + jpeg(16, progressive=True)) + data[2:]
    assert count_scans(within + b"\xff\xda" * 1000) == 10


def test_filling_and_restarts_do_not_hide_a_scan() -> None:
    data = jpeg(progressive=True, restart_marker_blocks=2)
    filled = data.replace(b"\xff\xda", b"\xff\xff\xff\xff\xda")
    assert count_scans(data) == count_scans(filled) == 10
    hidden = with_scans(data, 5).replace(b"\xff\xda", b"\xff\x02\xff\xff\xff\xda")
    assert count_scans(hidden) == 15


def test_too_many_markers_are_given_up() -> None:
    data = jpeg()
    with pytest.raises(CorruptImageError):
        count_scans(data[:2] + segment(0xE5, b"") * 10_000 + data[2:])


@given(st.binary(), st.integers(0, 30))
@example(b"\xff\xc0", 0)
@example(b"\xff\xda\x00", 0)
def test_any_bytes_have_a_number(data: bytes, cut: int) -> None:
    assert count_scans(data) >= 0
    assert count_scans(jpeg(16)[:-cut] + data) >= 0


def test_a_photo_may_not_go_over_itself_for_an_hour() -> None:
    assert Photo(with_scans(jpeg(400, "L", progressive=True), 1000)).image().size == (400, 400)
    with pytest.raises(ImageTooLargeError, match="too many scans"):
        Photo(with_scans(jpeg(1000, "L", progressive=True), 2000))
