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

from visavis.errors import CorruptVideoError
from visavis.video.formats import VideoFormat
from visavis.video.opening import VideoLimits, demuxed, open_file
from visavis.video.source import Video
from visavis.video.writing import muxer


class Audio(StrEnum):
    """What becomes of a film's sound."""

    KEEP = "keep"
    DROP = "drop"


Timed = tuple[Fraction, Packet]


def mux(
    file: IO[bytes], segments: Sequence[Path], video: Video, written: VideoFormat, audio: Audio = Audio.KEEP
) -> None:
    """Write a film of the segments' pictures and all tracks of the video's sound; nothing else of the source comes along.

    Sound is copied as it is where the format can hold its codec. Raises the VideoError that fits, and OSError.
    """
    tick = written.tick_for(video.time_base)
    with ExitStack() as stack:
        container = stack.enter_context(muxer(file, written.muxer, tick))
        pictures = _Pictures(container, segments, tick)
        sources: list[Iterator[Timed]] = [pictures.packets()]
        if audio is Audio.KEEP and written.sound_encoder:
            sources.append(_sound(stack, container, video, written))
        container.start_encoding()
        for _, packet in heapq.merge(*sources, key=lambda timed: timed[0]):
            container.mux_one(packet)


class _Pictures:
    def __init__(self, container: OutputContainer, segments: Sequence[Path], tick: Fraction) -> None:
        self._segments, self._tick = segments, tick
        with segments[0].open("rb") as file, av.open(file, "r", format="mov") as first:
            track = first.streams.video[0]
            self._extradata = track.codec_context.extradata
            self._stream = container.add_stream_from_template(track)
            self._stream.time_base = tick

    def packets(self) -> Iterator[Timed]:
        last, held = None, None
        for path in self._segments:
            with path.open("rb") as file, av.open(file, "r", format="mov") as container:
                track = container.streams.video[0]
                if track.codec_context.extradata != self._extradata:
                    raise CorruptVideoError("the segments do not belong together")
                for packet in container.demux(track):
                    if not packet.size:
                        continue
                    pts = round(packet.pts * track.time_base / self._tick)
                    pts = pts if last is None else max(pts, last + 1)
                    duration = round(packet.duration * track.time_base / self._tick)
                    packet.stream, packet.time_base = self._stream, self._tick
                    packet.pts = packet.dts = last = pts
                    packet.duration = duration
                    if held is not None:
                        held.duration = pts - held.pts
                        yield held.pts * self._tick, held
                    held = packet
        if held is not None:
            yield held.pts * self._tick, held


def _sound(
    stack: ExitStack, container: OutputContainer, video: Video, written: VideoFormat
) -> Iterator[Timed]:
    source = stack.enter_context(demuxed(stack.enter_context(open_file(video.path)), VideoLimits()))
    streams = {}
    for track in source.streams.audio:
        streams[track.index] = container.add_stream_from_template(track)

    def packets():
        if not streams:
            return
        for packet in source.demux(*source.streams.audio):
            if not packet.size:
                continue
            time = (packet.dts if packet.dts is not None else packet.pts) * packet.time_base
            packet.stream = streams[packet.stream_index]
            yield time, packet

    return packets()
