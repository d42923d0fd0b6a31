"""The files that films are written to: by their ending, what holds the pictures and what the sound."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import PurePath

from visavis.errors import VideoFormatError

_FINEST = 120_000  # ticks a second; finer ones overflow MP4's 32 bits between two pictures that are far apart


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """How a film is written.

    muxer, encoder: FFmpeg's names. sound_encoder: for sound that the file cannot hold as it is; none where it holds no sound.
    sounds: FFmpeg's names of the codecs that are copied; None: whatever the muxer takes. tick: seconds, None where any will do.
    """

    muxer: str
    encoder: str = "libx264"
    sound_encoder: str | None = "aac"
    sounds: frozenset[str] | None = None
    tick: Fraction | None = None

    @property
    def segment_muxer(self) -> str:
        """FFmpeg's name of what a segment is kept in: MP4, but for GIF's pictures, which only its forebear takes."""
        return "mov" if self.encoder == "gif" else "mp4"

    def tick_for(self, time_base: Fraction) -> Fraction:
        """The tick in which a film of this time base is written, the same where the file can hold it."""
        if self.tick is not None:
            return self.tick
        return time_base if time_base.denominator <= _FINEST else Fraction(1, 90_000)


_MP4 = VideoFormat("mp4", sounds=frozenset({"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"}))
_BY_SUFFIX = {
    ".mp4": _MP4,
    ".m4v": _MP4,
    ".mov": VideoFormat("mov"),
    ".mkv": VideoFormat("matroska", tick=Fraction(1, 1000)),
    ".webm": VideoFormat(
        "webm", "libvpx-vp9", "libopus", frozenset({"opus", "vorbis"}), tick=Fraction(1, 1000)
    ),
    ".gif": VideoFormat("gif", "gif", None, tick=Fraction(1, 100)),
}
VIDEO_SUFFIXES = frozenset(_BY_SUFFIX)


def video_format_of(name: PurePath) -> VideoFormat:
    """The format that a file's ending names; raises VideoFormatError."""
    try:
        return _BY_SUFFIX[name.suffix.lower()]
    except KeyError:
        raise VideoFormatError from None
