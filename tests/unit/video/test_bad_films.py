"""What is no film, or half of one, or lies: one error, one line, and nothing left behind."""

from __future__ import annotations

import errno
import io
import os
import struct
import wave
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from films import Film, sound_alone

from visavis.errors import (
    CorruptVideoError,
    EncryptedVideoError,
    NoPicturesError,
    OutputFullError,
    UnreadableVideoError,
    UnsupportedVideoError,
    VideoError,
    VideoFormatError,
    VideoTooLargeError,
    VideoTooLongError,
)
from visavis.video.formats import VideoFormat, video_format_of
from visavis.video.muxing import Audio, mux
from visavis.video.opening import VideoLimits
from visavis.video.source import Video
from visavis.video.writing import segment_writer, written_whole

MS = Fraction(1, 1000)
FILM = Film(b_frames=2, sound="aac")
FILMS = {
    "mp4": FILM,
    "mov": replace(FILM, form="mov"),
    "mkv": replace(FILM, form="matroska"),
    "webm": Film("webm", "libvpx-vp9", sound="libopus"),
    "gif": Film("gif", "gif", layout="rgb8", time_base=Fraction(1, 100), pts=range(0, 80, 4)),
}


def reads(path: Path, limits: VideoLimits | None = None) -> int:
    """How many pictures a film has; an error is one line, with a hint."""
    try:
        return sum(1 for _ in Video(path, limits or VideoLimits()).frames())
    except VideoError as error:
        assert error.message
        assert "\n" not in error.message
        assert error.hint
        assert str(path) not in error.message
        raise


def saved(data: bytes, path: Path) -> Path:
    path.write_bytes(data)
    return path


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnreadableVideoError):
        Video(tmp_path / "film.mp4")
    with pytest.raises(UnreadableVideoError):
        Video(tmp_path)
    with pytest.raises(UnreadableVideoError):
        Video(Path("a\0b"))


def test_an_empty_file(tmp_path: Path) -> None:
    with pytest.raises(CorruptVideoError, match="empty"):
        Video(saved(b"", tmp_path / "film.mp4"))


@pytest.mark.parametrize(
    "data",
    [
        b"hello\n" * 50,
        b"\0",
        b"\xff\xd8\xff\xe0" + bytes(100),
        b"RIFF\x10\0\0\0AVI LIST",
        b"\x1a\x45",
        bytes(5000),
    ],
)
def test_what_is_no_film(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedVideoError):
        Video(saved(data, tmp_path / "film.mp4"))


def playlist(other: Path) -> dict[str, str]:
    return {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{other}\n#EXT-X-ENDLIST\n",
        "concat": f"ffconcat version 1.0\nfile {other}\n",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        "dash": f'<?xml version="1.0"?><MPD><Period><BaseURL>{other}</BaseURL></Period></MPD>',
        "ffmetadata": ";FFMETADATA1\ntitle=x\n",
    }


@pytest.mark.parametrize("kind", playlist(Path()))
def test_a_playlist_leads_nowhere(kind: str, tmp_path: Path) -> None:
    other = FILM.write(tmp_path / "other.mp4")
    with pytest.raises(UnsupportedVideoError):
        Video(saved(playlist(other)[kind].encode(), tmp_path / "film.mp4"))


@pytest.mark.parametrize(
    "name",
    [
        "http://127.0.0.1:9/film.mp4",
        "concat:a|b",
        "/dev/video0",
        "video=camera",
        "rtp://x",
        "pipe:0",
        "%d.png",
    ],
)
def test_addresses_and_cameras_are_no_files(name: str) -> None:
    with pytest.raises(VideoError):
        Video(Path(name))


def test_what_a_film_refers_to_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A MOV may say that its pictures lie in another file."""
    other = Film("mov").write(tmp_path / "other.mov")
    path = saved(referring(other.read_bytes(), str(other)), tmp_path / "film.mov")
    with av.open(str(path), options={"enable_drefs": "1", "use_absolute_path": "1"}) as container:
        assert len(list(container.decode(video=0))) == 20  # FFmpeg would go there
    opened = []
    monkeypatch.setattr("visavis.video.opening._open_nothing", lambda *given: opened.append(given))
    with pytest.raises(CorruptVideoError):
        reads(path)
    assert not opened


def referring(data: bytes, place: str) -> bytes:
    """A MOV with an alias (as QuickTime's specification of dref has it) to the file that holds its pictures."""
    name = place.encode()
    alias = bytes(10) + b"\x01v".ljust(28, b"\0") + bytes(12) + b"\x01f".ljust(64, b"\0") + bytes(16)
    alias += (
        struct.pack(">HH", 1, 1) + bytes(16) + struct.pack(">HH", 2, len(name)) + name + bytes(len(name) % 2)
    )
    alias += struct.pack(">HH", 0xFFFF, 0) + bytes(100)
    entry = struct.pack(">I4s", 12 + len(alias), b"alis") + bytes(4) + alias
    grown = bytearray(data)
    at = data.index(b"dref") + 12
    (old,) = struct.unpack(">I", data[at : at + 4])
    grown[at : at + old] = entry
    for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        size = data.index(box, data.index(b"moov") if box != b"minf" else data.index(b"vmhd") - 12) - 4
        (length,) = struct.unpack(">I", data[size : size + 4])
        grown[size : size + 4] = struct.pack(">I", length + len(entry) - old)
    return bytes(grown)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("form", FILMS)
def test_a_film_that_was_cut_off(form: str, share: float, tmp_path: Path) -> None:
    data = FILMS[form].bytes()
    with pytest.raises(CorruptVideoError):
        reads(saved(data[: int(len(data) * share)], tmp_path / "film"))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_film_whose_index_comes_first_and_that_was_cut_off(share: float, tmp_path: Path) -> None:
    data = index_first(FILM.bytes())
    assert reads(saved(data, tmp_path / "film")) == 20
    with pytest.raises(CorruptVideoError):
        reads(saved(data[: int(len(data) * share)], tmp_path / "film"))


def index_first(data: bytes) -> bytes:
    """An MP4 with its moov before its mdat."""
    boxes, at = {}, 0
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        boxes[name] = data[at : at + length]
        at += length
    index = bytearray(boxes[b"moov"])
    at = 0
    while (at := index.find(b"stco", at + 1)) > 0:
        (count,) = struct.unpack(">I", index[at + 8 : at + 12])
        for entry in range(at + 12, at + 12 + 4 * count, 4):
            (offset,) = struct.unpack(">I", index[entry : entry + 4])
            index[entry : entry + 4] = struct.pack(">I", offset + len(index))
    rest = [box for name, box in boxes.items() if name not in (b"ftyp", b"moov")]
    return b"".join([boxes[b"ftyp"], bytes(index), *rest])


def test_sound_alone(tmp_path: Path) -> None:
    sound_alone(tmp_path / "film.m4a")
    with pytest.raises(NoPicturesError):
        Video(tmp_path / "film.m4a")
    with wave.open(str(tmp_path / "film.wav"), "w") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(800))
    with pytest.raises(UnsupportedVideoError):
        Video(tmp_path / "film.wav")


def test_an_encrypted_mp4(tmp_path: Path) -> None:
    key = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "76a6c65c5ea762046bd749a2e632ccbb"}
    film = Film(muxer_options=key | {"encryption_kid": "a7e61c373e219033c21091fa607bf3b8"})
    with pytest.raises(EncryptedVideoError):
        Video(film.write(tmp_path / "film"))


def test_more_pixels_than_the_limits_allow(tmp_path: Path) -> None:
    for film in (FILM, Film("mov", "mjpeg", layout="yuvj420p", colour=(2, 2, 2, 5))):
        with pytest.raises(VideoTooLargeError, match="96 x 64"):
            Video(film.write(tmp_path / "film"), VideoLimits(max_pixels=96 * 64 - 1))
    for sides in ((7680, 4320), (65535, 65535)):
        gif = b"GIF89a" + struct.pack("<HH", *sides) + bytes(3) + b",\0\0\0\0\1\0\1\0\0\2\2\x44\1\0;"
        with pytest.raises(VideoTooLargeError, match=f"{sides[0]} x {sides[1]}"):
            Video(saved(gif, tmp_path / "film.gif"))


def test_more_pictures_than_the_limits_allow(tmp_path: Path) -> None:
    path = FILM.write(tmp_path / "film")
    assert reads(path, VideoLimits(max_frames=20)) == 20
    with pytest.raises(VideoTooLongError):
        reads(path, VideoLimits(max_frames=19))


def patched(data: bytes, box: bytes, offset: int, value: bytes) -> bytes:
    """The bytes of a box's body changed, wherever it is."""
    assert box in data
    changed, at = bytearray(data), -1
    while (at := data.find(box, at + 1)) >= 0:
        changed[at + 4 + offset : at + 4 + offset + len(value)] = value
    return bytes(changed)


LIES = {
    "more pictures than there are": (b"stsz", 8, struct.pack(">I", 25)),
    "endless pictures": (b"stsz", 4, struct.pack(">II", 1, 2**31)),
    "pictures that last for ever": (b"stts", 8, struct.pack(">II", 20, 2**31 - 1)),
    "times of endless pictures": (b"stts", 8, struct.pack(">II", 2**32 - 1, 1)),
    "pictures beyond the end": (b"stco", 8, struct.pack(">I", 2**31)),
    "no ticks": (b"mdhd", 12, bytes(4)),
    "no time between pictures": (b"stts", 8, struct.pack(">II", 20, 0)),
    "pictures without sides": (b"avc1", 24, bytes(4)),
}
REFUSED = {"endless pictures", "pictures beyond the end"}


@pytest.mark.parametrize("lie", LIES)
def test_headers_that_lie(lie: str, tmp_path: Path) -> None:
    path = saved(patched(Film(group=1).bytes(), *LIES[lie]), tmp_path / "film")
    try:
        assert reads(path)
    except VideoError:
        return
    assert lie not in REFUSED


def test_a_length_that_is_far_from_the_truth(tmp_path: Path) -> None:
    data = Film("matroska", pts=range(0, 800, 40), time_base=MS).bytes()
    at = data.index(b"\x44\x89\x88") + 3
    path = saved(data[:at] + struct.pack(">d", 3_600_000.0) + data[at + 8 :], tmp_path / "film")
    with pytest.raises(CorruptVideoError, match="header promises"):
        reads(path)


@pytest.mark.parametrize("timescale", [1, 2**31 - 1, 2**32 - 1])
def test_an_absurd_timescale(timescale: int, tmp_path: Path) -> None:
    path = saved(patched(FILM.bytes(), b"mdhd", 12, struct.pack(">I", timescale)), tmp_path / "film")
    try:
        video = Video(path)
        frames = list(video.frames())
    except VideoError:
        return
    target = tmp_path / "out.mp4"
    in_one_segment(video, target)
    assert reads(target) == len(frames)


@pytest.mark.parametrize("codec", ["libx264", "libx265", "libvpx-vp9"])
def test_a_packet_that_is_damaged(codec: str, tmp_path: Path) -> None:
    path = Film("matroska", codec, time_base=MS, pts=range(0, 800, 40)).write(tmp_path / "film")
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    data = path.read_bytes()
    broken = bytes(packets[8])
    assert data.count(broken) == 1
    with pytest.raises(CorruptVideoError):
        reads(saved(data.replace(broken, broken[:4] + bytes(len(broken) - 4)), tmp_path / "broken"))


def test_keyframes_whose_times_do_not_rise(tmp_path: Path) -> None:
    path = Film(
        "matroska", "mjpeg", layout="yuvj420p", colour=(2, 2, 2, 5), time_base=MS, pts=[0, 40, 41, 120]
    ).write(tmp_path / "film")
    data = path.read_bytes()
    with av.open(str(path)) as container:
        third = [bytes(packet) for packet in container.demux(video=0) if packet.size][2]
    at = data.index(third) - 4  # track, time of two bytes, flags
    assert data[at + 1 : at + 3] == struct.pack(">h", 41)
    path.write_bytes(data[: at + 1] + struct.pack(">h", 40) + data[at + 3 :])
    with pytest.raises(CorruptVideoError, match="do not rise"):
        reads(path)


def test_a_film_that_changes_while_it_is_worked_on(tmp_path: Path) -> None:
    path = FILM.write(tmp_path / "film")
    video = Video(path)
    os.utime(path, ns=(0, 0))
    with pytest.raises(CorruptVideoError, match="changed"):
        next(video.frames())


@pytest.mark.parametrize("audio", Audio)
def test_a_film_that_was_exchanged_before_its_sound_is_copied(audio: Audio, tmp_path: Path) -> None:
    path = FILM.write(tmp_path / "film")
    video, written = Video(path), video_format_of(Path("film.mp4"))
    with segment_writer(tmp_path / "one", video, written) as writer:
        for frame in video.frames():
            writer.write(frame)
    Film(sound="aac", pts=range(0, 3600 * 40, 3600)).write(path)
    with pytest.raises(CorruptVideoError, match="changed"), written_whole(tmp_path / "new.mp4") as file:
        mux(file, [tmp_path / "one"], video, written, audio)
    assert not (tmp_path / "new.mp4").exists()


def test_a_film_that_is_written_to_while_it_is_read(tmp_path: Path) -> None:
    path = FILM.write(tmp_path / "film")
    frames = Video(path).frames()
    next(frames)
    os.utime(path, ns=(0, 0))
    with pytest.raises(CorruptVideoError, match="changed"):
        list(frames)


@pytest.mark.parametrize("name", ["film", "film.avi", "film.mp3", "film.jpg"])
def test_an_ending_that_names_no_format(name: str) -> None:
    with pytest.raises(VideoFormatError):
        video_format_of(Path(name))


class FullDisk(io.BytesIO):
    """Room for some bytes."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room

    def write(self, data: bytes) -> int:  # type: ignore[override]
        if self.tell() + len(data) > self._room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    def fill(room: int) -> None:
        def opened(file: Any, *args: Any, **kwargs: Any) -> Any:
            return real(FullDisk(room) if "w" in args else file, *args, **kwargs)

        monkeypatch.setattr(av, "open", opened)

    real = av.open
    return fill


def in_one_segment(video: Video, target: Path) -> None:
    """Write the film again."""
    written = video_format_of(target)
    one = target.parent / "one"
    encode(video, one, written)
    with written_whole(target) as file:
        mux(file, [one], video, written)


def encode(video: Video, segment: Path, written: VideoFormat, most: int | None = None) -> None:
    with segment_writer(segment, video, written) as writer:
        for number, frame in enumerate(video.frames()):
            if number == most:
                raise KeyboardInterrupt
            writer.write(frame)


@pytest.mark.parametrize("room", [0, 100, 1000])
def test_a_disk_that_is_full(room: int, tmp_path: Path, full_disk: Callable[[int], None]) -> None:
    video = Video(FILM.write(tmp_path / "film"))
    written = video_format_of(Path("out.mp4"))
    encode(video, tmp_path / "one", written)
    full_disk(room)
    with (
        pytest.raises(OutputFullError, match="no space left"),
        written_whole(tmp_path / "out.mp4") as file,
    ):
        mux(file, [tmp_path / "one"], video, written)
    with pytest.raises(OutputFullError, match="no space left"):
        encode(video, tmp_path / "two", written)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film", "one"]


def test_a_block_that_fails_leaves_nothing(tmp_path: Path) -> None:
    video = Video(FILM.write(tmp_path / "film"))
    with pytest.raises(KeyboardInterrupt):
        encode(video, tmp_path / "one", video_format_of(Path("a.mp4")), most=3)
    assert [path.name for path in tmp_path.iterdir()] == ["film"]


def test_decoders_and_encoders_say_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = FILM.bytes()
    for share in (0.3, 0.8):
        with pytest.raises(VideoError):
            reads(saved(data[: int(len(data) * share)], tmp_path / "film"))
    test_a_packet_that_is_damaged("libx264", tmp_path)
    video = Video(FILM.write(tmp_path / "film"))
    for ending in (".mp4", ".webm", ".gif"):
        in_one_segment(video, tmp_path / f"out{ending}")
    assert capfd.readouterr() == ("", "")
