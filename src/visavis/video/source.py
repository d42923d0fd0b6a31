"""A stored film: what it is, and its pictures upright, from the first or from any on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from visavis.errors import CorruptVideoError
from visavis.video.colour import Converter, colour_of
from visavis.video.decoding import decoded, picture_track
from visavis.video.frames import Frame, shown_size
from visavis.video.opening import DEFAULT_LIMITS, VideoLimits, media_errors, open_demuxer, open_film
from visavis.video.upright import Turn, turn_of, upright

_SLIMMEST = Fraction(8)  # how many times wider than high a pixel may be; who says more is in error
_MEASURED = 250  # pictures


class Video:
    """A film's first track of moving pictures. Its first picture is decoded at once, the file not kept open.

    width, height: of the pictures that frames() gives, even. pixel_aspect: width to height of one pixel of them, kept as it is.
    shown: the width and height in which they are shown, in square pixels, about as many as they have.
    time_base: seconds in a tick of pts. frame_rate: on average, a guess. frame_count, duration_ms: what the header claims;
    None where it claims nothing. codec: FFmpeg's name of it. kind: of the file, mov (MP4 too), matroska (WebM too) or gif.
    colour: of the pictures that frames() gives. start_pts: of what begins first in the file, sound or pictures.

    Raises the VideoError that fits, here or while frames are read.
    """

    def __init__(self, path: Path, limits: VideoLimits = DEFAULT_LIMITS) -> None:
        self.path, self.limits = path, limits
        with open_film(path) as file:
            self._stamp = _stamp(file)
            with open_demuxer(file, limits) as container:
                self._describe(container)
            with closing(decoded(file, limits)) as pictures:
                stored = next(pictures)
        self._turn = turn_of(stored)
        self.pixel_aspect = 1 / self._stored_aspect if self._turn.swap else self._stored_aspect
        shown = _shown(stored, Converter(), self._turn)
        self.colour = colour_of(shown)
        self.width, self.height = shown.width, shown.height
        self.shown = shown_size(shown.width, shown.height, float(self.pixel_aspect))

    def _describe(self, container: InputContainer) -> None:
        track = picture_track(container, self.limits)
        assert track.time_base
        self.kind = container.format.name.split(",", maxsplit=1)[0]
        self.codec = track.codec_context.codec.canonical_name
        self.time_base = track.time_base
        self.frame_rate = _frame_rate(container, track)
        self.frame_count = track.frames or None
        self.duration_ms = container.duration // 1000 if container.duration else None
        self.start_pts = int((container.start_time or 0) / (av.time_base * self.time_base))
        aspect = track.sample_aspect_ratio or Fraction(1)
        self._stored_aspect = aspect if 1 / _SLIMMEST <= aspect <= _SLIMMEST else Fraction(1)

    def frames(self, after: int | None = None) -> Iterator[Frame]:
        """The frames in order, those whose pts is greater than `after` alone where it is given; their pts rise strictly."""
        converter = Converter()
        with self.opened() as file:
            for stored in self._pictures(file, after):
                if after is None or _pts(stored) > after:
                    yield self._frame(converter, stored)

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The file; raises CorruptVideoError where it is not the one that was opened first, or changes meanwhile."""
        with open_film(self.path) as file:
            self._check(file)
            yield file
            self._check(file)

    def _check(self, file: BinaryIO) -> None:
        if _stamp(file) != self._stamp:
            raise CorruptVideoError("the file was changed while it was worked on")

    def _pictures(self, file: BinaryIO, after: int | None) -> Iterator[av.VideoFrame]:
        """From a keyframe at or before `after`; from the first where seeking does not lead to one."""
        if after is not None and self.kind != "gif":
            pictures = decoded(file, self.limits, seek_pts=after)
            with suppress(CorruptVideoError):
                first = next(pictures, None)
                if first is not None and first.key_frame and _pts(first) <= after:
                    return chain([first], pictures)
            pictures.close()
        return decoded(file, self.limits)

    def _frame(self, converter: Converter, stored: av.VideoFrame) -> Frame:
        picture = _shown(stored, converter, self._turn)
        if (picture.width, picture.height) != (self.width, self.height):
            picture = picture.reformat(self.width, self.height)
        milliseconds = int((_pts(stored) - self.start_pts) * self.time_base * 1000)
        aspect = float(self.pixel_aspect)
        return Frame(_pts(stored), stored.duration or 0, max(milliseconds, 0), picture, aspect)


def _frame_rate(container: InputContainer, track: VideoStream) -> float:
    """As the file says or FFmpeg guesses it; where it guesses one picture a tick for want of a rhythm, that of the first pictures."""
    assert track.time_base
    rate = track.guessed_rate or track.average_rate or Fraction(0)
    if rate * track.time_base < 1:
        return float(rate)
    with media_errors():
        packets = islice(container.demux(track), _MEASURED)
        times = [packet.pts for packet in packets if packet.size and packet.pts is not None]
    span = max(times, default=0) - min(times, default=0)
    return float((len(times) - 1) / (span * track.time_base)) if span else float(rate)


def _shown(stored: av.VideoFrame, converter: Converter, turn: Turn) -> av.VideoFrame:
    with media_errors():
        return upright(converter.convert(stored), turn)


def _pts(picture: av.VideoFrame) -> int:
    assert picture.pts is not None  # decoded() sets it where a file does not
    return picture.pts


def _stamp(file: BinaryIO) -> tuple[int, int]:
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns
