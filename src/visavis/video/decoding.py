"""The decoded pictures of a film's first usable picture track, in order, or the error that fits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO

import av
from av.codec.context import ThreadType
from av.container import InputContainer
from av.stream import Discard, Disposition
from av.video.stream import VideoStream

from visavis.errors import (
    CorruptVideoError,
    EncryptedVideoError,
    NoPicturesError,
    UnsupportedVideoError,
    VideoTooLargeError,
    VideoTooLongError,
)
from visavis.video.opening import VideoLimits, demuxed

_ENCRYPTED_TAGS = ("encv", "drmi")
_MOST_THREADS = 8
_LONGEST_S = 48 * 3600
_MISSING_S = 10  # of what the header promises; a last picture may be meant to stay for long, and files do not say how long


def picture_track(container: InputContainer, limits: VideoLimits) -> VideoStream:
    """The first track of moving pictures; cover art is none. Raises the VideoError that fits."""
    tracks = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not tracks:
        raise NoPicturesError
    track = tracks[0]
    if track.codec_context is None:
        raise UnsupportedVideoError
    if track.codec_context.codec_tag in _ENCRYPTED_TAGS or "enc_key_id" in track.metadata:
        raise EncryptedVideoError
    if not track.time_base:
        raise CorruptVideoError
    check_sides(track.codec_context.width, track.codec_context.height, limits)
    return track


def check_sides(width: int, height: int, limits: VideoLimits) -> None:
    """Raise VideoTooLargeError, or CorruptVideoError where there are no pixels."""
    if width < 1 or height < 1:
        raise CorruptVideoError("the video has no pixels")
    if width * height > limits.max_pixels:
        raise VideoTooLargeError(
            f"the video has {width} x {height} pixels, more than {limits.max_pixels / 1e6:.0f} million"
        )


def decoded(file: BinaryIO, limits: VideoLimits, seek_pts: int | None = None) -> Iterator[av.VideoFrame]:
    """The pictures as they were stored, their pts strictly rising, the first of them a keyframe at or before seek_pts.

    A film that ends before what its header promises is damaged. Raises the VideoError that fits.
    """
    with demuxed(file, limits) as container:
        track = picture_track(container, limits)
        _prepare(container, track, limits)
        if seek_pts is not None:
            container.seek(seek_pts, stream=track)
        clock, end_s = _Clock(track.time_base), Fraction(0)
        for packet in container.demux():
            if packet.size and packet.pts is not None and packet.time_base:
                end_s = max(end_s, (packet.pts + (packet.duration or 0)) * packet.time_base)
            if packet.stream is not track:  # stream_index is 0 in the packets that end a file
                continue
            if packet.is_corrupt:
                raise CorruptVideoError
            if packet.has_sidedata("encryption_info"):
                raise EncryptedVideoError
            for picture in track.decode(packet):
                clock.set(picture)
                if clock.ticks > limits.max_frames:
                    raise VideoTooLongError(f"the video has more than {limits.max_frames} pictures")
                yield picture
        promised_s = (container.duration or 0) / av.time_base
        if not clock.ticks:
            raise CorruptVideoError("there is no picture in the video")
        if promised_s - end_s > _MISSING_S:
            raise CorruptVideoError("the video ends before what its header promises")


def _prepare(container: InputContainer, track: VideoStream, limits: VideoLimits) -> None:
    for stream in container.streams:
        if stream.type not in ("video", "audio") or (stream.type == "video" and stream is not track):
            stream.discard = Discard.all
    track.codec_context.options = {"max_pixels": str(limits.max_pixels)}
    track.codec_context.thread_type = ThreadType.AUTO
    track.codec_context.thread_count = min(os.cpu_count() or 1, _MOST_THREADS)


class _Clock:
    """Sees to it that times rise; a keyframe's time is never changed, so that they are the same from wherever one begins."""

    def __init__(self, time_base: Fraction | None) -> None:
        self.ticks = 0
        self._last: int | None = None
        self._furthest = int(_LONGEST_S / (time_base or 1))

    def set(self, picture: av.VideoFrame) -> None:
        last, pts = self._last, picture.pts
        if last is not None and (pts is None or pts <= last):
            if picture.key_frame and pts is not None:
                raise CorruptVideoError("the times of its pictures do not rise")
            pts = last + 1
        pts = pts or 0
        if abs(pts) > self._furthest:
            raise VideoTooLongError("the times in the video are further apart than two days")
        picture.pts = self._last = pts
        self.ticks += 1
