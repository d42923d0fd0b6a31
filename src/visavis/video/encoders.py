"""How pictures are encoded: to the same bytes, however often the same are."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from av.codec.context import Flags
from av.container import OutputContainer
from av.video.stream import VideoStream

from visavis.video.formats import VideoFormat
from visavis.video.source import Video

_THREADS = 2  # always as many: what an encoder gives depends on it
_GROUP = 250  # pictures from one keyframe to the next, at most
_OPTIONS = {
    # The look-ahead by which bits are spent on what later pictures refer to: half the size at the same loss, and less work.
    "libx264": {"preset": "superfast", "crf": "20", "mbtree": "1", "rc-lookahead": "10", "a53cc": "0"},
    "libvpx-vp9": {
        "deadline": "realtime",
        "cpu-used": "8",
        "crf": "30",
        "lag-in-frames": "0",
        "tile-columns": "1",
    },
    "gif": {"global_palette": "0"},
}
_USUAL_RATE = 25
_WITH_AVX2 = {"AVX2", "X86_V3"}  # NumPy's names of old and new


def video_stream(container: OutputContainer, video: Video, written: VideoFormat, width: int) -> VideoStream:
    """The stream of a film's pictures. width: of what is written, in pixels, which differs from the film's where those are made square."""
    stream = container.add_stream(
        written.encoder,
        rate_told(video),
        options=_options(written.encoder),
        time_base=written.tick_for(video.time_base),
    )
    assert isinstance(stream, VideoStream)
    context = stream.codec_context
    context.width, context.height = width, video.height
    context.pix_fmt = "pal8" if written.encoder == "gif" else "yuv420p"
    context.sample_aspect_ratio = Fraction(1) if written.square else video.pixel_aspect
    context.color_range, context.color_primaries = video.colour.range, video.colour.primaries
    context.color_trc, context.colorspace = video.colour.transfer, video.colour.matrix
    context.max_b_frames, context.gop_size, context.thread_count = 0, _GROUP, _THREADS
    context.flags |= Flags.bitexact
    return stream


def rate_told(video: Video) -> Fraction:
    """The frame rate that a film's new file tells."""
    return Fraction(video.frame_rate or _USUAL_RATE).limit_denominator(1001)


@cache
def _options(encoder: str) -> dict[str, str]:
    options = _OPTIONS[encoder]
    if encoder == "libx264" and _has_avx2():
        # With AVX-512, x264's mbtree now and then gives other bytes for the same pictures: for 1 in 50 films of 32 x 32 pixels. With
        # AVX2 at most it never did, and gives those that it gives with no such instructions at all.
        return options | {"x264-params": "asm=avx2"}
    return options


def _has_avx2() -> bool:
    told: Any = np.show_config(mode="dicts").get("SIMD Extensions", {})  # without what is empty
    return not _WITH_AVX2.isdisjoint([*told.get("baseline", []), *told.get("found", [])])
