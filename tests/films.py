"""Films made for tests: four quarters of different colours, over which a white bar moves on with each picture."""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

os.environ.setdefault("SVT_LOG", "1")  # the AV1 encoder writes to stderr otherwise

RED, GREEN, BLUE, GREY = (220, 30, 30), (30, 200, 40), (30, 40, 210), (128, 128, 128)
BAR_WIDTH = 8
SAMPLES = 1024


@dataclass(frozen=True)
class Film:
    """How a film is made. pts in ticks of time_base; sound: codec; sound_starts: in seconds; turned: degrees, mirrored or not."""

    form: str = "mp4"
    codec: str = "libx264"
    width: int = 96
    height: int = 64
    layout: str = "yuv420p"
    pts: Sequence[int] = tuple(range(0, 20 * 3600, 3600))
    time_base: Fraction = Fraction(1, 90_000)
    b_frames: int = 0
    group: int = 12
    options: dict[str, str] = field(default_factory=dict)
    sound: str | None = None
    sound_starts: float = 0.0
    sound_options: dict[str, str] = field(default_factory=dict)
    turned: tuple[int, bool] | None = None
    pixel_aspect: Fraction | None = None
    colour: tuple[int, int, int, int] = (0, 2, 2, 2)
    metadata: dict[str, str] = field(default_factory=dict)
    muxer_options: dict[str, str] = field(default_factory=dict)

    def bytes(self) -> bytes:
        """The film's file."""
        file = io.BytesIO()
        # In MP4 and MOV, a late start is told in these ticks.
        options = {"movie_timescale": str(self.time_base.denominator)} if self.form in ("mp4", "mov") else {}
        with av.open(
            file, "w", format=self.form, container_options=options | self.muxer_options
        ) as container:
            container.metadata.update(self.metadata)
            stream = self._pictures(container)
            track = self._sound(container)
            for index, pts in enumerate(self.pts):
                frame = picture(index, self.width, self.height, self.layout, self.colour)
                frame.pts, frame.time_base = pts, self.time_base
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
            if track is not None:
                self._play(container, track)
        return file.getvalue()

    def write(self, path: Path) -> Path:
        """The film at a path."""
        path.write_bytes(self.bytes())
        return path

    def _pictures(self, container: OutputContainer) -> VideoStream:
        stream = container.add_stream(
            self.codec, 25, width=self.width, height=self.height, time_base=self.time_base
        )
        assert isinstance(stream, VideoStream)
        quiet = {
            "libx265": {"x265-params": f"log-level=none:bframes={self.b_frames}"},
            "libx264": {"preset": "ultrafast"},
        }
        fast = {"libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"}}
        stream.options.update((quiet | fast).get(self.codec, {}) | self.options)
        context = stream.codec_context
        context.pix_fmt = self.layout
        context.gop_size, context.max_b_frames = self.group, self.b_frames
        context.color_range, context.color_primaries, context.color_trc, context.colorspace = self.colour
        if self.pixel_aspect is not None:
            context.sample_aspect_ratio = self.pixel_aspect
        if self.turned is not None:
            stream.set_display_rotation(self.turned[0], hflip=self.turned[1])
        return stream

    def _sound(self, container: OutputContainer) -> AudioStream | None:
        if self.sound is None:
            return None
        track = container.add_stream(self.sound, 48_000, options=self.sound_options)
        assert isinstance(track, AudioStream)
        track.codec_context.layout = "stereo"
        return track

    def _play(self, container: OutputContainer, track: AudioStream) -> None:
        """A tone that rises, as long as the pictures."""
        seconds = float((self.pts[-1] - self.pts[0]) * self.time_base) + 0.04
        start = round(self.sound_starts * 48_000)
        for position in range(0, int(seconds * 48_000), SAMPLES):
            at = position + np.arange(SAMPLES)
            tone = np.sin(at * 0.01 + at**2 * 2e-7).astype(np.float32) / 3
            samples = av.AudioFrame.from_ndarray(np.stack([tone, tone]), "fltp", "stereo")
            samples.rate, samples.pts, samples.time_base = 48_000, start + position, Fraction(1, 48_000)
            container.mux(track.encode(samples))
        container.mux(track.encode(None))


def sound_alone(path: Path) -> Path:
    """A file of a tone."""
    film = Film(sound="aac")
    with av.open(str(path), "w", format="mp4") as container:
        track = film._sound(container)
        assert track is not None
        film._play(container, track)
    return path


def with_edits(film: bytes, handler: bytes, edits: Sequence[tuple[int, int]]) -> bytes:
    """An MP4 or MOV whose index comes last, where of the track of that handler these pieces are played.

    edits: how long, in ticks of the film, and from where, in ticks of the track; -1 for nothing.
    """
    result = b""
    for name, content in _boxes(film):
        body = content
        if name == b"moov":
            body = with_edits(body, handler, edits)
        elif name == b"trak" and body[body.index(b"hdlr") + 12 :].startswith(handler):
            children = [(name, body) for name, body in _boxes(body) if name != b"edts"]
            entries = b"".join(struct.pack(">iiI", *edit, 1 << 16) for edit in edits)
            listed = _box(b"elst", struct.pack(">II", 0, len(edits)) + entries)
            children.insert(1, (b"edts", listed))
            body = b"".join(_box(*child) for child in children)
        result += _box(name, body)
    return result


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position < len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        yield name, data[position + 8 : position + length]
        position += length


def _box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), name) + body


def pixels(index: int, width: int, height: int) -> NDArray[np.uint8]:
    """The picture of that number, as (height, width, 3)."""
    scene = np.empty((height, width, 3), np.uint8)
    scene[: height // 2, : width // 2], scene[: height // 2, width // 2 :] = RED, GREEN
    scene[height // 2 :, : width // 2], scene[height // 2 :, width // 2 :] = BLUE, GREY
    left = index * 3 % max(width - BAR_WIDTH, 1)
    scene[height * 3 // 8 : height * 5 // 8, left : left + BAR_WIDTH] = 255
    return scene


def picture(
    index: int, width: int, height: int, layout: str, colour: tuple[int, int, int, int] = (0, 2, 2, 2)
) -> av.VideoFrame:
    """The picture of that number in a layout of pixels."""
    rgb = av.VideoFrame.from_ndarray(pixels(index, width, height), "rgb24")
    if layout in ("rgb8", "bgr8"):
        return rgb.reformat(format=layout)
    frame = rgb.reformat(
        format=layout,
        dst_colorspace=colour[3] if colour[3] in (1, 5, 6) else 5,
        dst_color_range=colour[0] or 1,
    )
    frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace = colour
    return frame


def number_of(rgb: NDArray[np.uint8]) -> int:
    """The number of a picture (height, width, 3) by where its bar is."""
    row = rgb[rgb.shape[0] * 7 // 16].min(axis=1).astype(int)
    sums = np.convolve(row, np.ones(BAR_WIDTH), "valid")
    return round(float(sums.argmax()) / 3)


@dataclass(frozen=True)
class Probe:
    """What a file says and holds. tracks: kind and codec; times: of each track, in seconds; packets: their bytes."""

    duration: int | None
    tracks: list[tuple[str, str]]
    times: list[list[Fraction]]
    packets: list[list[bytes]]
    metadata: dict[str, str]
    pictures: list[NDArray[np.uint8]]


def probe(path: Path) -> Probe:
    """A file as PyAV reads it."""
    with av.open(str(path)) as container:
        streams = container.streams
        times: list[list[Fraction]] = [[] for _ in streams]
        packets: list[list[bytes]] = [[] for _ in streams]
        pictures = []
        for packet in container.demux():
            stream = packet.stream
            if packet.size and packet.pts is not None and packet.time_base:
                times[stream.index].append(packet.pts * packet.time_base)
                packets[stream.index].append(bytes(packet))
            if stream.type == "video":
                frames = cast("list[av.VideoFrame]", packet.decode())
                pictures += [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in frames]
        said = dict(container.metadata)
        for stream in streams:
            said |= stream.metadata
        return Probe(
            container.duration,
            [(stream.type, stream.codec_context.codec.canonical_name) for stream in streams],
            [sorted(track) for track in times],
            packets,
            said,
            pictures,
        )
