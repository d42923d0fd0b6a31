"""A film put together from its segments and the sound of its source."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import IO

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

from visavis.errors import CorruptVideoError
from visavis.video.encoders import rate_told
from visavis.video.formats import VideoFormat
from visavis.video.headers import without_gif_header
from visavis.video.opening import media_errors, open_demuxer
from visavis.video.sound import Timed, add_sound
from visavis.video.source import Video
from visavis.video.writing import muxer


class Audio(StrEnum):
    """What becomes of a film's sound."""

    KEEP = "keep"
    DROP = "drop"


def mux(
    file: IO[bytes],
    segments: Sequence[Path],
    video: Video,
    written: VideoFormat,
    audio: Audio = Audio.KEEP,
) -> None:
    """Write a film of the pictures in the segments, one at least, and all tracks of the video's sound, and of nothing else.

    Sound is copied as it is where the format can hold its codec, and else encoded anew; a GIF has none.
    Raises the VideoError that fits, and OSError where the file cannot be written.
    """
    tick = written.tick_for(video.time_base)
    with video.opened() as source, ExitStack() as stack:
        container = stack.enter_context(muxer(file, written.muxer, tick))
        tracks = [_pictures(container, segments, tick, rate_told(video))]
        if audio is Audio.KEEP and written.sound_encoder is not None:
            demuxer = stack.enter_context(open_demuxer(source, video.limits))
            tracks.append(add_sound(demuxer, container, written))
        container.start_encoding()
        for _, packet in heapq.merge(*tracks, key=lambda timed: timed[0]):
            container.mux_one(packet)


def _pictures(
    container: OutputContainer, segments: Sequence[Path], tick: Fraction, rate: Fraction
) -> Iterator[Timed]:
    """The segments' packets in the film's ticks, once their track is added."""
    with media_errors(), segments[0].open("rb") as file, av.open(file, "r", format="mov") as first:
        track = first.streams.video[0]
        stream = container.add_stream_from_template(track)
        stream.time_base = tick
        stream.codec_context.framerate = rate  # what is not said, Matroska's muxer takes from the tick
        return _timed(_coded(segments, track.codec_context.extradata), stream, tick)


@dataclass(frozen=True, slots=True)
class _Coded:
    """A picture as it is coded. begin, duration: in seconds."""

    data: bytes
    begin: Fraction
    duration: Fraction
    is_keyframe: bool


def _coded(segments: Sequence[Path], parameters: bytes | None) -> Iterator[_Coded]:
    for path in segments:
        with media_errors(), path.open("rb") as file, av.open(file, "r", format="mov") as container:
            track = container.streams.video[0]
            if track.codec_context.extradata != parameters:
                raise CorruptVideoError("the segments do not belong together")
            for packet in container.demux(track):
                if packet.size:  # one of no size ends the segment
                    assert packet.pts is not None
                    yield _Coded(
                        bytes(packet),
                        packet.pts * packet.time_base,
                        (packet.duration or 0) * packet.time_base,
                        packet.is_keyframe,
                    )


def _timed(pictures: Iterator[_Coded], stream: Stream, tick: Fraction) -> Iterator[Timed]:
    """Packets whose times rise strictly, each lasting until the next begins; the last as long as was said of it."""
    coded = next(pictures, None)
    pts = round(coded.begin / tick) if coded else 0
    leads = True
    while coded is not None:
        following = next(pictures, None)
        end = pts + round(coded.duration / tick) if following is None else round(following.begin / tick)
        packet: Packet[Stream] = Packet(coded.data if leads else without_gif_header(coded.data))
        packet.stream, packet.time_base, packet.is_keyframe = stream, tick, coded.is_keyframe
        packet.pts = packet.dts = pts
        pts = max(end, pts + 1)
        packet.duration = pts - packet.pts
        yield packet.pts * tick, packet
        coded, leads = following, False
