from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import CorruptVideoError, VideoTooLargeError, VideoTooLongError
from visavis.video.headers import bare_header, without_gif_header
from visavis.video.structure import check_structure

GIF = b"GIF89a\x02\0\x02\0\0\0\0"
PICTURE = b",\0\0\0\0\x02\0\x02\0\0\x02\x02\x44\x01\0"
COLOURS = b",\0\0\0\0\x02\0\x02\0\x80" + bytes(6) + b"\x02\x02\x44\x01\0"
COMMENT = b"!\xfe\x05hello\0"


def box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), name) + body


def whole(data: bytes, kind: str, folder: Path) -> bool:
    path = folder / "film"
    path.write_bytes(data)
    with path.open("rb") as file:
        try:
            check_structure(file, kind, 1000)
        except CorruptVideoError:
            return False
    return True


@pytest.mark.parametrize("blocks", [[], [PICTURE], [COMMENT, COLOURS], [PICTURE, COMMENT, PICTURE]])
def test_a_gif_leads_to_its_trailer(blocks: list[bytes], tmp_path: Path) -> None:
    data = GIF + b"".join(blocks) + b";"
    assert whole(data, "gif", tmp_path)
    assert whole(data + b"more", "gif", tmp_path)
    for end in range(len(GIF), len(data)):
        assert not whole(data[:end], "gif", tmp_path)


@pytest.mark.parametrize(("sides", "error"), [((0, 5), CorruptVideoError), ((40, 40), VideoTooLargeError)])
def test_the_canvas_of_a_gif(sides: tuple[int, int], error: type[Exception], tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(GIF[:6] + struct.pack("<HH", *sides) + GIF[10:] + b";")
    with path.open("rb") as file, pytest.raises(error):
        check_structure(file, "gif", 1000)


def test_boxes_lie_within_the_file_and_within_each_other(tmp_path: Path) -> None:
    film = box(b"ftyp", bytes(8)) + box(b"moov", box(b"trak", box(b"mdia"))) + box(b"mdat", bytes(40))
    assert whole(film, "mov", tmp_path)
    assert whole(film + bytes(7), "mov", tmp_path)
    assert whole(film + bytes(20), "mov", tmp_path)
    assert not whole(film[:-1], "mov", tmp_path)
    open_end = box(b"ftyp") + struct.pack(">I4s", 0, b"mdat") + bytes(9)
    assert whole(open_end, "mov", tmp_path)
    large = box(b"ftyp") + struct.pack(">I4sQ", 1, b"mdat", 16 + 9) + bytes(9)
    assert whole(large, "mov", tmp_path)
    assert not whole(large[:-1], "mov", tmp_path)


def samples(handler: bytes, count: int, step: int) -> bytes:
    return box(
        b"moov",
        box(
            b"trak",
            box(
                b"mdia",
                box(b"hdlr", bytes(8), handler, bytes(12)),
                box(
                    b"minf",
                    box(
                        b"stbl",
                        box(b"stts", struct.pack(">IIII", 0, 1, count, step)),
                        box(b"stsz", struct.pack(">III", 0, 4, count)),
                    ),
                ),
            ),
        ),
    )


def test_tables_have_an_end(tmp_path: Path) -> None:
    assert whole(samples(b"vide", 1_000_000, 1), "mov", tmp_path)
    assert whole(
        samples(b"soun", 2**31, 1), "mov", tmp_path
    )  # each sample of uncompressed sound, counted in chunks
    fragment = box(b"moof", box(b"traf", box(b"trun", struct.pack(">II", 0, 3_000_000))))
    for endless in (samples(b"vide", 2**31, 1), samples(b"soun", 2**31, 2), fragment * 2):
        with pytest.raises(VideoTooLongError):
            whole(endless, "mov", tmp_path)


HEADER = b"\x1a\x45\xdf\xa3\x84\x42\x86\x81\x01"
SEGMENT = b"\x18\x53\x80\x67"


def test_a_segment_lies_within_the_file_or_leaves_its_size_open(tmp_path: Path) -> None:
    sized = HEADER + SEGMENT + b"\x40\x10" + bytes(16)
    assert whole(sized, "matroska", tmp_path)
    assert not whole(sized[:-1], "matroska", tmp_path)
    assert not whole(HEADER[:-1], "matroska", tmp_path)
    for unknown in (b"\xff", b"\x01" + b"\xff" * 7):
        assert whole(HEADER + SEGMENT + unknown + bytes(3), "matroska", tmp_path)


def laced(*headers: bytes) -> bytes:
    lengths = b"".join(b"\xff" * (len(one) // 255) + bytes([len(one) % 255]) for one in headers[:-1])
    return bytes([len(headers) - 1]) + lengths + b"".join(headers)


@given(st.binary(min_size=1, max_size=600), st.binary(max_size=600), st.binary(max_size=600))
def test_comments_are_left_out_of_vorbis(first: bytes, comments: bytes, third: bytes) -> None:
    bare = bare_header("vorbis", laced(first, comments, third))
    assert bare == laced(first, b"\x03vorbis" + bytes(8) + b"\x01", third)
    assert bare_header("vorbis", bare) == bare


@given(st.binary(max_size=300))
def test_headers_that_are_none(data: bytes) -> None:
    assert bare_header("opus", data) == data
    flac = bare_header("flac", data)
    assert flac is not None
    assert len(flac) <= 34
    try:
        bare_header("vorbis", data)
    except CorruptVideoError:
        return


def test_flac_keeps_what_its_decoder_needs() -> None:
    info = bytes(range(34))
    assert bare_header("flac", info) == info
    assert bare_header("flac", b"fLaC\0\0\0\x22" + info + b"comments") == info
    assert bare_header("flac", None) is None


def test_a_gif_has_one_header() -> None:
    assert without_gif_header(GIF + PICTURE) == PICTURE
    assert without_gif_header(PICTURE) == PICTURE
