"""Whether a film keeps what it promises: rising times, a picture for each packet, an end where its header says."""

from __future__ import annotations

from fractions import Fraction

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from visavis.errors import CorruptVideoError, VideoTooLongError

_LONGEST_S = 48 * 3600
_LONGEST_PICTURE_S = 3600  # MP4 counts from picture to picture in 32 bits
_MISSING_S = 10  # of what a header promises; files do not say how long the last picture is meant to stay
_STRICT = ("h264", "hevc", "vp8", "vp9", "libdav1d", "av1")
_MOST_OWED = 256  # far more than any decoder holds back


class Clock:
    """Makes times rise strictly.

    A keyframe's time is never changed, so pictures have the same times from whichever keyframe decoding began.
    """

    def __init__(self, track: VideoStream, max_frames: int) -> None:
        self._second = 1 / (track.time_base or Fraction(1))
        self._left = self._max_frames = max_frames
        self._last: int | None = None

    def set(self, picture: av.VideoFrame) -> None:
        """Put a picture's time after the one before; raises CorruptVideoError and VideoTooLongError."""
        last, pts = self._last, picture.pts
        if last is not None and (pts is None or pts <= last):
            if picture.key_frame and pts is not None:
                raise CorruptVideoError("the times of its pictures do not rise")
            pts = last + 1
        pts = pts or 0
        if abs(pts) > _LONGEST_S * self._second or (
            last is not None and pts - last > _LONGEST_PICTURE_S * self._second
        ):
            raise CorruptVideoError("the times of its pictures lie too far apart")
        if not self._left:
            raise VideoTooLongError(f"the video has more than {self._max_frames} pictures")
        picture.pts = self._last = pts
        self._left -= 1


class Debts:
    """The packets that have not become pictures yet. Decoders pass over some damage in silence."""

    def __init__(self, track: VideoStream) -> None:
        self._codec = track.codec_context.name
        self._owed: set[int] = set()
        self._first: int | None = None
        self._interlaced = False

    def owe(self, packet: Packet[Stream]) -> None:
        """A packet goes to the decoder; raises CorruptVideoError where too many did in vain."""
        if packet.pts is not None and packet.size and not packet.is_discard and not self._hidden(packet):
            self._owed.add(packet.pts)
        if len(self._owed) > _MOST_OWED:
            self.check()
            self._owed.clear()

    def settle(self, picture: av.VideoFrame) -> None:
        """A picture came of it."""
        if self._first is None:
            self._first = picture.pts
        self._interlaced |= picture.interlaced_frame  # the second field may come in a packet of its own
        if picture.pts is not None:
            self._owed.discard(picture.pts)

    def check(self) -> None:
        """Raise CorruptVideoError where there was no picture, or one is missing after the first."""
        if self._first is None and not self._owed:
            raise CorruptVideoError("there is no picture in the video")
        missing = self._first is None or max(self._owed, default=self._first) > self._first
        if missing and self._codec in _STRICT and not self._interlaced:
            raise CorruptVideoError("some of its pictures cannot be decoded")

    def _hidden(self, packet: Packet[Stream]) -> bool:
        """Whether it holds a picture that is only there to be referred to, in VP8 (RFC 6386, 9.1) and VP9 (its section 6.2)."""
        if self._codec == "vp8":
            return not bytes(packet)[0] & 0x10
        if self._codec == "vp9":
            start, end = bytes(packet)[0], bytes(packet)[-1]
            several = end & 0xE0 == 0xC0
            return not several and start & 0xF8 == 0x80 and not start & 0x02
        return False


class Extent:
    """How far a film's packets reach, against what its header promises."""

    def __init__(self, container: InputContainer) -> None:
        self._promised_s = Fraction(container.duration or 0, av.time_base)
        self._reached_s = Fraction(0)

    def reach(self, packet: Packet[Stream]) -> None:
        """A packet of any track was read."""
        if packet.size and packet.pts is not None and packet.time_base:
            end = packet.pts + (packet.duration or 0)
            self._reached_s = max(self._reached_s, end * packet.time_base)

    def check(self) -> None:
        """Raise CorruptVideoError where the film ends long before."""
        if self._promised_s - self._reached_s > _MISSING_S:
            raise CorruptVideoError("the video ends before what its header promises")
