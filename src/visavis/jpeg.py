"""How often a JPEG goes over its picture, read from its markers.

Each scan of a progressive JPEG goes over the whole picture and may take 100 bytes: a file of 5 MB has room for an hour's work.
"""

from __future__ import annotations

import re

from visavis.errors import CorruptImageError

JPEG_START = b"\xff\xd8\xff"
"""What a JPEG begins with."""

# A marker is 0xFF and its kind. 0 after it is a byte of the picture, 0xD0 to 0xD7 stand within a scan, and what is
# below 0xC0 has no length: decoders pass over it or give up.
_MARKER = re.compile(rb"\xff([\xc0-\xcf\xd8-\xfe])")
_SEQUENTIAL_FRAMES = (0xC0, 0xC1, 0xC9)
_MAX_MARKERS = 10_000  # a photo has some dozens; a decoder takes microseconds for each

_START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN = 0xD8, 0xD9, 0xDA


def count_scans(data: bytes) -> int:
    """How many scans a JPEG has before its end; those of pictures within its metadata and behind its end do not count.

    Never fewer than its decoder will go through. Of bytes that are no JPEG, any number. Raises CorruptImageError
    for more than 10,000 markers.
    """
    scans = place = 0
    components = b""
    for _ in range(_MAX_MARKERS):
        found = _MARKER.search(data, place)
        if not found:
            return scans
        kind, place = found[1][0], found.end()
        if kind == _END_OF_IMAGE:
            return scans
        if kind == _START_OF_IMAGE:
            continue
        if kind in _SEQUENTIAL_FRAMES:
            components = data[place + 7 : place + 8]
        scans += kind == _START_OF_SCAN
        if scans == 1 and kind == _START_OF_SCAN and data[place + 2 : place + 3] == components:
            return scans  # all components at once: the decoder needs no other scan, and looks for none
        place += int.from_bytes(data[place : place + 2], "big")
    raise CorruptImageError
