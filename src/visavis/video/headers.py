"""What is told before packets: without the titles and names that may come with it, and once only."""

from __future__ import annotations

from visavis.errors import CorruptVideoError

_FLAC_BYTES = 34
_GIF_STARTS = (b"GIF87a", b"GIF89a")
_GIF_BYTES = 13  # with no table of colours: pictures have their own
_NO_COMMENTS = b"\x03vorbis" + bytes(4) + bytes(4) + b"\x01"


def bare_header(codec: str, header: bytes | None) -> bytes | None:
    """The header of a track (FFmpeg's extradata) with nothing in it but what its decoder needs; raises CorruptVideoError.

    codec: FFmpeg's name. Vorbis keeps comments in its header, and FLAC may keep comments and covers.
    """
    if header is None or codec not in ("vorbis", "flac"):
        return header
    if codec == "flac":
        return header[8:][:_FLAC_BYTES] if header.startswith(b"fLaC") else header[:_FLAC_BYTES]
    identification, setup = _vorbis_headers(header)
    lengths = b"\x02" + _laced(len(identification)) + _laced(len(_NO_COMMENTS))
    return lengths + identification + _NO_COMMENTS + setup


def without_gif_header(packet: bytes) -> bytes:
    """A picture of a GIF without the header that each encoder begins with; other packets as they are."""
    return packet[_GIF_BYTES:] if packet.startswith(_GIF_STARTS) else packet


def _vorbis_headers(header: bytes) -> tuple[bytes, bytes]:
    """The first and the third of Vorbis's three headers, which Matroska joins by Xiph's lacing."""
    if header[:1] != b"\x02":
        raise CorruptVideoError
    position, lengths = 1, []
    for _ in range(2):
        length = 0
        while header[position : position + 1] == b"\xff":
            length, position = length + 255, position + 1
        if position >= len(header):
            raise CorruptVideoError
        lengths.append(length + header[position])
        position += 1
    second = position + lengths[0]
    return header[position:second], header[second + lengths[1] :]


def _laced(length: int) -> bytes:
    return b"\xff" * (length // 255) + bytes([length % 255])
