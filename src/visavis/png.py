"""The chunks of a PNG: which make its pixels, and where its metadata lies."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice

from visavis.errors import CorruptImageError

PNG_START = b"\x89PNG\r\n\x1a\n"
"""What a PNG begins with."""

_MAKE_PIXELS = {b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"IDAT", b"IEND"}
_MAX_CHUNKS = 20_000  # 15 MB in chunks of 8 kB, as is usual, are 2,000; a decoder takes microseconds for each


def without_metadata(data: bytes) -> bytes:
    """A PNG with nothing but the chunks that make its pixels; one that is cut off stays so.

    Raises CorruptImageError for more than 20,000 chunks.
    """
    kept = [PNG_START]
    for number, (kind, start, end) in enumerate(_chunks(data)):
        if number == _MAX_CHUNKS:
            raise CorruptImageError
        if kind in _MAKE_PIXELS:
            kept.append(data[start:end])
    return b"".join(kept)


def has_late_metadata(data: bytes) -> bool:
    """Whether metadata, or too many chunks to look at, come after the first pixels of a PNG."""
    chunks = islice(_chunks(data), _MAX_CHUNKS)
    kinds = [kind for kind, _, _ in chunks]
    after = kinds[kinds.index(b"IDAT") :] if b"IDAT" in kinds else []
    return len(kinds) == _MAX_CHUNKS or not set(after) <= _MAKE_PIXELS


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of each chunk, the last of which is IEND or cut off."""
    place, kind = len(PNG_START), b""
    while kind != b"IEND" and place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + length + 12  # length, kind and checksum are not counted
        yield kind, place, end
        place = end
