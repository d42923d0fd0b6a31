"""A film's sound: copied packet by packet where the new file can hold its codec and all of it is heard, else encoded anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import av
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream

from visavis.errors import CorruptVideoError, EncryptedVideoError, UnsupportedVideoError
from visavis.video.formats import VideoFormat
from visavis.video.headers import bare_header
from visavis.video.opening import media_errors

Timed: TypeAlias = "tuple[Fraction, Packet[Stream]]"
"""A packet after the second at which it begins."""

_HERTZ = 48_000
_BITS_A_CHANNEL = 80_000
_AAC_HERTZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
_LAYOUTS = {
    layout.nb_channels: layout
    for layout in map(av.AudioLayout, ("mono", "stereo", "3.0", "4.0", "5.0", "5.1", "6.1", "7.1"))
}
_ENCRYPTED_TAGS = ("enca", "drms")
_LONGEST_START_UP_S = (
    0.3  # what encoders put before the sound: 2112 samples of AAC at 8 kHz are the most that is usual
)


def add_sound(source: InputContainer, target: OutputContainer, written: VideoFormat) -> Iterator[Timed]:
    """All tracks of sound of the source, after they are added to the target, in the file's order.

    Raises the VideoError that fits, also while they are read.
    """
    with media_errors():
        tracks = {track.index: _track(track, target, written) for track in source.streams.audio}
    return _packets(source, tracks)


def _packets(source: InputContainer, tracks: dict[int, _Copied | _Encoded]) -> Iterator[Timed]:
    if not tracks:
        return
    with media_errors():
        for packet in source.demux(*source.streams.audio):
            if packet.is_corrupt:
                raise CorruptVideoError
            yield from tracks[packet.stream.index].take(packet)


def _track(track: AudioStream, target: OutputContainer, written: VideoFormat) -> _Copied | _Encoded:
    context = track.codec_context
    if context is None:
        raise UnsupportedVideoError("the sound is in a format that visavis does not read")
    if context.codec_tag in _ENCRYPTED_TAGS or "enc_key_id" in track.metadata:
        raise EncryptedVideoError("the sound is encrypted")
    if context.codec.canonical_name in written.sounds and not _is_cut(track):
        return _Copied(track, target, from_zero=written.from_zero)
    return _Encoded(track, target, written)


def _is_cut(track: AudioStream) -> bool:
    """Whether an edit list (ISO/IEC 14496-12, 8.6.6) leaves out more of a track than what starts a decoder up.

    Packets copied would carry what nobody is meant to hear, and not every format can say again that it is left out.
    """
    entries = track.index_entries
    if not len(entries) or track.start_time is None:
        return False
    assert track.time_base
    hidden_s = (track.start_time - entries[0].timestamp) * track.time_base
    return hidden_s > _LONGEST_START_UP_S or any(
        entry.is_discard and entry.timestamp >= track.start_time for entry in entries
    )


class _Copied:
    """A track whose packets stay as they are.

    from_zero: what begins before the film, there to start a decoder up, is left out where less than half is heard, and else
    begins with it: the new file could only hold it by moving all else. What the track says of its start-up it can hold.
    """

    def __init__(self, track: AudioStream, target: OutputContainer, *, from_zero: bool) -> None:
        self._stream = target.add_stream_from_template(track)
        context = self._stream.codec_context
        codec = track.codec_context.codec.canonical_name
        context.extradata = bare_header(codec, context.extradata)
        told = Fraction(track.codec_context.delay, track.codec_context.sample_rate or 1)
        self._earliest = -told if from_zero else None
        self._last: int | None = None
        self._end = Fraction(0)

    def take(self, packet: Packet[Stream]) -> Iterator[Timed]:
        """What becomes of a packet of the source."""
        if not packet.size:  # it ends the file
            return
        assert packet.time_base
        begin = self._end if packet.pts is None else packet.pts * packet.time_base
        duration = (packet.duration or 0) * packet.time_base
        self._end = begin + duration
        if self._earliest is not None and begin < self._earliest:
            if begin + self._end <= 2 * self._earliest:
                return
            begin = self._earliest
        tick = self._stream.time_base
        assert tick
        pts = round(begin / tick)
        self._last = pts if self._last is None else max(pts, self._last + 1)
        packet.stream, packet.time_base = self._stream, tick
        packet.pts = packet.dts = self._last
        packet.duration = round(duration / tick)
        yield begin, packet


class _Encoded:
    """A track in a codec that the new file cannot hold."""

    def __init__(self, track: AudioStream, target: OutputContainer, written: VideoFormat) -> None:
        assert written.sound_encoder
        self._track = track
        rate = track.codec_context.sample_rate
        can_keep_rate = written.sound_encoder == "aac" and rate in _AAC_HERTZ
        stream = target.add_stream(written.sound_encoder, rate=rate if can_keep_rate else _HERTZ)
        assert isinstance(stream, AudioStream)
        layout = _LAYOUTS.get(track.codec_context.layout.nb_channels, av.AudioLayout("stereo"))
        stream.codec_context.layout = layout
        stream.codec_context.bit_rate = _BITS_A_CHANNEL * layout.nb_channels
        stream.codec_context.flags |= Flags.bitexact
        self._stream = stream
        self._last: int | None = None

    def take(self, packet: Packet[Stream]) -> Iterator[Timed]:
        """What becomes of a packet of the source; the empty one that ends the file brings the rest."""
        for samples in self._track.decode(packet):
            yield from self._timed(self._stream.encode(samples))
        if not packet.size:
            yield from self._timed(self._stream.encode(None))

    def _timed(self, packets: Sequence[Packet[Any]]) -> Iterator[Timed]:
        """The packets, their times rising: where an edit list joins pieces, the end of one lies over the next."""
        for packet in packets:
            pts = packet.pts or 0
            self._last = pts if self._last is None else max(pts, self._last + 1)
            packet.pts = packet.dts = self._last
            yield self._last * packet.time_base, packet
