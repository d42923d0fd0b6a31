"""The files that films are written to: by their ending, what holds the pictures and what the sound."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import PurePath

from visavis.errors import VideoFormatError

_FINEST = 120_000  # ticks a second; finer ones overflow MP4's 32 bits between two pictures that are far apart


_PCM = "pcm_s16le pcm_s24le pcm_s32le pcm_f32le pcm_u8"
_PCM_BIG = "pcm_s16be pcm_s24be pcm_s32be pcm_f32be pcm_s8 pcm_mulaw pcm_alaw"


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """How a film is written. muxer, encoder, sound_encoder, sounds: FFmpeg's names; media_type: MIME's.

    sounds: the codecs that are copied. sound_encoder: for the others; None where there is no sound.
    tick: in seconds, None where any will do. from_zero: whether nothing can begin before the film does.
    square: whether pixels are, since another shape is not told.
    """

    muxer: str
    encoder: str
    sound_encoder: str | None
    sounds: frozenset[str]
    media_type: str
    tick: Fraction | None = None
    from_zero: bool = False
    square: bool = False

    @property
    def segment_muxer(self) -> str:
        """FFmpeg's name of what a segment is kept in: MP4, but for GIF's pictures, which only its forebear takes."""
        return "mov" if self.encoder == "gif" else "mp4"

    def tick_for(self, time_base: Fraction) -> Fraction:
        """The tick in which a film of this time base is written, the same where the file can hold it."""
        if self.tick is not None:
            return self.tick
        return time_base if time_base.denominator <= _FINEST else Fraction(1, 90_000)


_COMMON = "aac mp3 ac3 eac3 alac opus flac"
_MP4 = VideoFormat("mp4", "libx264", "aac", frozenset(_COMMON.split()), "video/mp4")
_MOV = VideoFormat(
    "mov",
    "libx264",
    "aac",
    frozenset(f"aac mp3 ac3 eac3 alac {_PCM} {_PCM_BIG}".split()),
    "video/quicktime",
)
_MATROSKA = VideoFormat(
    "matroska",
    "libx264",
    "aac",
    frozenset(f"{_COMMON} vorbis {_PCM}".split()),
    "video/x-matroska",
    tick=Fraction(1, 1000),
    from_zero=True,
)
_WEBM = VideoFormat(
    "webm",
    "libvpx-vp9",
    "libopus",
    frozenset({"opus", "vorbis"}),
    "video/webm",
    tick=Fraction(1, 1000),
    from_zero=True,
    square=True,
)
_GIF = VideoFormat("gif", "gif", None, frozenset(), "image/gif", tick=Fraction(1, 100), square=True)
_BY_SUFFIX = {".mp4": _MP4, ".m4v": _MP4, ".mov": _MOV, ".mkv": _MATROSKA, ".webm": _WEBM, ".gif": _GIF}
VIDEO_SUFFIXES = frozenset(_BY_SUFFIX)
"""The endings of films, in lower case: what is read, too."""


def video_format_of(name: PurePath) -> VideoFormat:
    """The format that a file's ending names; raises VideoFormatError."""
    try:
        return _BY_SUFFIX[name.suffix.lower()]
    except KeyError:
        raise VideoFormatError from None
