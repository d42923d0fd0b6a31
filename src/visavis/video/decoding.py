"""The decoded pictures of a film's first track of moving pictures, in order, or the error that fits."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import BinaryIO

import av
from av.codec.context import ThreadType
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard, Disposition, Stream
from av.video.stream import VideoStream

from visavis.errors import (
    CorruptVideoError,
    EncryptedVideoError,
    NoPicturesError,
    UnsupportedVideoError,
)
from visavis.video.checks import Clock, Debts, Extent
from visavis.video.opening import VideoLimits, media_errors, open_demuxer
from visavis.video.structure import check_sides
from visavis.video.transparency import Transparency

_ENCRYPTED_TAGS = ("encv", "drmi")
_MOST_THREADS = 8  # each holds a picture or two


def picture_track(container: InputContainer, limits: VideoLimits) -> VideoStream:
    """The first track of moving pictures; cover art is none. Raises the VideoError that fits."""
    tracks = [track for track in container.streams.video if not track.disposition & Disposition.attached_pic]
    if not tracks:
        raise NoPicturesError
    track = tracks[0]
    if track.codec_context is None:
        raise UnsupportedVideoError
    if track.codec_context.codec_tag in _ENCRYPTED_TAGS or "enc_key_id" in track.metadata:
        raise EncryptedVideoError
    if not track.time_base:
        raise CorruptVideoError
    check_sides(track.codec_context.width, track.codec_context.height, limits.max_pixels)
    return track


def decoded(
    file: BinaryIO, limits: VideoLimits, seek_pts: int | None = None
) -> Generator[av.VideoFrame, None, None]:
    """The pictures as they were stored, but on white where what is transparent lies beside them, their pts strictly rising.

    seek_pts: begin with a keyframe, at or before it if the file's index is right; by default with the first picture.
    Raises the VideoError that fits, after the last picture too: where some were owed, or the header promised more.
    """
    with open_demuxer(file, limits) as container, media_errors():
        track = picture_track(container, limits)
        _prepare(container, track, limits)
        if seek_pts is not None:
            container.seek(seek_pts, stream=track)
        transparency = Transparency(track, limits.max_pixels)
        clock, debts, extent = Clock(track, limits.max_frames), Debts(track), Extent(container)
        for packet in container.demux():
            extent.reach(packet)
            if packet.stream is not track:  # stream_index is 0 in the packets that end a file
                continue
            _check(packet)
            debts.owe(packet)
            transparency.owe(packet)
            for picture in track.decode(packet):
                debts.settle(picture)
                transparency.lay_on_white(picture)
                clock.set(picture)
                yield picture
        debts.check()
        extent.check()


def _prepare(container: InputContainer, track: VideoStream, limits: VideoLimits) -> None:
    for stream in container.streams:
        if stream is not track and stream.type != "audio":
            stream.discard = Discard.all
    context = track.codec_context
    context.options = {"max_pixels": str(limits.max_pixels)}
    context.thread_type = ThreadType.AUTO
    context.thread_count = min(os.cpu_count() or 1, _MOST_THREADS)


def _check(packet: Packet[Stream]) -> None:
    if packet.is_corrupt:
        raise CorruptVideoError
    if packet.has_sidedata("encryption_info"):
        raise EncryptedVideoError
