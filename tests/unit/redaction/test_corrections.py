"""Boxes as people write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.faces import Box
from visavis.redaction.corrections import Correction, read_correction
from visavis.redaction.covering import VideoCovering

BOX = Box(1, 2, 30, 40)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1,2,30,40", Correction(BOX)),
        ("1,2,30,40@12.5-14", Correction(BOX, 12_500, 14_000)),
        ("1,2,30,40@1:02-1:05.25", Correction(BOX, 62_000, 65_250)),
        ("1,2,30,40@0-1:00:00", Correction(BOX, 0, 3_600_000)),
        ("1,2,30,40@3-3", Correction(BOX, 3000, 3000)),
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
