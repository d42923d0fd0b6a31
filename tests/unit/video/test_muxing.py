from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
import pytest
from av.container import OutputContainer
from av.video.stream import VideoStream
from films import Film, Probe, number_of, picture, probe, with_edits
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.video.formats import video_format_of
from visavis.video.muxing import Audio, mux
from visavis.video.source import Video
from visavis.video.writing import segment_writer, written_whole

MS = Fraction(1, 1000)
TARGETS = [".mp4", ".m4v", ".mov", ".mkv", ".webm", ".gif"]
FAMILIES = {"mp4": "mov", ".mp4": "mov", ".mov": "mov", ".mkv": "matroska", ".webm": "matroska"}
VORBIS = {"strict": "experimental"}
TITLE = "a holiday at the lake"


def rewritten(source: Path, ending: str, cuts: Sequence[int] = (7, 13), audio: Audio = Audio.KEEP) -> Path:
    """The film again, in segments that begin with these pictures."""
    video, written = Video(source), video_format_of(Path(f"film{ending}"))
    frames = list(video.frames())
    bounds = [0, *cuts, len(frames)]
    segments = []
    for begin, end in pairwise(bounds):
        segments.append(source.parent / f"{begin}.segment")
        with segment_writer(segments[-1], video, written) as writer:
            for frame in frames[begin:end]:
                writer.write(frame)
    target = source.parent / f"out{ending}"
    with written_whole(target) as file:
        mux(file, segments, video, written, audio)
    return target


def pictures_at(film: Probe) -> list[Fraction]:
    return film.times[0]


@pytest.mark.parametrize("ending", TARGETS)
def test_three_segments_hold_the_pictures_of_the_source_at_its_times(ending: str, tmp_path: Path) -> None:
    source = Film(pts=range(0, 72_000, 3600), b_frames=2).write(tmp_path / "film")
    film = probe(rewritten(source, ending))
    assert pictures_at(film) == [Fraction(index, 25) for index in range(20)]
    assert [number_of(rgb) for rgb in film.pictures] == list(range(20))
    assert film.duration == 800_000


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.integers(1, 400_000), min_size=4, max_size=30), st.sampled_from([".mp4", ".mov"]), st.data()
)
def test_uneven_times_are_kept_to_the_tick(steps: list[int], ending: str, data: st.DataObject) -> None:
    pts = (np.cumsum(steps) - steps[0] * data.draw(st.booleans())).tolist()
    cuts = sorted(data.draw(st.sets(st.integers(1, len(pts) - 1), max_size=3)))
    with TemporaryDirectory() as folder:
        film = probe(rewritten(Film(pts=pts).write(Path(folder) / "film"), ending, cuts))
    assert pictures_at(film) == [Fraction(time, 90_000) for time in pts]


@pytest.mark.parametrize(
    "tick", [Fraction(1001, 30_000), Fraction(1, 25), Fraction(1, 1_000_000), Fraction(1, 600)]
)
def test_any_time_base(tick: Fraction, tmp_path: Path) -> None:
    step = max(round(Fraction(1, 30) / tick), 1)
    source = Film(pts=range(0, 20 * step, step), time_base=tick).write(tmp_path / "film")
    film = probe(rewritten(source, ".mp4"))
    np.testing.assert_allclose(
        np.array(pictures_at(film), float), np.arange(20) * float(step * tick), rtol=0, atol=1e-5
    )


@pytest.mark.parametrize(
    ("form", "sound", "ending"),
    [
        ("mp4", "aac", ".mp4"),
        ("mp4", "aac", ".mov"),
        ("mp4", "aac", ".mkv"),
        ("matroska", "aac", ".mp4"),
        ("matroska", "libopus", ".mp4"),
        ("matroska", "libopus", ".webm"),
        ("mp4", "libopus", ".webm"),
        ("mp4", "libopus", ".mp4"),
        ("matroska", "vorbis", ".webm"),
        ("matroska", "vorbis", ".mkv"),
        ("matroska", "libmp3lame", ".mp4"),
        ("matroska", "flac", ".mkv"),
        ("matroska", "ac3", ".mkv"),
        ("mov", "pcm_s16le", ".mov"),
        ("mov", "pcm_s16le", ".mkv"),
        ("mov", "alac", ".mp4"),
    ],
)
@pytest.mark.parametrize("starts", [0.0, 0.25])
def test_sound_is_copied_bit_by_bit_and_in_time(
    form: str, sound: str, ending: str, starts: float, tmp_path: Path
) -> None:
    film = Film(
        form,
        sound=sound,
        sound_options=VORBIS if sound == "vorbis" else {},
        sound_starts=starts,
        pts=range(40, 840, 40),
        time_base=MS,
        metadata={"title": TITLE},
    )
    source = film.write(tmp_path / "film")
    before, after = probe(source), probe(rewritten(source, ending))
    assert after.tracks == [("video", after.tracks[0][1]), before.tracks[1]]
    kept = len(after.packets[1])
    assert len(before.packets[1]) - kept <= ((form, sound, ending) == ("mp4", "aac", ".mkv"))
    assert after.packets[1] == before.packets[1][-kept:]
    np.testing.assert_allclose(
        np.array(after.times[1], float), np.array(before.times[1][-kept:], float), rtol=0, atol=0.0011
    )
    assert pictures_at(after) == pictures_at(before)
    if FAMILIES.get(form, form) == FAMILIES.get(ending, ending):  # others count from another beginning
        assert after.duration == pytest.approx(before.duration, abs=1000)


@pytest.mark.parametrize(
    ("sound", "ending", "expected"),
    [("aac", ".webm", "opus"), ("pcm_s16le", ".mp4", "aac"), ("vorbis", ".mov", "aac")],
)
@pytest.mark.parametrize("starts", [0.0, 0.25])
def test_sound_that_does_not_fit_is_encoded_anew_in_time(
    sound: str, ending: str, expected: str, starts: float, tmp_path: Path
) -> None:
    film = Film(
        "matroska",
        sound=sound,
        sound_options=VORBIS if sound == "vorbis" else {},
        sound_starts=starts,
        pts=range(0, 800, 40),
        time_base=MS,
    )
    source = film.write(tmp_path / "film")
    target = rewritten(source, ending)
    assert probe(target).tracks[1] == ("audio", expected)
    before, after = heard(source), heard(target)
    assert len(after) == pytest.approx(len(before), abs=2048)
    middle = after[len(after) // 4 : len(after) * 3 // 4]
    fits = np.correlate(before, middle, "valid")
    assert fits.argmax() == pytest.approx(len(after) // 4, abs=60)


def heard(path: Path) -> np.ndarray:
    """The first channel at 48 kHz, from the film's beginning, each part at its time, silence where there is none."""
    sound, end = np.zeros(48_000 * 10, np.float32), 0
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("fltp", "stereo", 48_000)
        for frame in container.decode(audio=0):
            assert frame.pts is not None
            assert frame.time_base is not None
            told = round(float(frame.pts * frame.time_base) * 48_000)
            begin = end if abs(told - end) < 96 else told  # some files count in milliseconds
            for part in resampler.resample(frame):
                end = begin + part.samples
                sound[begin:end] = part.to_ndarray()[0]
                begin = end
    return sound[:end]


CUT = [(1000, 38_400)]  # from 0.8 s on
LATE_CUT = [(250, -1), (1000, 38_400)]
TWO_PIECES = [(800, 9600), (800, 57_600)]  # from 0.2 s, and from 1.2 s
TWICE = [(800, 9600), (800, 9600)]


@pytest.mark.parametrize(("form", "sound"), [("mp4", "aac"), ("mov", "pcm_s16le"), ("mp4", "libopus")])
@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv", ".webm"])
@pytest.mark.parametrize("edits", [CUT, LATE_CUT, TWO_PIECES, TWICE])
def test_sound_that_was_cut_is_heard_as_it_was_and_the_rest_is_gone(
    edits: list[tuple[int, int]], ending: str, form: str, sound: str, tmp_path: Path
) -> None:
    film = Film(form, sound=sound, pts=range(0, 2400, 40), time_base=MS)
    (tmp_path / "film").write_bytes(with_edits(film.bytes(), b"soun", edits))
    target = rewritten(tmp_path / "film", ending)
    before, after = heard(tmp_path / "film"), heard(target)
    assert len(after) == pytest.approx(len(before), abs=2048)
    assert pictures_at(probe(target)) == [Fraction(index, 25) for index in range(60)]
    for begin in range(24_000, len(before) - 12_000, 12_000):
        part = before[begin : begin + 8000]
        fits = np.correlate(after[begin - 2400 : begin + 10_400], part, "valid")
        assert fits.argmax() == pytest.approx(2400, abs=60), begin
    played = sum(length for length, start in edits if start >= 0)
    kept = probe(target).times[1]
    assert kept[-1] - kept[0] < Fraction(played + 120, 1000), "what is left out does not come along"


@pytest.mark.parametrize("ending", TARGETS)
def test_nothing_else_comes_along(ending: str, tmp_path: Path) -> None:
    source = rich_film(tmp_path / "film.mkv")
    assert TITLE.encode() in source.read_bytes()
    target = rewritten(source, ending)
    data = target.read_bytes()
    for word in (TITLE, "x264", "Lavf6", "Lavc", "cover.jpg", "a line of text"):
        assert word.encode() not in data, word
    with av.open(str(target)) as container:
        assert not container.chapters()
        assert {stream.type for stream in container.streams} <= {"video", "audio"}
        assert len(container.streams.audio) == (0 if ending == ".gif" else 2)


def rich_film(path: Path) -> Path:
    """A film with two tracks of sound, subtitles, chapters, an attachment and titles everywhere."""
    pts, tick = range(0, 800, 40), MS
    with av.open(str(path), "w", format="matroska") as container:
        container.metadata["title"] = TITLE
        container.set_chapters(
            [{"id": 1, "start": 0, "end": 400, "time_base": tick, "metadata": {"title": TITLE}}]
        )
        film = Film("matroska", pts=pts, time_base=tick)
        stream = film._pictures(container)
        stream.metadata["title"] = TITLE
        tracks = [
            container.add_stream("vorbis", 48_000, options=VORBIS),
            container.add_stream("flac", 48_000),
        ]
        for track in tracks:
            track.layout = "stereo"
            track.metadata["title"] = TITLE
        container.add_attachment("cover.jpg", "image/jpeg", b"\xff\xd8" + TITLE.encode())
        film_pictures(container, stream, film)
        for track in tracks:
            for position in range(0, 38_400, 1024):
                samples = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), "fltp", "stereo")
                samples.rate, samples.pts, samples.time_base = 48_000, position, Fraction(1, 48_000)
                container.mux(track.encode(samples))
            container.mux(track.encode(None))
    return path


def film_pictures(container: OutputContainer, stream: VideoStream, film: Film) -> None:
    for index, pts in enumerate(film.pts):
        frame = picture(index, film.width, film.height, film.layout)
        frame.pts, frame.time_base = pts, film.time_base
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


NTSC = [round(index * 1001 / 24) for index in range(48)]
IRREGULAR = np.cumsum(np.random.default_rng(3).integers(1, 80, 200)).tolist()


@pytest.mark.parametrize("form", ["matroska", "webm"])
@pytest.mark.parametrize("ending", [".mkv", ".webm"])
@pytest.mark.parametrize("pts", [NTSC, IRREGULAR], ids=["film", "irregular"])
def test_matroska_tells_the_frame_rate_and_not_one_a_millisecond(
    pts: list[int], form: str, ending: str, tmp_path: Path
) -> None:
    codec = "libx264" if form == "matroska" else "libvpx-vp9"
    source = without_rate(Film(form, codec, pts=pts, time_base=MS).write(tmp_path / "film"))
    real = Fraction(len(pts) - 1, pts[-1] - pts[0]) * 1000
    target = rewritten(source, ending)
    with av.open(str(target)) as container:
        told = container.streams.video[0].average_rate
    assert told is not None
    assert float(told) == pytest.approx(float(real), rel=0.002)
    assert Video(source).frame_rate == pytest.approx(float(real), rel=0.002)
    assert pictures_at(probe(target)) == [Fraction(time, 1000) for time in pts]


def without_rate(path: Path) -> Path:
    """A film in Matroska that says nothing of its frame rate: in place of it are bytes to be passed over."""
    data = path.read_bytes()
    at = data.index(b"\x23\xe3\x83")
    length = data[at + 3] & 0x7F
    path.write_bytes(
        data[:at]
        + b"\xec"
        + bytes([0x80 | 2 + length])
        + data[at + 2 : at + 4 + length]
        + data[at + 4 + length :]
    )
    return path


@pytest.mark.parametrize("ending", TARGETS)
def test_the_same_film_gives_the_same_bytes(ending: str, tmp_path: Path) -> None:
    source = Film(sound="aac").write(tmp_path / "film")
    once = rewritten(source, ending).read_bytes()
    assert rewritten(source, ending).read_bytes() == once


def test_sound_can_be_dropped(tmp_path: Path) -> None:
    source = Film(sound="aac").write(tmp_path / "film")
    assert [kind for kind, _ in probe(rewritten(source, ".mp4", audio=Audio.DROP)).tracks] == ["video"]


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv", ".webm"])
@pytest.mark.parametrize("colour", [(1, 1, 1, 1), (2, 1, 1, 1), (1, 6, 6, 6), (1, 5, 6, 5), (0, 2, 2, 2)])
def test_colours_and_the_shape_of_pixels_are_told(
    ending: str, colour: tuple[int, int, int, int], tmp_path: Path
) -> None:
    source = Film(colour=colour, pixel_aspect=Fraction(4, 3)).write(tmp_path / "film")
    target = rewritten(source, ending)
    with av.open(str(target)) as container:
        track = container.streams.video[0]
        square = ending == ".webm"
        assert track.sample_aspect_ratio == (1 if square else Fraction(4, 3))
        assert (track.width, track.height) == (128 if square else 96, 64)
        frame = next(container.decode(track))
        said = (frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace)
    assert said == (colour if colour[0] else (said[0], *colour[1:]))
    assert said[0] in ((colour[0],) if colour[0] else (0, 1))


def test_none_of_our_pictures_refers_to_a_later_one(tmp_path: Path) -> None:
    target = rewritten(Film(b_frames=3).write(tmp_path / "film"), ".mp4")
    with av.open(str(target)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert all(packet.pts == packet.dts for packet in packets)
    assert [index for index, packet in enumerate(packets) if packet.is_keyframe] == [0, 7, 13]
