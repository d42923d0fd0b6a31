"""A video's file redacted to another file, by the library."""

from __future__ import annotations

import errno
import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream
from films import Film
from PIL import Image

import visavis
from visavis.errors import CorrectionError, CorruptVideoError, OutputExistsError, OutputFullError
from visavis.faces import Box
from visavis.redaction.videos import RedactedVideo, VideoRedaction
from visavis.video.source import Video

ALSO = visavis.VideoCovering(shape=visavis.Shape.BOX, also=(visavis.Correction(Box(0, 0, 40, 40)),))


def test_a_new_file_is_written_covered_and_nothing_else(tmp_path: Path) -> None:
    film = Film(sound="aac").write(tmp_path / "film.mp4")
    done = visavis.redact_video(film, tmp_path / "out.mkv", ALSO, audio=False)
    assert (done.frames, done.covered_frames) == (20, 20)
    video = Video(tmp_path / "out.mkv")
    assert all(frame.rgb(96, 64)[4:36, 4:36].max() < 30 for frame in video.frames())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "out.mkv"]


@pytest.mark.parametrize(
    "aspect", [Fraction(64, 45), Fraction(3), Fraction(8), Fraction(1, 3), Fraction(1, 8)]
)
def test_a_face_is_covered_in_every_frame_of_whatever_shape_pixels_are(
    aspect: Fraction, hopper: Path, tmp_path: Path
) -> None:
    film = film_of(hopper, aspect, tmp_path / "film.mp4")
    done = visavis.redact_video(film, tmp_path / "out.mp4")
    video = Video(tmp_path / "out.mp4")
    assert (video.pixel_aspect, done.frames, done.covered_frames) == (aspect, 9, 9)
    for frame in video.frames():
        shown = frame.rgb(512, 600)
        assert shown[160:290, 215:315].max() < 40, "from the eyes to the chin, from cheek to cheek"
        assert shown[:40].max() > 60, "what is no face is not covered"


def film_of(photo: Path, aspect: Fraction, path: Path) -> Path:
    """Nine frames that show a photo in its shape, by pixels of that aspect."""
    image = Image.open(photo).convert("RGB")
    slim, flat = min(1 / float(aspect), 1.0), min(float(aspect), 1.0)
    sides = 2 * round(image.width * slim / 2), 2 * round(image.height * flat / 2)
    pixels = np.asarray(image.resize(sides))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", 25, width=sides[0], height=sides[1])
        assert isinstance(stream, VideoStream)
        stream.pix_fmt, stream.codec_context.sample_aspect_ratio = "yuv420p", aspect
        for _ in range(9):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(stream.encode(None))
    return path


def test_nothing_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film, out = Film().write(tmp_path / "film.mp4"), tmp_path / "out.mp4"
    cover = VideoRedaction.cover

    def meanwhile(redaction: VideoRedaction) -> RedactedVideo:
        out.write_bytes(b"somebody's")
        return cover(redaction)

    monkeypatch.setattr(VideoRedaction, "cover", meanwhile)
    for _ in range(2):  # it comes while the video is worked on; then it is there before
        with pytest.raises(OutputExistsError):
            visavis.redact_video(film, out, ALSO)
        assert out.read_bytes() == b"somebody's"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "out.mp4"]


def test_a_damaged_video_leaves_nothing(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(Film().bytes()[:-500])
    with pytest.raises(CorruptVideoError):
        visavis.redact_video(film, tmp_path / "out.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_a_full_disk_is_told_as_one_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    film = Film().write(tmp_path / "film.mp4")
    monkeypatch.setattr(VideoRedaction, "write", full)
    with pytest.raises(OutputFullError, match="no space left"):
        visavis.redact_video(film, tmp_path / "out.mp4", ALSO)
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


@pytest.mark.parametrize(
    ("correction", "why"),
    [
        (visavis.Correction(Box(96, 0, 9, 9)), "which has 96 x 64 pixels"),
        (visavis.Correction(Box(0, 0, 9, 0)), "has no area"),
        (visavis.Correction(Box(0, 0, 9, 9), 60_000, 61_000), "the video ends after"),
        (visavis.Correction(Box(0, 0, 9, 9), 1, 2), "no frame is shown in the time of box 2"),
    ],
)
def test_a_box_that_would_cover_nothing_is_an_error(
    correction: visavis.Correction, why: str, tmp_path: Path
) -> None:
    film = Film().write(tmp_path / "film.mp4")
    covering = visavis.VideoCovering(also=(*ALSO.also, correction))
    with pytest.raises(CorrectionError, match=why):
        visavis.redact_video(film, tmp_path / "out.mp4", covering)
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]
