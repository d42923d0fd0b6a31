"""Boxes as people write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import CorrectionError
from visavis.faces import Box
from visavis.redaction.corrections import Correction, check_boxes, check_times, read_correction
from visavis.redaction.covering import VideoCovering

BOX = Box(1, 2, 30, 40)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1,2,30,40", Correction(BOX)),
        ("1,2,30,40@12.5-14", Correction(BOX, 12_500, 14_000)),
        ("1,2,30,40@1:02-1:05.25", Correction(BOX, 62_000, 65_250)),
        ("1,2,30,40@0-1:00:00", Correction(BOX, 0, 3_600_000)),
    ],
)
def test_what_is_meant(text: str, meant: Correction) -> None:
    assert read_correction(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1,2,3",
        "1,2,0.5,4",
        "1,2,nan,4",
        "1,2,3,4@",
        "1,2,3,4@5",
        "1,2,3,4@5-4",
        "1,2,3,4@3-3",
        "1,2,3,4@1:2:3:4-9",
        "1,2,3,4@-1-4",
    ],
)
def test_what_means_nothing(text: str) -> None:
    with pytest.raises(ValueError, match=r"^a (box|time) is"):
        read_correction(text)


@given(st.floats(0, 1e7), st.floats(0, 1e7), st.floats(0, 1e7))
def test_a_correction_holds_for_its_time(time_ms: float, a: float, b: float) -> None:
    correction = Correction(BOX, min(a, b), max(a, b))
    at = VideoCovering(keep=(correction,), also=(Correction(BOX),)).at(time_ms)
    assert (at.keep == (BOX,)) is (min(a, b) <= time_ms <= max(a, b))
    assert at.also == (BOX,), "one without a time always holds"


def test_only_one_with_a_time_is_timed() -> None:
    assert not Correction(BOX).is_timed
    assert Correction(BOX, 1).is_timed
    assert Correction(BOX, 0, 5).is_timed
    assert math.isinf(Correction(BOX).until_ms)


@pytest.mark.parametrize(
    ("box", "why"),
    [
        (Box(100, 0, 10, 10), "lies outside of the picture, which has 100 x 50 pixels"),
        (Box(0, 50, 10, 10), "lies outside"),
        (Box(-10, 0, 10, 10), "lies outside"),
        (Box(0, -10, 10, 10), "lies outside"),
        (Box(5, 5, 0, 10), "has no area"),
        (Box(5, 5, 10, -1), "has no area"),
        (Box(math.nan, 5, 10, 10), "has no area"),
    ],
)
def test_a_box_that_covers_nothing_of_the_picture_is_an_error(box: Box, why: str) -> None:
    check_boxes([Box(99.5, 49.5, 10, 10), Box(-9.5, -9.5, 10, 10)], 100, 50)
    with pytest.raises(CorrectionError, match=f"box 2 of those to be covered by hand {why}") as raised:
        check_boxes([BOX, box], 100, 50)
    assert raised.value.hint


@pytest.mark.parametrize(
    ("correction", "why"),
    [
        (
            Correction(BOX, 2001, 3000),
            "no frame is shown in the time of box 2 .*; the video ends after 2.0 s",
        ),
        (Correction(BOX, -5, -1), "no frame is shown in the time of box 2"),
        (Correction(BOX, 1500, 1400), "box 2 of those to be covered by hand ends before it begins"),
        (Correction(BOX, math.nan), "ends before it begins"),
    ],
)
def test_a_time_that_is_none_of_the_video_is_an_error(correction: Correction, why: str) -> None:
    with pytest.raises(CorrectionError, match=why):
        check_times([Correction(BOX, 1900, 9000), correction], 2000)
