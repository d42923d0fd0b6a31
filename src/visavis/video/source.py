"""A stored film: what it is, and its pictures upright, from the first or from any on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import av

from visavis.errors import CorruptVideoError
from visavis.video.colour import Colour, Converter, colour_of
from visavis.video.decoding import decoded, picture_track
from visavis.video.frames import Frame
from visavis.video.opening import DEFAULT_LIMITS, VideoLimits, demuxed, open_file
from visavis.video.upright import turn_of, upright


class Video:
    """A film's first track of moving pictures. Its first picture is decoded at once, the file not kept open.

    width, height: of the pictures that frames() gives, even. pixel_aspect: width to height of one pixel of them, kept as it is.
    time_base: seconds in a tick of pts. frame_rate: on average, a guess. frame_count, duration_ms: what the header claims;
    None where it claims nothing. codec: FFmpeg's name of it. kind: of the file, mov (MP4 too), matroska (WebM too) or gif.
    colour: of the pictures that frames() gives. start_pts: of what begins first in the file, sound or pictures.

    Raises the VideoError that fits, here or while frames are read.
    """

    def __init__(self, path: Path, limits: VideoLimits = DEFAULT_LIMITS) -> None:
        self.path = path
        self._limits = limits
        with open_file(path) as file, demuxed(file, limits) as container:
            track = picture_track(container, limits)
            assert track.time_base is not None
            self.kind = container.format.name.split(",")[0]
            self.codec = track.codec_context.name
            self.time_base: Fraction = track.time_base
            self.frame_rate = float(track.guessed_rate or track.average_rate or 0)
            self.frame_count = track.frames or None
            self.duration_ms = container.duration // 1000 if container.duration else None
            self.start_pts = int((container.start_time or 0) / (av.time_base * self.time_base))
            pixel_aspect = track.sample_aspect_ratio or Fraction(1)
        with open_file(path) as file:
            stored = next(decoded(file, limits))
        self._turn = turn_of(stored)
        self.pixel_aspect = 1 / pixel_aspect if self._turn.swap else pixel_aspect
        shown = upright(Converter().convert(stored), self._turn)
        self.colour: Colour = colour_of(shown)
        self.width, self.height = shown.width, shown.height

    def frames(self, after: int | None = None) -> Iterator[Frame]:
        """The frames in order, those whose pts is greater than `after` alone where it is given; their pts rise strictly."""
        with open_file(self.path) as file:
            pictures = self._pictures(file, after)
            converter = Converter()
            for stored in pictures:
                pts = stored.pts
                assert pts is not None
                if after is not None and pts <= after:
                    continue
                yield self._frame(converter, stored, pts)

    def _pictures(self, file: BinaryIO, after: int | None) -> Iterator[av.VideoFrame]:
        """From a keyframe at or before `after`; from the first where seeking does not lead to one."""
        if after is not None and self.kind != "gif":
            pictures = decoded(file, self._limits, seek_pts=after)
            with suppress(CorruptVideoError):
                first = next(pictures)
                if first.key_frame and first.pts is not None and first.pts <= after:
                    return chain([first], pictures)
            pictures.close()
        return decoded(file, self._limits)

    def _frame(self, converter: Converter, stored: av.VideoFrame, pts: int) -> Frame:
        picture = upright(converter.convert(stored), self._turn)
        if (picture.width, picture.height) != (self.width, self.height):
            picture = picture.reformat(self.width, self.height)
        milliseconds = int((pts - self.start_pts) * self.time_base * 1000)
        return Frame(pts, stored.duration or 0, max(milliseconds, 0), picture)
