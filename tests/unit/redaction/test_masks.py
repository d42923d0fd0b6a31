"""Regions and how much of each pixel they cover."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.faces import Box, Face, Landmarks, Pose, Quality
from visavis.redaction.masks import Region, Shape, region_of

SIDE = 64
shapes = st.sampled_from(Shape)
boxes = st.builds(Box, st.floats(-40, 80), st.floats(-40, 80), st.floats(0.5, 60), st.floats(0.5, 60))


def face_at(box: Box, turned: float = 0) -> Face:
    """A face whose points lie where they do in most, turned clockwise by so many degrees around the middle of its box."""
    ratios = np.array([[-0.2, -0.1], [0.2, -0.1], [0, 0.1], [-0.15, 0.25], [0.15, 0.25]])
    c, s = math.cos(math.radians(turned)), math.sin(math.radians(turned))
    middle = np.array([box.x + box.width / 2, box.y + box.height / 2])
    points = middle + ratios @ np.array([[c, s], [-s, c]]) * [box.width, box.height]
    return Face(box, Landmarks.from_array(points), 0.9, Pose(0, 0, turned), Quality(0.9, 50, 50))


def whole_opacity(region: Region) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Of each pixel of a photo of SIDE x SIDE."""
    opacity = np.zeros((SIDE, SIDE), np.uint8)
    if window := region.window(SIDE, SIDE):
        left, top, right, bottom = window
        opacity[top:bottom, left:right] = region.opacity(window)
    return opacity


@given(boxes, shapes, st.floats(0, 1), st.floats(0, 2 * math.pi))
def test_every_pixel_that_a_region_touches_is_covered_whole(
    box: Box, shape: Shape, radius: float, angle: float
) -> None:
    reach = 1 if shape is Shape.ELLIPSE else max(abs(math.cos(angle)), abs(math.sin(angle)))
    x = box.x + box.width / 2 * (1 + 0.999 * radius * math.cos(angle) / reach)
    y = box.y + box.height / 2 * (1 + 0.999 * radius * math.sin(angle) / reach)
    if 0 <= x < SIDE and 0 <= y < SIDE:
        assert whole_opacity(Region(box, shape))[int(y), int(x)] == 255


@given(boxes, shapes)
def test_the_edge_is_soft_on_the_outside_and_narrow(box: Box, shape: Shape) -> None:
    changed = np.argwhere(whole_opacity(Region(box, shape)))
    for length, first, places in (
        (box.width, box.x, changed[:, 1]),
        (box.height, box.y, changed[:, 0]),
    ):
        assert np.all(places + 1 >= first - 0.05 * length)
        assert np.all(places <= first + 1.05 * length)


@given(boxes)
def test_a_box_covers_all_that_an_ellipse_does(box: Box) -> None:
    assert np.all(whole_opacity(Region(box, Shape.BOX)) >= whole_opacity(Region(box)))


@given(boxes)
def test_a_window_is_all_that_changes(box: Box) -> None:
    region = Region(box)
    window = region.window(SIDE, SIDE)
    all_of_it = region.opacity((0, 0, SIDE, SIDE))
    if window is None:
        assert not all_of_it.any()
    else:
        assert all_of_it.sum() == region.opacity(window).sum()


@pytest.mark.parametrize("far", [1e300, -1e300])
def test_a_region_may_lie_as_far_outside_as_it_likes(far: float) -> None:
    assert Region(Box(far, 0, 10, 10)).window(SIDE, SIDE) is None


@pytest.mark.parametrize(
    "box", [Box(0, 0, 0, 5), Box(0, 0, 5, -1), Box(math.nan, 0, 5, 5), Box(0, 0, math.inf, 5)]
)
def test_a_region_has_an_area(box: Box) -> None:
    with pytest.raises(ValueError, match="area"):
        Region(box)


@given(st.floats(-180, 180), st.floats(1, 500), st.floats(1, 500), shapes)
def test_a_head_is_covered_from_ear_to_ear_however_it_is_turned(
    turned: float, width: float, height: float, shape: Shape
) -> None:
    face = face_at(Box(10, 20, width, height), turned)
    box = region_of(face, shape).box
    left, top, right, bottom = box.xyxy
    assert left < 10 - 0.15 * width
    assert right > 10 + 1.15 * width
    assert top < 20 - 0.15 * height
    assert bottom > 20 + 1.15 * height
    for x, y in face.landmarks.as_array():
        assert math.hypot(
            (x - left - box.width / 2) / (box.width / 2), (y - top - box.height / 2) / (box.height / 2)
        ) < (1 if shape is Shape.ELLIPSE else math.sqrt(2))


def test_the_cover_reaches_further_where_the_chin_is() -> None:
    upright, upside_down = (region_of(face_at(Box(100, 100, 50, 50), turned)).box for turned in (0, 180))
    assert upright.y + upright.height - 150 > 100 - upright.y
    assert upside_down.y + upside_down.height - 150 < 100 - upside_down.y


def test_points_outside_the_box_are_covered_too() -> None:
    face = face_at(Box(100, 100, 50, 50))
    strayed = Face(
        face.box,
        Landmarks.from_array(face.landmarks.as_array() + np.array([30, 0])),
        0.3,
        face.pose,
        face.quality,
    )
    assert region_of(strayed).box.width > region_of(face).box.width


def test_a_large_cover_is_as_a_small_one_strip_by_strip(monkeypatch: pytest.MonkeyPatch) -> None:
    region, window = Region(Box(3, 5, 50, 40)), (0, 0, SIDE, SIDE)
    whole = region.opacity(window)
    monkeypatch.setattr("visavis.redaction.masks._STRIP_PIXELS", 7 * SIDE)
    assert np.array_equal(region.opacity(window), whole)
