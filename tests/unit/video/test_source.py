from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from films import BLUE, GREEN, GREY, RED, Film, number_of
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.video.source import Video

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
    video = Video(Film(sound="aac").write(tmp_path / "film"))
    assert (video.kind, video.codec, video.frame_rate, video.frame_count) == ("mov", "h264", 25, 20)
    assert (video.duration_ms, video.time_base, video.pixel_aspect) == (800, Fraction(1, 90_000), 1)
    assert [frame.timestamp_ms for frame in video.frames()] == list(range(0, 800, 40))
