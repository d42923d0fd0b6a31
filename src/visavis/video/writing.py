"""Part of a film, encoded by an encoder of its own, in a file that appears when it is whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import IO

import av
from av.bitstream import BitStreamFilterContext
from av.container import OutputContainer
from av.packet import Packet
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from visavis.errors import UnsupportedVideoError
from visavis.files import unwritable, whole_file
from visavis.video.encoders import video_stream
from visavis.video.formats import VideoFormat
from visavis.video.frames import Frame
from visavis.video.palettes import Palettes
from visavis.video.source import Video

_NO_MESSAGES = (
    "filter_units=remove_types=6"  # supplemental ones, in which x264 tells its version and settings
)
_BUFFER_BYTES = 1024 * 1024


@contextmanager
def segment_writer(path: Path, video: Video, written: VideoFormat) -> Iterator[SegmentWriter]:
    """A writer of frames that follow one another; the file appears when the block ends well, and else nothing is left.

    Raises OutputFullError and OutputUnwritableError.
    """
    tick = written.tick_for(video.time_base)
    with written_whole(path) as file, muxer(file, written.segment_muxer, tick) as container:
        writer = SegmentWriter(container, video, written)
        yield writer
        writer.finish()


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` when the block ends well, and else leaves no trace.

    Raises OutputFullError and OutputUnwritableError.
    """
    try:
        with whole_file(path) as file:
            yield file
    except OSError as error:
        raise unwritable("the output", error) from None


@contextmanager
def muxer(file: IO[bytes], name: str, tick: Fraction) -> Iterator[OutputContainer]:
    """A film being put together, with no word of when and by what; its end is written when the block ends well.

    name: FFmpeg's. Raises UnsupportedVideoError where the format cannot hold what it is given, and OSError.
    """
    options = {"fflags": "+bitexact"}
    if name in ("mov", "mp4"):  # a late start is told in these ticks, which are milliseconds otherwise
        options["movie_timescale"] = str(tick.denominator)
    container = av.open(file, "w", format=name, container_options=options, buffer_size=_BUFFER_BYTES)
    try:
        yield container
        container.close()
    except BaseException as error:
        with suppress(Exception):  # it would try to write the file's end when it is collected
            container.close()
        if isinstance(error, av.FFmpegError):
            raise UnsupportedVideoError("the video cannot be written in this format") from None
        raise


class SegmentWriter:
    """Encodes frames; the first becomes a keyframe, and none is made from a later one."""

    def __init__(self, container: OutputContainer, video: Video, written: VideoFormat) -> None:
        self._container, self._time_base = container, video.time_base
        self._tick = written.tick_for(video.time_base)
        self._width, self._scaler = video.width, VideoReformatter()
        if written.square:
            self._width = max(2 * round(video.width * video.pixel_aspect / 2), 2)
        self._stream = video_stream(container, video, written, self._width)
        container.start_encoding()
        is_x264 = written.encoder == "libx264"
        self._filter = BitStreamFilterContext(_NO_MESSAGES, self._stream) if is_x264 else None
        is_gif = written.encoder == "gif"
        self._palettes = Palettes(self._width, video.height, video.colour) if is_gif else None
        self._durations: dict[int, int] = {}
        self._last: int | None = None

    def write(self, frame: Frame) -> None:
        """Encode the frame's picture, which follows the one before; its pts is changed."""
        picture = frame.picture
        if picture.width != self._width:
            picture = self._scaler.reformat(picture, self._width, threads=1)
        if self._palettes is not None:
            picture = self._palettes.indexed(picture)
        pts = round(frame.pts * self._time_base / self._tick)
        if self._last is not None:
            pts = max(pts, self._last + 1)
        self._last = pts
        self._durations[pts] = max(round(frame.duration * self._time_base / self._tick), 1)
        picture.pts, picture.time_base, picture.pict_type = pts, self._tick, 0
        self._mux(self._stream.encode(picture))

    def finish(self) -> None:
        """Encode what is still on its way."""
        self._mux(self._stream.encode(None))

    def _mux(self, packets: Sequence[Packet[VideoStream]]) -> None:
        for packet in packets:
            assert packet.pts is not None
            packet.duration = self._durations.pop(packet.pts)
            if self._filter is None:
                self._container.mux_one(packet)
            else:
                self._container.mux(self._filter.filter(packet))
