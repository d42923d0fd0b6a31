from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import visavis
from visavis.redaction.cuts import SIGNATURE_COLUMNS, SIGNATURE_ROWS
from visavis.redaction.looking import as_look, look, signature_of
from visavis.redaction.masks import region_of
from visavis.redaction.tracks import START_SCORE


def looks(analyzer: visavis.Analyzer, image: Image.Image, number: int = 0) -> NDArray[np.float32]:
    """Boxes of what is surely seen in a frame."""

    def scaled(width_px: int, height_px: int) -> NDArray[np.uint8]:
        return np.asarray(image.resize((width_px, height_px), Image.Resampling.BILINEAR))

    found, signature = look(scaled, image.size, number, analyzer.detector())
    assert signature.shape == (192,)
    return found.xyxy[found.scores >= START_SCORE]


def filmed(face: NDArray[np.uint8], side_px: int, corner: tuple[int, int]) -> Image.Image:
    """A frame of 720p that shows the portrait so large, there."""
    frame = Image.new("RGB", (1280, 720), (120, 130, 140))
    frame.paste(Image.fromarray(face).resize((side_px, side_px), Image.Resampling.LANCZOS), corner)
    return frame


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize(("side_px", "corner"), [(300, (700, 200)), (720, (300, 0)), (1800, (0, -60))])
def test_faces_from_large_to_close_up_are_seen_in_every_frame(
    analyzer: visavis.Analyzer,
    astronaut_rgb: NDArray[np.uint8],
    side_px: int,
    corner: tuple[int, int],
    number: int,
) -> None:
    (box,) = looks(analyzer, filmed(astronaut_rgb, side_px, corner), number)
    middle = (box[:2] + box[2:]) / 2
    np.testing.assert_allclose(
        middle, np.array(corner) + np.array([224, 117]) / 512 * side_px, atol=0.05 * side_px
    )


def test_a_face_that_fills_the_picture_is_seen_now_and_then(
    analyzer: visavis.Analyzer, astronaut_rgb: NDArray[np.uint8]
) -> None:
    frame = filmed(astronaut_rgb, 3200, (-760, -350))
    assert max(box[3] - box[1] for box in looks(analyzer, frame, number=4)) > 600


@pytest.mark.parametrize("corner", [(100, 100), (1000, 500), (590, 300)])
def test_small_faces_are_seen(
    analyzer: visavis.Analyzer, astronaut_rgb: NDArray[np.uint8], corner: tuple[int, int]
) -> None:
    seen = looks(analyzer, filmed(astronaut_rgb, 80, corner))  # a face 15 pixels wide
    nose = np.array(corner) + np.array([224, 117]) / 512 * 80
    assert any(np.all(box[:2] < nose) and np.all(box[2:] > nose) for box in seen)


def test_what_is_looked_at_is_covered_as_in_photos(
    analyzer: visavis.Analyzer, astronaut_rgb: NDArray[np.uint8]
) -> None:
    (face,) = analyzer.detect(astronaut_rgb)
    found, signature = look(
        lambda w, h: np.asarray(Image.fromarray(astronaut_rgb).resize((w, h))),
        (512, 512),
        0,
        analyzer.detector(),
    )
    seen = as_look(40.0, found, signature, [None] * len(found))
    assert seen.time_ms == 40.0
    assert not seen.compared.any()
    assert not seen.kept.any()
    assert len(seen) == len(found)
    expected = region_of(face).box
    np.testing.assert_allclose(
        seen.regions_xywh[0], [expected.x, expected.y, expected.width, expected.height], atol=12
    )


@pytest.mark.parametrize("size", [(2, 2), (2, 1000), (1000, 2), (16, 16), (322, 180)])
def test_frames_of_any_shape(analyzer: visavis.Analyzer, size: tuple[int, int]) -> None:
    assert not len(looks(analyzer, Image.new("RGB", size, (90, 90, 90))))


@pytest.mark.parametrize("size", [(720, 1280), (48, 64), (12, 16), (37, 1001), (3, 5), (1, 1)])
def test_a_signature_says_where_it_is_bright(size: tuple[int, int]) -> None:
    rgb = np.zeros((*size, 3), np.uint8)
    rgb[:, : max(1, size[1] // 2)] = 200
    signature = signature_of(rgb).reshape(SIGNATURE_ROWS, SIGNATURE_COLUMNS)
    assert np.all(signature[:, 0] == 200)
    assert size[1] == 1 or np.all(signature[:, -1] == 0)
