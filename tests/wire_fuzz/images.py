"""Images that are dear to decode, or say so."""

from __future__ import annotations

import io
import random
import struct
import zlib
from functools import cache, partial

from PIL import Image

from wire_fuzz.calls import MARK

SIDES = (1, 79, 80, 3_000, 9_000, 20_000, 65_535, 2**31 - 1)
"""A square of 9,000 pixels is about the largest that is looked at."""

_START = b"\x89PNG\r\n\x1a\n"


def bomb(draw: random.Random) -> bytes:
    """An image whose header promises more pixels, scans or chunks than it is worth decoding, or just fewer."""
    side = draw.choice(SIDES)
    kinds = (partial(_of_pixels, side), partial(_pretended, side), _of_chunks, _of_scans)
    return draw.choice(kinds)()


@cache
def _of_pixels(side: int) -> bytes:
    """A white PNG; where it would take too long to make, one that is cut off."""
    rows = zlib.compress((b"\0" + b"\xff" * min(side, 2**16)) * min(side, 9_000), 9)
    return _START + _header(side) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


@cache
def _of_chunks() -> bytes:
    return _START + _header(100) + _chunk(b"tEXt", b"a\0" + MARK.encode()) * 30_000 + _chunk(b"IEND", b"")


@cache
def _of_scans() -> bytes:
    data = _progressive()
    start = data.index(b"\xff\xda")
    return data[:start] + data[start:-2] * 3_000


def _pretended(side: int) -> bytes:
    """A small JPEG whose header says another size."""
    data, size = bytearray(_progressive()), min(side, 65_535)
    at = data.index(b"\xff\xc2") + 5
    data[at : at + 4] = struct.pack(">HH", size, size)
    return bytes(data)


@cache
def _progressive() -> bytes:
    file = io.BytesIO()
    Image.new("L", (3_000, 100)).save(file, "JPEG", progressive=True)
    return file.getvalue()


def _header(side: int) -> bytes:
    return _chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
