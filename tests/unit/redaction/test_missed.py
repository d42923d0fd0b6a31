"""Missed faces, counted against what somebody marked by eye."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.faces import Box
from visavis.redaction.masks import Region, Shape
from visavis.redaction.missed import COVERED, Coverage, coverage, mask_of, missed_faces

WIDTH, HEIGHT = 64, 48
places = st.integers(-30, 80)
boxes = st.builds(Box, places, places, st.integers(1, 60), st.integers(1, 60))
regions = st.lists(st.builds(Region, boxes, st.sampled_from(Shape)), max_size=4)


def test_a_face_is_covered_by_most_of_it() -> None:
    face = Box(10, 10, 20, 20)
    for height, missed in ((20, 0), (16, 0), (14, 1), (1, 1)):
        counted = coverage([Region(Box(10, 10, 20, height), Shape.BOX)], [face], WIDTH, HEIGHT)
        assert (counted.faces, counted.missed, counted.large, counted.large_missed) == (1, missed, 1, missed)


def test_a_soft_edge_hides_nobody() -> None:
    face = Box(0, 0, 64, 40)
    region = Region(Box(0, 0, 64, 30), Shape.BOX)
    assert coverage([region], [face], WIDTH, HEIGHT).missed == 1


def test_small_faces_are_counted_apart() -> None:
    small, large = Box(0, 0, 15, 40), Box(20, 0, 16, 16)
    counted = coverage([], [small, large], WIDTH, HEIGHT)
    assert (counted.faces, counted.missed, counted.large, counted.large_missed) == (2, 2, 1, 1)


def test_the_background_is_what_is_no_face() -> None:
    face = Box(0, 0, 32, 48)
    counted = coverage([Region(Box(16, 0, 32, 48), Shape.BOX)], [face], WIDTH, HEIGHT)
    assert counted.background_px == 32 * 48
    assert counted.background_covered_px == pytest.approx(16 * 48, rel=0.1)


@given(regions, st.lists(boxes, max_size=4))
def test_covering_more_misses_no_more(chosen: list[Region], faces: list[Box]) -> None:
    some = coverage(chosen[:2], faces, WIDTH, HEIGHT)
    more = coverage(chosen, faces, WIDTH, HEIGHT)
    assert more.missed <= some.missed <= some.faces == more.faces
    assert some.background_covered_px <= more.background_covered_px <= more.background_px + 1e-6
    assert more.large_missed <= more.large <= more.faces
    whole = coverage([Region(Box(-100, -100, 400, 400), Shape.BOX)], faces, WIDTH, HEIGHT)
    assert whole.missed == 0


@given(regions, boxes)
def test_coverage_by_counting_pixels(chosen: list[Region], face: Box) -> None:
    """Against a loop over every pixel of the face that lies in the picture."""
    mask = mask_of(chosen, WIDTH, HEIGHT)
    left, top, right, bottom = map(int, face.xyxy)
    inside = [
        mask[y, x] == 255
        for y in range(max(top, 0), min(bottom, HEIGHT))
        for x in range(max(left, 0), min(right, WIDTH))
    ]
    counted = coverage(chosen, [face], WIDTH, HEIGHT)
    assert counted.faces == bool(inside)
    assert counted.missed == (bool(inside) and float(np.mean(inside)) < COVERED)


def test_faces_outside_the_picture_do_not_count() -> None:
    for box in (Box(-30, 0, 20, 20), Box(64, 0, 20, 20), Box(0, -50, 20, 20), Box(0, 48, 20, 20)):
        assert coverage([], [box], WIDTH, HEIGHT) == Coverage(background_px=WIDTH * HEIGHT)
    assert coverage([], [Box(3.4, 3.4, 0.1, 0.1)], WIDTH, HEIGHT).faces == 1


def test_rates() -> None:
    found = missed_faces({"a": Coverage(50, 5, 40, 0, 100.0, 25.0), "b": Coverage(50, 5)}, annotated=103)
    overall = found["overall"]
    # Wilson's interval of 10 in 100 and of 0 in 40, from tables.
    assert overall["faces"]["rate"] == 0.1
    assert (overall["faces"]["low"], overall["faces"]["high"]) == pytest.approx((0.0552, 0.1744), abs=1e-4)
    assert overall["faces_of_16_px"]["high"] == pytest.approx(0.0876, abs=1e-4)
    assert overall["faces_of_16_px"]["low"] == pytest.approx(0, abs=1e-12)
    assert found["files"]["a"]["background_covered"] == 0.25
    assert found["files"]["b"]["background_covered"] is None
    assert found["not_measured"] == 3
    assert json.loads(json.dumps(found)) == found


@given(st.integers(0, 500), st.integers(1, 500))
def test_an_interval_holds_its_rate(missed: int, more: int) -> None:
    faces = missed + more
    rate = missed_faces({"a": Coverage(faces, missed)}, faces)["overall"]["faces"]
    assert 0 <= rate["low"] <= rate["rate"] + 1e-12
    assert rate["rate"] <= rate["high"] <= 1


def test_nothing_measured() -> None:
    overall = missed_faces({}, annotated=2)["overall"]
    assert overall["faces"] == {"missed": 0, "of": 0, "rate": None, "low": None, "high": None}
