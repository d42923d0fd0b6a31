"""Pictures the right way up and with even sides, as 4:2:0 wants them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import cast

import av
import numpy as np
from av.buffer import Buffer
from numpy.typing import NDArray

_MATRIX_BYTES = 36

Plane = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Turn:
    """What brings a stored picture upright: first rows and columns change places, then it is mirrored."""

    swap: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    def stored(self, upright: Plane) -> Plane:
        """A view of an upright plane (height, width) with rows and columns as they were stored."""
        plane = upright[:: -1 if self.mirror_y else 1, :: -1 if self.mirror_x else 1]
        return plane.T if self.swap else plane


def turn_of(picture: av.VideoFrame) -> Turn:
    """The turn that a picture's display matrix asks for (ISO/IEC 14496-12, 8.3.2.3), to the nearest quarter; scaling is passed over."""
    matrix = cast("Buffer | None", picture.side_data.get("DISPLAYMATRIX"))
    if matrix is None or matrix.buffer_size < _MATRIX_BYTES:
        return Turn()
    # A stored point (x, y) is shown at (a x + c y, b x + d y).
    a, b, _, c, d = struct.unpack("=5i", bytes(matrix)[:20])
    if abs(b) + abs(c) > abs(a) + abs(d):
        return Turn(swap=True, mirror_x=c < 0, mirror_y=b < 0)
    return Turn(mirror_x=a < 0, mirror_y=d < 0)


def planes_of(picture: av.VideoFrame) -> tuple[Plane, Plane, Plane]:
    """The planes Y, U and V of a yuv420p picture, as views (height, width) without the padding of lines.

    To write into them, call picture.make_writable() first: a decoder may still read from the picture.
    """
    y, u, v = (
        np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        for plane in picture.planes
    )
    return y, u, v


def upright(picture: av.VideoFrame, turn: Turn) -> av.VideoFrame:
    """A yuv420p picture upright; an odd side gets its last row or column once more. The same picture where nothing is to do."""
    width, height = picture.width + picture.width % 2, picture.height + picture.height % 2
    if turn == Turn() and (width, height) == (picture.width, picture.height):
        return picture
    sides = (height, width) if turn.swap else (width, height)
    result = av.VideoFrame(*sides, "yuv420p")
    for target, source in zip(planes_of(result), planes_of(picture), strict=True):
        stored = turn.stored(target)
        rows, columns = source.shape
        stored[:rows, :columns] = source
        stored[rows:, :columns] = source[-1]
        stored[:, columns:] = stored[:, columns - 1 : columns]
    return result
