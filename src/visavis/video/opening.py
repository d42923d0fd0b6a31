"""Opening a film's file and nothing else: no address, no device, no other file that it names.

The kind of file is told from its first bytes and its demuxer named to FFmpeg, so that none of the others (playlists, cameras,
scripts) is ever tried; FFmpeg gets a file object, not a name, and may open nothing besides.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

import av
from av.container import InputContainer

from visavis.errors import (
    CorruptVideoError,
    UnreadableVideoError,
    UnsupportedVideoError,
    VideoTooLargeError,
)
from visavis.files import why
from visavis.video.structure import check_structure

_PICTURES = "h264,hevc,vp8,vp9,libdav1d,av1,mpeg4,mpeg2video,mpeg1video,h263,mjpeg,prores,dnxhd,theora,ffv1,png,gif,rawvideo,qtrle"
_SOUND = (
    "aac,mp3float,mp3,ac3,eac3,opus,libopus,vorbis,flac,alac,amrnb,amrwb,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,"
    "pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_u8,pcm_s8,pcm_mulaw,pcm_alaw,adpcm_ima_qt,adpcm_ms,adpcm_ima_wav"
)
_BUFFER_BYTES = 256 * 1024
_DEMUXERS = {"mov": "mov,mp4,m4a,3gp,3g2,mj2", "matroska": "matroska,webm", "gif": "gif"}
_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"uuid")


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """What a film may cost. max_pixels: width x height of a picture. max_frames: pictures; the default is 7 hours at 60 a second."""

    max_pixels: int = 17_000_000
    max_frames: int = 1_500_000


DEFAULT_LIMITS = VideoLimits()


def kind_of(start: bytes) -> str:
    """FFmpeg's name of the demuxer for a file that begins so: mov, matroska or gif. Raises UnsupportedVideoError."""
    if start[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    if start[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if start[4:8] in _BOXES:
        return "mov"
    raise UnsupportedVideoError


def open_film(path: Path) -> BinaryIO:
    """The file, opened to be read; raises UnreadableVideoError, and CorruptVideoError where it is empty."""
    try:
        file = path.open("rb")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = why(error, "no access") if isinstance(error, OSError) else "not a valid path"
        raise UnreadableVideoError(f"the file cannot be opened: {reason}") from None
    if os.fstat(file.fileno()).st_size:
        return file
    file.close()
    raise CorruptVideoError("the file is empty")


def open_demuxer(file: BinaryIO, limits: VideoLimits) -> InputContainer:
    """A demuxer of an opened file, which it leaves open; raises the VideoError that fits."""
    with media_errors():
        file.seek(0)
        kind = kind_of(file.read(16))
        check_structure(file, kind, limits.max_pixels)
        file.seek(0)
        options = {
            "codec_whitelist": f"{_PICTURES},{_SOUND}",
            "format_whitelist": _DEMUXERS[kind],
            "protocol_whitelist": "",
            # Of pictures that are looked at to know the codec: a film that is too large is still to be told from a damaged one.
            "max_pixels": str(8 * limits.max_pixels),
        }
        return av.open(
            file,
            "r",
            format=kind,
            options=options,
            buffer_size=_BUFFER_BYTES,
            metadata_errors="replace",
            io_open=_open_nothing,
        )


@contextmanager
def media_errors() -> Iterator[None]:
    """Turn what FFmpeg raises on a bad file, and what reading it raises, into our own errors."""
    try:
        yield
    except (av.DecoderNotFoundError, av.PatchWelcomeError):
        raise UnsupportedVideoError from None
    except MemoryError:
        raise VideoTooLargeError("the video needs too much memory") from None
    except (av.FFmpegError, ValueError, OverflowError, ZeroDivisionError):
        raise CorruptVideoError from None
    except OSError as error:
        raise UnreadableVideoError(f"the file cannot be read: {why(error, 'no access')}") from None


def _open_nothing(*_: object) -> NoReturn:
    raise UnsupportedVideoError("the video refers to other files")
