"""Whether a film's file is all there, read from its outermost parts before a demuxer sees it.

A demuxer takes a file that was cut off for a shorter film, and makes tables as long as a header says, whatever the file's size.
"""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

from visavis.errors import CorruptVideoError, VideoTooLargeError
from visavis.video.boxes import Boxes

CUT_OFF = "the file was cut off before its end"
_SEGMENT = b"\x18\x53\x80\x67"
_EXTENSION, _PICTURE, _TRAILER = 0x21, 0x2C, 0x3B


def check_structure(file: BinaryIO, kind: str, max_pixels: int) -> None:
    """Raise CorruptVideoError where the file was cut off, VideoTooLongError where its tables are endless.

    kind: as kind_of() tells it. A GIF's canvas is checked as well, by check_sides().
    """
    size = os.fstat(file.fileno()).st_size
    if kind == "mov":
        whole = Boxes(file).are_whole(0, size)
    elif kind == "matroska":
        whole = _is_segment_whole(file, size)
    else:
        file.seek(6)
        width, height = struct.unpack("<HH", file.read(4).ljust(4, b"\0"))
        check_sides(width, height, max_pixels)
        whole = _is_gif_whole(file)
    if not whole:
        raise CorruptVideoError(CUT_OFF)


def check_sides(width: int, height: int, max_pixels: int) -> None:
    """Raise CorruptVideoError where there are no pixels, VideoTooLargeError where there are too many."""
    if width < 1 or height < 1:
        raise CorruptVideoError("the video has no pixels")
    if width * height > max_pixels:
        raise VideoTooLargeError(
            f"the video has {width} x {height} pixels, more than {max_pixels / 1e6:.0f} million"
        )


def _is_segment_whole(file: BinaryIO, size: int) -> bool:
    """Matroska's outermost elements (RFC 8794, 5 and 6): a header, then a segment, which may leave its size open."""
    file.seek(4)
    header_bytes = _vint(file)
    if header_bytes is None or file.tell() + header_bytes > size:
        return False
    file.seek(header_bytes, os.SEEK_CUR)
    if file.read(4) != _SEGMENT:  # for the demuxer to find
        return True
    segment_bytes = _vint(file)
    return segment_bytes is None or file.tell() + segment_bytes <= size


def _vint(file: BinaryIO) -> int | None:
    """The size of an element; None where it is left open, or is no size."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    length = 9 - first[0].bit_length()
    value = int.from_bytes(first + file.read(length - 1)) & ((1 << 7 * length) - 1)
    return None if value == (1 << 7 * length) - 1 else value


def _is_gif_whole(file: BinaryIO) -> bool:
    """Whether the blocks of a GIF (its specification's section 12 and after) lead to its trailer."""
    file.seek(10)
    _skip_colours(file)
    file.seek(2, os.SEEK_CUR)
    while block := file.read(1):
        if block[0] == _TRAILER:
            return True
        if block[0] == _PICTURE:
            file.seek(8, os.SEEK_CUR)
            _skip_colours(file)
        elif block[0] != _EXTENSION:
            return False
        file.seek(1, os.SEEK_CUR)  # an extension's label, or how the picture's codes begin
        while (length := file.read(1)) and length[0]:
            file.seek(length[0], os.SEEK_CUR)
    return False


def _skip_colours(file: BinaryIO) -> None:
    """Past a table of colours, if the byte that comes next says that there is one."""
    flags = file.read(1)
    if flags and flags[0] & 0x80:
        file.seek(3 << (flags[0] & 7) + 1, os.SEEK_CUR)
