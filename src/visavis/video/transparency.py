"""What is transparent in VP8 and VP9, which know nothing of it: WebM keeps it as a second film beside each picture."""

from __future__ import annotations

from collections import deque

import av
import numpy as np
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream
from numpy.typing import NDArray

from visavis.errors import CorruptVideoError, UnsupportedVideoError
from visavis.video.upright import Plane, planes_of

_CODECS = ("vp8", "vp9")
_ALPHA = (1).to_bytes(8)  # what WebM says of the blocks that hold it
_WHITE, _WHITE_FULL_RANGE, _NO_COLOUR = 235, 255, 128
_FULL_RANGE = 2

Opacity = NDArray[np.uint16]


class Transparency:
    """Lays the pictures of one film on white, where it says that what is transparent lies beside them."""

    def __init__(self, track: VideoStream, max_pixels: int) -> None:
        codec = track.codec_context.name
        self._is_told = codec in _CODECS and track.metadata.get("alpha_mode") == "1"
        if self._is_told:
            decoder = av.CodecContext.create(codec, "r")
            assert isinstance(decoder, VideoCodecContext)
            decoder.options = {"max_pixels": str(max_pixels)}
            decoder.thread_count = 1  # each packet gives its picture at once
            self._decoder = decoder
        self._waiting: deque[tuple[int, bytes]] = deque()

    def owe(self, packet: Packet[Stream]) -> None:
        """A packet goes to the decoder of the pictures."""
        if not self._is_told or packet.pts is None or not packet.has_sidedata("matroska_block_additional"):
            return
        data = bytes(packet.get_sidedata("matroska_block_additional"))
        if data.startswith(_ALPHA):
            self._waiting.append((packet.pts, data[len(_ALPHA) :]))

    def lay_on_white(self, picture: av.VideoFrame) -> None:
        """Change a picture where it is transparent. One with nothing beside it is opaque.

        Raises UnsupportedVideoError, CorruptVideoError and what decoders do.
        """
        beside = self._beside(picture.pts)
        if beside is None:
            return
        if (beside.width, beside.height) != (picture.width, picture.height):
            raise CorruptVideoError("a picture and what is transparent in it differ in size")
        if picture.format.name != "yuv420p" or beside.format.name != "yuv420p":
            raise UnsupportedVideoError("transparency is not read in this layout of pixels")
        picture.make_writable()
        white = _WHITE_FULL_RANGE if picture.color_range == _FULL_RANGE else _WHITE
        opacity = planes_of(beside)[0].astype(np.uint16)
        luma, *colours = planes_of(picture)
        _blend(luma, opacity, white)
        halved = _halved(opacity)
        for plane in colours:
            _blend(plane, halved, _NO_COLOUR)

    def _beside(self, pts: int | None) -> av.VideoFrame | None:
        """What lies beside the picture of that time, after all that lies beside those before it."""
        found = None
        while self._waiting and pts is not None and self._waiting[0][0] <= pts:
            begin, data = self._waiting.popleft()
            pictures = self._decoder.decode(Packet(data))
            found = pictures[-1] if pictures and begin == pts else None
        return found


def _blend(plane: Plane, opacity: Opacity, behind: int) -> None:
    """A plane over a level, in place, by how opaque each of its pixels is, 0 to 255."""
    plane[:] = (plane * opacity + behind * (255 - opacity) + 127) // 255


def _halved(opacity: Opacity) -> Opacity:
    """The mean of four pixels each, of sides rounded up."""
    even = np.pad(opacity, [(0, side % 2) for side in opacity.shape], mode="edge")
    return (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2] + 2) // 4
