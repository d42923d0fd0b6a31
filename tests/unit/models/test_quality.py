from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from visavis.faces import Box, Pose, Quality
from visavis.models.quality import REASONS, assess
from visavis.models.recogniser import align

FRONTAL = Pose(0, 0, 0)
INSIDE = Box(100, 100, 200, 200)
SIZE = (600, 600)
POINTS = np.array([[203, 103], [246, 103], [223, 127], [203, 142], [242, 143]])


@pytest.fixture
def face(astronaut_rgb: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(align(Image.fromarray(astronaut_rgb), POINTS))


def quality(
    image: Image.Image, eye_distance_px: float = 60, pose: Pose = FRONTAL, box: Box = INSIDE
) -> Quality:
    return assess(np.asarray(image), eye_distance_px, pose, box, SIZE)


def test_a_good_face_has_no_reason_against_it(face: Image.Image) -> None:
    good = quality(face)
    assert good.score > 0.9
    assert good.reasons == ()


def test_each_fault_is_named_and_lowers_the_score(face: Image.Image) -> None:
    faults = {
        "too_small": quality(face, eye_distance_px=15),
        "too_dark": quality(face.point(lambda v: v // 6)),
        "too_bright": quality(face.point(lambda v: 235 + v // 16)),
        "blurred": quality(face.filter(ImageFilter.GaussianBlur(3))),
        "turned_away": quality(face, pose=Pose(60, 0, 0)),
        "cut_off": quality(face, box=Box(-100, 100, 200, 200)),
    }
    assert set(faults) == set(REASONS)
    for reason, found in faults.items():
        assert reason in found.reasons, reason
        assert found.score < 0.75 * quality(face).score


def test_more_blur_is_less_sharp(face: Image.Image) -> None:
    sharpness = [quality(face.filter(ImageFilter.GaussianBlur(r))).sharpness for r in (0, 0.5, 1, 2, 4)]
    assert sharpness == sorted(sharpness, reverse=True)
    assert sharpness[0] > 4 * sharpness[-1]


def test_dim_light_is_not_blur(face: Image.Image) -> None:
    dim = face.point(lambda v: v // 2)
    assert quality(dim).sharpness == pytest.approx(quality(face).sharpness, rel=0.1)
    assert quality(dim).brightness == pytest.approx(quality(face).brightness / 2, rel=0.05)


def test_the_side_does_not_matter_and_roll_does_not_count(face: Image.Image) -> None:
    assert quality(face, pose=Pose(-50, 0, 0)).score == quality(face, pose=Pose(50, 0, 0)).score
    assert quality(face, pose=Pose(0, 0, 170)) == quality(face)


def test_a_box_without_area_and_a_flat_picture(face: Image.Image) -> None:
    assert quality(face, box=replace(INSIDE, width=0)).score == 0
    assert quality(Image.new("RGB", (112, 112), (90, 90, 90))).sharpness == 0
