from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from looks import look_at

from visavis.redaction.cuts import SIGNATURE_COLUMNS, SIGNATURE_ROWS, with_cuts

CELLS = SIGNATURE_ROWS * SIGNATURE_COLUMNS


def cuts(*greys: int, frame_ms: float = 1000 / 25) -> list[int]:
    """The numbers of the frames that begin a scene, of frames of these grey levels."""
    looks = [
        replace(look_at(i * frame_ms, []), signature=np.full(CELLS, grey, np.uint8))
        for i, grey in enumerate(greys)
    ]
    found = list(with_cuts(looks))
    assert [look for look, _ in found] == looks
    return [i for i, (_, begins) in enumerate(found) if begins]


def test_a_new_picture_that_stays_begins_a_scene() -> None:
    assert cuts(20, 20, 20, 200, 200, 200) == [3]
    assert cuts(20, 200, 20, 20, 20) == []
    assert cuts() == cuts(20) == []


def test_the_first_and_the_last_frame_may_be_scenes() -> None:
    assert cuts(20, 200, 200, 200) == [1]
    assert cuts(20, 20, 20, 200) == [3]


def test_a_flash_and_a_fade_begin_none() -> None:
    assert cuts(60, 60, 60, 255, 60, 60, 60) == []
    assert cuts(*range(0, 250, 25)) == []


@pytest.mark.parametrize("frames_a_second", [1, 15, 25, 60, 120])
def test_a_flash_is_none_at_any_rate_of_frames(frames_a_second: int) -> None:
    frames = max(1, round(0.25 * frames_a_second))
    film = [60] * 40 + [255] * frames + [60] * 40
    assert cuts(*film, frame_ms=1000 / frames_a_second) == []


@pytest.mark.parametrize("frames_a_second", [15, 25, 60, 120])
def test_what_lasts_longer_than_a_flash_is_a_scene(frames_a_second: int) -> None:
    frames = round(0.4 * frames_a_second)
    film = [60] * 60 + [255] * frames + [60] * 60
    assert cuts(*film, frame_ms=1000 / frames_a_second) == [60, 60 + frames]


def test_frames_without_number_at_one_moment() -> None:
    assert cuts(*[60] * 500, *[255] * 500, frame_ms=0) == [500]


def test_a_little_change_begins_none() -> None:
    assert cuts(60, 60, 60, 70, 70, 70) == []


@given(
    st.lists(st.sampled_from([20, 40, 120, 130, 250]), min_size=1, max_size=30),
    st.sampled_from([40.0, 300.0, 8.0]),
)
def test_a_film_from_its_end_has_the_same_cuts(greys: list[int], frame_ms: float) -> None:
    backwards = cuts(*greys[::-1], frame_ms=frame_ms)
    assert cuts(*greys, frame_ms=frame_ms) == sorted(len(greys) - i for i in backwards)
