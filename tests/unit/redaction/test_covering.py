"""Which faces are covered, and what a person corrects by hand."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from films import Film
from numpy.typing import NDArray
from PIL import Image

import visavis
from visavis.errors import CorrectionError, CoverError, UnsupportedImageError
from visavis.faces import Box, Face
from visavis.imaging import ImageSource, load_rgb
from visavis.redaction.covering import Covering, VideoCovering
from visavis.redaction.encoding import Format
from visavis.redaction.masks import Shape
from visavis.redaction.redact import redact
from visavis.redaction.styles import Style


def png(*images: Image.Image) -> bytes:
    """Side by side."""
    wide, file = Image.new("RGB", (512 * len(images), 512)), io.BytesIO()
    for i, image in enumerate(images):
        wide.paste(image, (512 * i, 0))
    wide.save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def two(astronaut: Path, hopper: Path) -> bytes:
    """Two people: the left one's face near (225, 120), the right one's near (777, 225)."""
    return png(Image.open(astronaut).convert("RGB"), Image.open(hopper).convert("RGB"))


def covered_at(photo: bytes, x: int, y: int) -> bool:
    pixels: NDArray[np.uint8] = load_rgb(photo)
    return not pixels[y, x].any()


def test_everybody_is_covered(two: bytes, analyzer: visavis.Analyzer) -> None:
    done = redact(analyzer, two, Covering())
    assert done.covered >= 2
    assert covered_at(done.photo, 225, 120)
    assert covered_at(done.photo, 777, 225)
    assert not analyzer.detect(done.photo)


def test_who_is_spared_is_seen(two: bytes, analyzer: visavis.Analyzer) -> None:
    asked: list[Face] = []

    def spare(photo: ImageSource, faces: Sequence[Face]) -> list[bool]:
        assert photo == two
        asked.extend(faces)
        return [face.box.x > 512 for face in faces]

    done = redact(analyzer, two, Covering(keep=(Box(0, 0, 512, 512),)), spare=spare)
    assert all(face.box.x > 512 for face in asked), "who is kept by hand is nobody's business"
    assert (done.covered, done.kept >= 1, done.spared) == (0, True, len(asked))
    assert len(analyzer.detect(done.photo)) == 2


def test_boxes_are_covered_as_they_are(analyzer: visavis.Analyzer) -> None:
    done = redact(analyzer, png(Image.new("RGB", (512, 512), "white")), Covering(also=(Box(10, 20, 30, 40),)))
    pixels = load_rgb(done.photo)
    assert done.covered == 0
    assert not pixels[20:60, 10:40].any()
    assert np.all(pixels[80:] == 255)


def test_the_format_may_be_another(two: bytes, analyzer: visavis.Analyzer) -> None:
    done = redact(analyzer, two, Covering(), written=Format.JPEG)
    assert Image.open(io.BytesIO(done.photo)).format == "JPEG"


def test_the_library_does_the_same(astronaut: Path, astronaut_rgb: NDArray[np.uint8]) -> None:
    by_path = visavis.redact(astronaut)
    assert visavis.redact(astronaut.read_bytes()) == by_path
    assert np.array_equal(load_rgb(visavis.redact(astronaut_rgb)), load_rgb(by_path))
    assert covered_at(by_path, 225, 120)
    assert not covered_at(visavis.redact(astronaut, keep=[Box(200, 100, 50, 50)]), 225, 120)
    assert covered_at(visavis.redact(astronaut, also=[Box(400, 400, 50, 50)]), 425, 425)
    blurred = visavis.redact(astronaut, style=visavis.Style.BLUR, shape=visavis.Shape.BOX)
    assert not covered_at(blurred, 225, 120)


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("shape", Shape)
def test_a_word_is_as_good_as_the_style_or_shape_that_it_names(
    astronaut: Path, style: Style, shape: Shape
) -> None:
    by_word: bytes = visavis.redact(astronaut, style=str(style.value), shape=str(shape.value))  # type: ignore[arg-type]
    assert by_word == visavis.redact(astronaut, style=style, shape=shape)


@pytest.mark.parametrize("one", [Covering, VideoCovering])
@pytest.mark.parametrize("word", ["Solid", "", "none", None, 1])
def test_a_style_or_shape_that_there_is_not_is_refused(
    one: type[Covering | VideoCovering], word: object
) -> None:
    for field in ("style", "shape"):
        with pytest.raises(CoverError):
            one(**{field: word})  # type: ignore[arg-type]


@pytest.mark.parametrize("box", [Box(512, 0, 50, 50), Box(10, 10, 0, 0)])
def test_a_box_that_would_cover_nothing_is_an_error(box: Box, astronaut: Path) -> None:
    with pytest.raises(CorrectionError, match="box 1 of those to be covered by hand"):
        visavis.redact(astronaut, also=[box])


def test_who_gives_a_video_for_a_photo_is_told_what_takes_it() -> None:
    with pytest.raises(UnsupportedImageError) as raised:
        visavis.redact(Film().bytes())
    assert raised.value.hint.endswith("; videos are for `redact_video`")
