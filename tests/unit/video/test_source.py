from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
import pytest
from av.stream import Disposition
from av.video.stream import VideoStream
from films import BLUE, GREEN, GREY, RED, Film, number_of, picture, pixels
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from visavis.errors import NoPicturesError
from visavis.video.source import Video
from visavis.video.upright import planes_of

FORMS = {
    "mp4": Film(),
    "mov": Film("mov"),
    "mkv": Film("matroska"),
    "webm": Film("webm", "libvpx-vp9"),
    "gif": Film("gif", "gif", layout="rgb8", time_base=Fraction(1, 100), pts=range(0, 80, 4)),
    "hevc": Film(codec="libx265", b_frames=3),
    "av1": Film("matroska", "libsvtav1", options={"preset": "12"}),
    "prores": Film("mov", "prores_ks", layout="yuv422p10le"),
    "mjpeg": Film("mov", "mjpeg", layout="yuvj420p", colour=(2, 2, 2, 5)),
}
SIDES = (96, 64)


def quarters(rgb: np.ndarray) -> list[np.ndarray]:
    height, width = rgb.shape[:2]
    return [
        rgb[height // 8, width // 8],
        rgb[height // 8, width * 7 // 8],
        rgb[height * 7 // 8, width // 8],
        rgb[height * 7 // 8, width * 7 // 8],
    ]


@pytest.mark.parametrize("form", FORMS)
def test_every_form(form: str, tmp_path: Path) -> None:
    film = FORMS[form]
    video = Video(film.write(tmp_path / "film"))
    frames = list(video.frames())
    assert (video.width, video.height) == SIDES
    assert [frame.pts * video.time_base for frame in frames] == [pts * film.time_base for pts in film.pts]
    seen = [frame.rgb(*SIDES) for frame in frames]
    assert [number_of(rgb) for rgb in seen] == list(range(20))
    np.testing.assert_allclose(quarters(seen[0]), [RED, GREEN, BLUE, GREY], atol=24)
    assert {frame.picture.format.name for frame in frames} == {"yuv420p"}


def test_what_is_said_of_a_film(tmp_path: Path) -> None:
    video = Video(Film().write(tmp_path / "film"))
    assert (video.kind, video.codec, video.frame_rate, video.frame_count) == ("mov", "h264", 25, 20)
    assert (video.duration_ms, video.time_base, video.pixel_aspect) == (800, Fraction(1, 90_000), Fraction(1))
    assert [frame.timestamp_ms for frame in video.frames()] == list(range(0, 800, 40))


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_turned_and_mirrored_films_come_out_upright(degrees: int, mirrored: bool, tmp_path: Path) -> None:
    film = Film(turned=(degrees, mirrored), pixel_aspect=Fraction(4, 3))
    video = Video(film.write(tmp_path / "film"))
    sides = SIDES if degrees % 180 == 0 else SIDES[::-1]
    assert (video.width, video.height) == sides
    assert video.pixel_aspect == (Fraction(4, 3) if degrees % 180 == 0 else Fraction(3, 4))
    assert video.shown == ((111, 55) if degrees % 180 == 0 else (55, 111))
    shown = np.rot90(pixels(0, *SIDES), degrees // 90)
    shown = shown[:, ::-1] if mirrored else shown
    np.testing.assert_allclose(quarters(next(video.frames()).rgb(*sides)), quarters(shown), atol=24)


@pytest.mark.parametrize("degrees", [0, 90, 180])
@pytest.mark.parametrize("sides", [(97, 65), (97, 64), (96, 65), (1, 1), (3, 2)])
def test_odd_sides_get_their_last_row_or_column_once_more(
    sides: tuple[int, int], degrees: int, tmp_path: Path
) -> None:
    film = Film(
        "matroska",
        "ffv1",
        *sides,
        pts=range(0, 400, 40),
        time_base=Fraction(1, 1000),
        turned=(degrees, False),
    )
    video = Video(film.write(tmp_path / "film"))
    even = tuple(side + side % 2 for side in sides)
    assert (video.width, video.height) == (even if degrees != 90 else even[::-1])
    luma = np.rot90(planes_of(next(video.frames()).picture)[0], -degrees // 90)
    stored = planes_of(picture(0, *sides, "yuv420p"))[0]
    padded = np.pad(stored, ((0, sides[1] % 2), (0, sides[0] % 2)), mode="edge")
    np.testing.assert_array_equal(luma, padded)


@pytest.mark.parametrize(
    ("codec", "layout"),
    [
        ("ffv1", "yuv444p"),
        ("ffv1", "yuv422p10le"),
        ("ffv1", "yuv420p12le"),
        ("ffv1", "gray"),
        ("ffv1", "bgr0"),
        ("ffv1", "yuva420p"),
        ("ffv1", "bgra"),
        ("libx264rgb", "rgb24"),
        ("libx264", "yuv444p"),
        ("libx264", "yuv420p10le"),
        ("libx264", "yuvj420p"),
    ],
)
def test_other_layouts_of_pixels_become_420_of_8_bits(codec: str, layout: str, tmp_path: Path) -> None:
    colour = (2, 2, 2, 2) if layout in ("yuvj420p", "gray") else (0, 2, 2, 2)
    film = Film(
        "matroska", codec, layout=layout, colour=colour, time_base=Fraction(1, 1000), pts=range(0, 400, 40)
    )
    frame = next(Video(film.write(tmp_path / "film")).frames())
    assert frame.picture.format.name == "yuv420p"
    expected = np.array([RED, GREEN, BLUE, GREY], float)
    if layout == "gray":
        expected = np.repeat(expected @ [[0.299], [0.587], [0.114]], 3, axis=1)
    np.testing.assert_allclose(quarters(frame.rgb(*SIDES)), expected, atol=16)


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    scene = Image.new("RGBA", SIDES, (255, 0, 0, 0))
    scene.paste((0, 0, 255, 255), (0, 0, 48, 64))
    scene.save(
        tmp_path / "film.gif", save_all=True, append_images=[scene.rotate(180)], duration=100, disposal=2
    )
    first, second = (frame.rgb(*SIDES) for frame in Video(tmp_path / "film.gif").frames())
    np.testing.assert_allclose([first[20, 20], first[20, 80]], [(0, 0, 255), (255, 255, 255)], atol=12)
    np.testing.assert_allclose([second[20, 20], second[20, 80]], [(255, 255, 255), (0, 0, 255)], atol=12)


@pytest.mark.parametrize("codec", ["libvpx", "libvpx-vp9", "qtrle", "png", "prores_ks"])
@pytest.mark.parametrize("full_range", [False, True])
def test_what_is_transparent_is_white_in_every_picture(codec: str, full_range: bool, tmp_path: Path) -> None:
    path = half_transparent(tmp_path / "film", codec, full_range=full_range)
    video = Video(path)
    frames = list(video.frames())
    for index, rgb in enumerate(frame.rgb(*SIDES) for frame in frames):
        left, right = rgb[8:-8, 8:40], rgb[8:-8, 56:-8]
        assert right.min() > 245, "what lies below is not seen"
        np.testing.assert_allclose(left.mean((0, 1)), pixels(index, *SIDES)[8:-8, 8:40].mean((0, 1)), atol=16)
    later = list(video.frames(after=frames[3].pts))
    assert [frame.pts for frame in later] == [frame.pts for frame in frames[4:]]
    assert all(frame.rgb(*SIDES)[8:-8, 56:-8].min() > 245 for frame in later)


def half_transparent(path: Path, codec: str, *, full_range: bool) -> Path:
    """A film whose right half is transparent."""
    is_webm = codec.startswith("libvpx")
    layout = {"qtrle": "argb", "png": "rgba", "prores_ks": "yuva444p10le"}.get(codec, "yuva420p")
    options = {"auto-alt-ref": "0", "deadline": "realtime"} if is_webm else {}
    with av.open(str(path), "w", format="webm" if is_webm else "mov") as container:
        stream = container.add_stream(codec, 25, width=SIDES[0], height=SIDES[1], options=options)
        assert isinstance(stream, VideoStream)
        stream.codec_context.pix_fmt, stream.codec_context.gop_size = layout, 4
        stream.codec_context.color_range = 1 + full_range
        for index in range(10):
            rgba = np.dstack([pixels(index, *SIDES), np.full(SIDES[::-1], 255, np.uint8)])
            rgba[:, SIDES[0] // 2 :, 3] = 0
            frame = av.VideoFrame.from_ndarray(rgba, "rgba").reformat(
                format=layout, dst_color_range=1 + full_range
            )
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 400_000), min_size=2, max_size=30), st.integers(0, 3), st.data())
def test_uneven_times_are_kept_to_the_tick_from_wherever_one_begins(
    steps: list[int], b_frames: int, data: st.DataObject
) -> None:
    pts = np.cumsum(steps).tolist()
    with TemporaryDirectory() as folder:
        video = Video(Film(pts=pts, b_frames=b_frames, group=6).write(Path(folder) / "film"))
        frames = list(video.frames())
        assert [frame.pts for frame in frames] == pts
        after = data.draw(st.sampled_from([*pts, pts[0] - 1, pts[-1] + 1]))
        rest = list(video.frames(after))
    assert [frame.pts for frame in rest] == [time for time in pts if time > after]
    for frame, again in zip(frames[len(frames) - len(rest) :], rest, strict=True):
        np.testing.assert_array_equal(planes_of(frame.picture)[0], planes_of(again.picture)[0])


@pytest.mark.parametrize("form", FORMS)
def test_going_on_gives_the_same_pictures(form: str, tmp_path: Path) -> None:
    video = Video(FORMS[form].write(tmp_path / "film"))
    frames = list(video.frames())
    rest = list(video.frames(frames[12].pts))
    assert [frame.pts for frame in rest] == [frame.pts for frame in frames[13:]]
    for frame, again in zip(frames[13:], rest, strict=True):
        np.testing.assert_array_equal(planes_of(frame.picture)[0], planes_of(again.picture)[0])


def test_time_runs_from_what_begins_first(tmp_path: Path) -> None:
    film = Film("matroska", sound="aac", pts=range(500, 900, 40), time_base=Fraction(1, 1000))
    video = Video(film.write(tmp_path / "film"))
    assert video.start_pts == 0
    assert next(video.frames()).timestamp_ms == pytest.approx(500, abs=25)


def test_cover_art_is_no_film(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "film"), "w", format="mp4") as container:
        film = Film(sound="aac")
        track = film._sound(container)
        assert track is not None
        art = container.add_stream("mjpeg", width=96, height=64)
        art.disposition = Disposition.attached_pic
        art.pix_fmt = "yuvj420p"
        art.codec_context.color_range = 2
        container.mux(art.encode(picture(0, *SIDES, "yuvj420p", (2, 2, 2, 5))))
        container.mux(art.encode(None))
        film._play(container, track)
    with pytest.raises(NoPicturesError):
        Video(tmp_path / "film")
