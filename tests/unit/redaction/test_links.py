from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from looks import Seen

from visavis.redaction.links import LONGEST_GAP_MS, link


def linked(ends: list[Seen], boxes: list[Seen], gap_ms: float = 40.0) -> list[tuple[int, int]]:
    return link(
        np.array([end.box for end in ends]).reshape(-1, 4),
        np.full(len(ends), gap_ms),
        np.array([box.box for box in boxes]).reshape(-1, 4),
    )


def test_the_nearest_first() -> None:
    ends, boxes = [Seen(x=100), Seen(x=140)], [Seen(x=150), Seen(x=112)]
    assert linked(ends, boxes) == [(1, 0), (0, 1)]


def test_far_away_is_another_face() -> None:
    assert linked([Seen(x=100)], [Seen(x=100 + 60)]) == []
    assert linked([Seen(x=100)], [Seen(x=100 + 60)], gap_ms=500) == [(0, 0)]
    assert linked([Seen(x=100)], [Seen(x=100 + 120)], gap_ms=LONGEST_GAP_MS) == []


def test_much_larger_is_another_face() -> None:
    assert linked([Seen(side=60)], [Seen(side=110)]) == []
    assert linked([Seen(side=60)], [Seen(side=110)], gap_ms=500) == [(0, 0)]
    assert linked([Seen(side=60)], [Seen(side=200)], gap_ms=LONGEST_GAP_MS) == []


def test_after_too_long_nothing_is_linked() -> None:
    assert linked([Seen()], [Seen()], LONGEST_GAP_MS) == [(0, 0)]
    assert linked([Seen()], [Seen()], LONGEST_GAP_MS + 1) == []


def test_nothing_to_link() -> None:
    assert linked([], [Seen()]) == linked([Seen()], []) == linked([], []) == []


faces = st.lists(
    st.builds(Seen, x=st.floats(0, 400), y=st.floats(0, 300), side=st.floats(1, 300)), max_size=8
)


@given(faces, faces, st.floats(0, 3000))
def test_each_at_most_once_and_in_both_directions_alike(a: list[Seen], b: list[Seen], gap_ms: float) -> None:
    pairs = linked(a, b, gap_ms)
    assert len({i for i, _ in pairs}) == len({k for _, k in pairs}) == len(pairs)
    assert len(linked(b, a, gap_ms)) == len(pairs)
