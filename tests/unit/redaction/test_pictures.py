"""Small pictures of outputs."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from visavis.redaction.moments import Moment, Span
from visavis.redaction.pictures import HEIGHT_PX, WIDTH_PX, pictures_of

Corners = tuple[int, int, int, int]


def photo_of(folder: Path, size: tuple[int, int], colour: str = "white") -> Path:
    path = folder / "photo.png"
    Image.new("RGB", size, colour).save(path)
    return path


def picture(output: Path, corners: Corners | None, span: Span | None = None) -> NDArray[np.uint8]:
    (jpeg,) = pictures_of(output, [Moment("", 0.5, corners, span)])
    assert jpeg is not None
    image = Image.open(io.BytesIO(jpeg))
    assert image.format == "JPEG"
    assert not image.getexif()
    return np.asarray(image)


@pytest.mark.parametrize(
    ("size", "corners"),
    [
        ((1600, 1200), (800, 600, 840, 640)),
        ((1600, 1200), (0, 0, 1600, 1200)),
        ((1600, 1200), (1590, 1190, 1600, 1200)),
        ((300, 900), (0, 0, 20, 20)),
        ((1, 5000), (0, 100, 1, 101)),
        ((5000, 1), (0, 0, 1, 1)),
        ((1, 1), (0, 0, 1, 1)),
        ((640, 480), None),
        ((1, 5000), None),
    ],
)
def test_pictures_are_small(tmp_path: Path, size: tuple[int, int], corners: Corners | None) -> None:
    height, width = picture(photo_of(tmp_path, size), corners).shape[:2]
    assert width <= WIDTH_PX
    assert height <= HEIGHT_PX
    assert width == WIDTH_PX or height == HEIGHT_PX


def test_the_place_is_outlined_and_near(tmp_path: Path) -> None:
    photo = photo_of(tmp_path, (1600, 1200))
    with Image.open(photo) as image:
        image.paste("red", (800, 600, 880, 680))
        image.save(photo)
    shown = picture(photo, (800, 600, 880, 680)).astype(int)
    red = (shown[..., 0] > 200) & (shown[..., 1] < 60)
    yellow = (shown[..., 0] > 180) & (shown[..., 1] > 150) & (shown[..., 2] < 120)
    assert 0.04 < red.mean() < 0.1, "a quarter of the picture's width"
    for axis in (0, 1):
        inside, outline = (np.nonzero(mask.any(axis))[0] for mask in (red, yellow))
        assert outline[0] <= inside[0]
        assert outline[-1] >= inside[-1]
    assert not yellow[150:160, 170:190].any(), "what is outlined is not drawn on"


def video_of(folder: Path) -> Path:
    """Three seconds at 10 frames a second, each a shade lighter than the one before."""
    path = folder / "video.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", 10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for i in range(30):
            grey = np.full((48, 64, 3), 8 * i, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, "rgb24")))
        container.mux(stream.encode(None))
    return path


def test_the_frame_of_a_video_that_is_shown_then(tmp_path: Path) -> None:
    output = video_of(tmp_path)
    for frame in (0, 1, 13, 29):
        shown = picture(output, None, Span(100.0 * frame, frame, 0, 0))
        assert float(shown.mean()) == pytest.approx(8 * frame, abs=3)


def test_a_frame_of_a_video_that_begins_late_or_whose_pixels_are_not_square(tmp_path: Path) -> None:
    """Places are told in pixels of the source, and times from its sound on."""
    output = video_of(tmp_path)
    shown = picture(output, None, Span(5_000 + 100.0 * 13, 13, 0, 0, 5_000, (128, 32)))
    assert float(shown.mean()) == pytest.approx(8 * 13, abs=3)
    assert shown.shape[1] / shown.shape[0] == pytest.approx(4, abs=0.1)


def test_what_cannot_be_shown(tmp_path: Path) -> None:
    moment = Moment("", 0.5, None)
    late = Moment("", 0.5, None, Span(60_000, 600, 0, 0))
    assert pictures_of(tmp_path / "nothing.png", [moment, late]) == [None, None]
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no photo")
    assert pictures_of(broken, [moment, late]) == [None, None]
    assert pictures_of(video_of(tmp_path), [late]) == [None]
