"""Videos that cannot be read or written."""

from __future__ import annotations

from visavis.errors.base import VisavisError


class VideoError(VisavisError):
    """The video cannot be used."""


class UnreadableVideoError(VideoError):
    """The file cannot be opened."""

    hint = "check that it exists and that you may read it"


class UnsupportedVideoError(VideoError):
    """This is not a video in a format visavis reads."""

    hint = "use MP4, MOV, MKV, WebM or GIF, with a common codec"


class CorruptVideoError(VideoError):
    """The video is damaged or incomplete."""

    hint = "export or copy it again from its source"


class NoPicturesError(VideoError):
    """There are no moving pictures in the file."""

    hint = "a file of sound alone has nobody in it to cover"


class EncryptedVideoError(VideoError):
    """The video is encrypted."""

    hint = "use a copy without copy protection"


class VideoTooLargeError(VideoError):
    """The video's pictures are larger than the limits allow."""

    hint = "scale it down, or raise the limits where you trust its source"


class VideoTooLongError(VideoError):
    """The video is longer than the limits allow."""

    hint = "cut it into parts"


class VideoFormatError(VideoError):
    """The video cannot be written in the format that the output's ending names."""

    hint = "end it with .mp4, .mov, .m4v, .mkv, .webm or .gif, best as the video does"
