"""The boxes of MP4 and MOV (ISO/IEC 14496-12, 4.2): whether all are there, and how long the tables are that they ask for."""

from __future__ import annotations

import struct
from typing import BinaryIO

from visavis.errors import VideoTooLongError

_HOLDERS = (b"moov", b"trak", b"mdia", b"minf", b"moof", b"traf")
_MOST_BOXES = 1_000_000
_MOST_SAMPLES = 5_000_000
_HEAD_BYTES = 8


class Boxes:
    """Walks through the boxes of an opened file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._boxes_left, self._samples_left = _MOST_BOXES, _MOST_SAMPLES
        self._is_sound = self._is_uncompressed = False
        self._samples = 0

    def are_whole(self, start: int, end: int) -> bool:
        """Whether all boxes from start to end, in bytes, are within; raises VideoTooLongError where tables are endless.

        What follows the last box and is none is passed over.
        """
        while end - start >= _HEAD_BYTES:
            self._boxes_left -= 1
            if not self._boxes_left:
                raise VideoTooLongError("the video has too many parts")
            self._file.seek(start)
            name, body, length = self._head(end - start)
            if length < body:
                return True
            if length > end - start or not self._look_into(name, start + body, start + length):
                return False
            start += length
        return True

    def _head(self, left: int) -> tuple[bytes, int, int]:
        """A box's name, and the bytes of its head and of all of it."""
        length, name = struct.unpack(">I4s", self._file.read(_HEAD_BYTES))
        if length == 0:
            return name, _HEAD_BYTES, left
        if length == 1:
            return name, 2 * _HEAD_BYTES, int.from_bytes(self._file.read(_HEAD_BYTES))
        return name, _HEAD_BYTES, length

    def _look_into(self, name: bytes, start: int, end: int) -> bool:
        if name == b"trak":
            self._is_sound = False
        if name in _HOLDERS:
            return self.are_whole(start, end)
        if name == b"stbl":
            self._is_uncompressed, self._samples = False, 0
            whole = self.are_whole(start, end)
            if not (self._is_sound and self._is_uncompressed):  # such sound is counted in chunks
                self._count(self._samples)
            return whole
        self._file.seek(start)
        self._note(name, self._file.read(min(20, end - start)))
        return True

    def _note(self, name: bytes, data: bytes) -> None:
        """Keep what a box says of its track's samples."""
        if name == b"hdlr":
            self._is_sound = data[8:12] == b"soun"
        elif name == b"stts":
            self._is_uncompressed = data[4:8] == data[12:16] == b"\0\0\0\1"
        elif name in (b"stsz", b"stz2"):
            self._samples = int.from_bytes(data[8:12])
        elif name == b"trun":
            self._count(int.from_bytes(data[4:8]))

    def _count(self, samples: int) -> None:
        self._samples_left -= samples
        if self._samples_left < 0:
            raise VideoTooLongError("the video has too many parts")
