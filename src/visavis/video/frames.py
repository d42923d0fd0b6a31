"""A picture of a film with its times."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

_BT709, _BT601 = 1, 5
_UNKNOWN = 2
_HD_LINES = 720  # from here on, players take BT.709 where a film does not say
_FULL = 2


def shown_size(width_px: int, height_px: int, pixel_aspect: float) -> tuple[int, int]:
    """The width and height in which a picture is shown, in square pixels, about as many as it has."""
    stretch = math.sqrt(pixel_aspect)
    return max(1, round(width_px * stretch)), max(1, round(height_px / stretch))


class _Scalers(threading.local):
    """A scaler keeps its tables from picture to picture: one for each thread."""

    def __init__(self) -> None:
        self.rgb = VideoReformatter()


_scalers = _Scalers()


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture of a film, upright, in yuv420p, with even sides.

    pts, duration: in the film's time base; duration is 0 where the file does not say. timestamp_ms: from the film's start,
    which is that of whatever begins first in the file, sound or pictures.
    picture: of 8 bits, in the standard dynamic range. A decoder may still read from it: make_writable() before changing it.
    pixel_aspect: width to height of one pixel where it is shown.
    """

    pts: int
    duration: int
    timestamp_ms: int
    picture: av.VideoFrame
    pixel_aspect: float = 1.0

    def rgb(self, width_px: int, height_px: int) -> NDArray[np.uint8]:
        """The picture scaled to these sides, as (height, width, 3) of full-range RGB."""
        matrix = self.picture.colorspace
        if matrix == _UNKNOWN:
            matrix = _BT709 if self.picture.height >= _HD_LINES else _BT601
        scaled = _scalers.rgb.reformat(
            self.picture,
            width_px,
            height_px,
            "rgb24",
            src_colorspace=matrix,
            interpolation=Interpolation.BILINEAR,
            dst_color_range=_FULL,
            threads=1,
        )
        return np.asarray(scaled.to_ndarray(), np.uint8)
