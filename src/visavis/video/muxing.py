"""A film put together from its segments and the sound of its source."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import IO

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from visavis.errors import CorruptVideoError
from visavis.video.formats import VideoFormat
from visavis.video.headers import without_gif_header
from visavis.video.opening import open_demuxer, open_film
from visavis.video.sound import Timed, add_sound
from visavis.video.source import Video
from visavis.video.writing import muxer


class Audio(StrEnum):
    """What becomes of a film's sound."""

    KEEP = "keep"
    DROP = "drop"


def mux(
    file: IO[bytes], segments: Sequence[Path], video: Video, written: VideoFormat, audio: Audio = Audio.KEEP
) -> None:
    """Write a film of the segments' pictures, one segment at least, and all tracks of the video's sound, and nothing else.

    Sound is copied as it is where the format can hold its codec; a GIF has none. Raises the VideoError that fits, and OSError.
    """
    tick = written.tick_for(video.time_base)
    with ExitStack() as stack:
        container = stack.enter_context(muxer(file, written.muxer, tick))
        streams = [_pictures(container, segments, tick)]
        if audio is Audio.KEEP and written.sound_encoder:
            source = stack.enter_context(open_demuxer(stack.enter_context(open_film(video.path)), video.limits))
            streams.append(add_sound(source, container, written))
        container.start_encoding()
        for _, packet in heapq.merge(*streams, key=lambda timed: timed[0]):
            container.mux_one(packet)


def _pictures(container: OutputContainer, segments: Sequence[Path], tick: Fraction) -> Iterator[Timed]:
    """The segments' packets, after their track is added; each lasts until the next begins."""
    with segments[0].open("rb") as file, av.open(file, "r") as first:
        stream = container.add_stream_from_template(first.streams.video[0])
        parameters = first.streams.video[0].codec_context.extradata
    stream.time_base = tick
    return _lasting(_rising(segments, stream, tick, parameters), tick)


def _rising(
    segments: Sequence[Path], stream: VideoStream, tick: Fraction, parameters: bytes | None
) -> Iterator[Packet[Stream]]:
    last = None
    for path in segments:
        with path.open("rb") as file, av.open(file, "r") as container:
            track = container.streams.video[0]
            if track.codec_context.extradata != parameters:
                raise CorruptVideoError("the segments do not belong together")
            for packet in container.demux(track):
                if not packet.size:  # it ends the segment
                    continue
                moved = _moved(packet, stream, tick, leads=last is None)
                if last is not None:
                    moved.pts = moved.dts = max(moved.pts, last + 1)
                last = moved.pts
                yield moved


def _moved(packet: Packet[Stream], stream: VideoStream, tick: Fraction, *, leads: bool) -> Packet[Stream]:
    """A packet of a segment as one of the film."""
    data = bytes(packet)
    moved = Packet(data if leads else without_gif_header(data))
    moved.is_keyframe = packet.is_keyframe
    moved.pts = moved.dts = round(packet.pts * packet.time_base / tick)
    moved.duration = round((packet.duration or 0) * packet.time_base / tick)
    moved.stream, moved.time_base = stream, tick
    return moved


def _lasting(packets: Iterator[Packet[Stream]], tick: Fraction) -> Iterator[Timed]:
    held = next(packets, None)
    for packet in packets:
        assert held is not None
        held.duration = packet.pts - held.pts
        yield held.pts * tick, held
        held = packet
    if held is not None:
        yield held.pts * tick, held
