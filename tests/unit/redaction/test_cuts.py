from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from looks import look_at

from visavis.redaction.cuts import SIGNATURE_COLUMNS, SIGNATURE_ROWS, with_cuts

CELLS = SIGNATURE_ROWS * SIGNATURE_COLUMNS


def cuts(*greys: int) -> list[int]:
    """The numbers of the frames that begin a scene, of frames of these grey levels."""
    looks = [
        replace(look_at(i, []), signature=np.full(CELLS, grey, np.uint8)) for i, grey in enumerate(greys)
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


def test_a_little_change_begins_none() -> None:
    assert cuts(60, 60, 60, 70, 70, 70) == []


@given(st.lists(st.sampled_from([20, 40, 120, 130, 250]), min_size=1, max_size=10))
def test_a_film_from_its_end_has_the_same_cuts(greys: list[int]) -> None:
    assert cuts(*greys) == sorted(len(greys) - i for i in cuts(*greys[::-1]))
