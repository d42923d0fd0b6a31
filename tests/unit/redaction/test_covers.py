from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from looks import FRAME_MS, HEIGHT_PX, WIDTH_PX, Seen, backwards, film_of, holds, look_at

from visavis.redaction import covers as module
from visavis.redaction.covers import Covers, covers
from visavis.redaction.cuts import FLASH_MS
from visavis.redaction.links import LONGEST_GAP_MS
from visavis.redaction.review import Reason
from visavis.redaction.sightings import Look
from visavis.redaction.tracks import (
    BRIEF_HOLD_MS,
    BRIEF_REACH_MS,
    HOLD_MS,
    KEPT_GAP_MS,
    REACH_MS,
    START_SCORE,
)

SEEN = Seen()
WEAK = Seen(score=START_SCORE - 0.2)
SECOND = round(1000 / FRAME_MS)


def covered(looks: list[Look]) -> list[Covers]:
    return list(covers(looks, WIDTH_PX, HEIGHT_PX))


def spans(looks: list[Look]) -> str:
    """A letter for each frame: # where something is covered."""
    return "".join("#" if len(one.regions_xywh) else "." for one in covered(looks))


sightings = st.builds(
    Seen,
    x=st.floats(0, WIDTH_PX),
    y=st.floats(0, HEIGHT_PX),
    side=st.floats(4, 700),
    score=st.floats(0, 1),
)
films = st.lists(st.lists(sightings, max_size=3), min_size=1, max_size=15).map(film_of)


@st.composite
def walks(draw: st.DrawFn) -> list[Look]:
    """One face that moves, comes and goes, and is more or less sure."""
    x, y, side = 640.0, 360.0, draw(st.floats(16, 200))
    frames: list[list[Seen]] = []
    for _ in range(draw(st.integers(1, 40))):
        x, y = (v + side * draw(st.floats(-0.2, 0.2)) for v in (x, y))
        frames.append([Seen(x, y, side, draw(st.floats(0.1, 1)))] if draw(st.booleans()) else [])
    return film_of(frames)


def test_every_frame_gets_its_covers_in_order() -> None:
    looks = film_of([[SEEN]] * (8 * SECOND))
    assert [one.time_ms for one in covered(looks)] == [look.time_ms for look in looks]
    assert not covered([])


@given(films)
def test_whatever_is_surely_a_face_is_covered(looks: list[Look]) -> None:
    for look, one in zip(looks, covered(looks), strict=True):
        for box, score in zip(look.xyxy, look.scores, strict=True):
            assert score < START_SCORE or holds(one.regions_xywh, box.tolist())


@given(films)
def test_without_anything_sure_nothing_is_covered(looks: list[Look]) -> None:
    doubtful = [replace(look, scores=look.scores * np.float32(START_SCORE * 0.99)) for look in looks]
    assert not any(len(one.regions_xywh) for one in covered(doubtful))


def test_before_it_is_found_and_after_it_is_lost_a_face_is_covered() -> None:
    held = int(HOLD_MS // FRAME_MS)
    looks = film_of([[]] * 60 + [[SEEN]] + [[]] * 60)
    assert spans(looks) == "." * (60 - held) + "#" * (2 * held + 1) + "." * (60 - held)


def test_what_may_be_no_face_is_covered_more_briefly() -> None:
    held = int(BRIEF_HOLD_MS // FRAME_MS)
    looks = film_of([[]] * 20 + [[Seen(score=START_SCORE)]] + [[]] * 20)
    assert spans(looks) == "." * (20 - held) + "#" * (2 * held + 1) + "." * (20 - held)


def test_what_is_covered_grows_while_nothing_is_seen() -> None:
    sides = [one.regions_xywh[0, 2] for one in covered(film_of([[SEEN]] + [[]] * 12))]
    assert sides == sorted(sides)
    assert sides[0] < sides[-1] < 2 * sides[0]


@given(st.integers(1, int(LONGEST_GAP_MS // FRAME_MS) - 1), st.floats(-0.4, 0.4))
def test_a_face_lost_for_a_while_is_covered_all_along(frames: int, moved: float) -> None:
    looks = film_of([[SEEN], *[[]] * frames, [Seen(640 + 60 * moved)]])
    for i, one in enumerate(covered(looks)):
        share = i / (frames + 1)
        assert holds(one.regions_xywh, Seen(640 + 60 * moved * share).box)


def test_a_face_lost_for_longer_is_not() -> None:
    assert "." in spans(film_of([[SEEN], *[[]] * (3 * SECOND), [SEEN]]))


def test_a_face_found_again_elsewhere_is_another() -> None:
    looks = film_of([[SEEN], *[[]] * (SECOND + SECOND // 2), [Seen(x=100)]])
    assert "." in spans(looks)


def test_weak_sightings_continue_a_track_and_begin_none() -> None:
    assert set(spans(film_of([[WEAK]] * 50))) == {"."}
    assert set(spans(film_of([[WEAK]] * 50 + [[SEEN]] + [[WEAK]] * 50))) == {"#"}


def test_weak_sightings_of_what_may_be_no_face_count_hardly() -> None:
    reach = int(BRIEF_REACH_MS // FRAME_MS)
    picture = spans(film_of([[WEAK]] * 50 + [[Seen(score=START_SCORE)]] + [[WEAK]] * 50))
    assert picture == "." * (50 - reach) + "#" * (2 * reach + 1) + "." * (50 - reach)


def test_weak_sightings_count_only_so_long() -> None:
    reach = int(REACH_MS // FRAME_MS)
    picture = spans(film_of([[WEAK]] * 200 + [[SEEN]] + [[WEAK]] * 200))
    assert picture == "." * (200 - reach) + "#" * (2 * reach + 1) + "." * (200 - reach)


def test_nothing_is_covered_across_a_cut() -> None:
    before = [look_at(i * FRAME_MS, [], grey=20) for i in range(30)]
    between = [look_at((30 + i) * FRAME_MS, [SEEN], grey=200) for i in range(5)]
    after = [look_at((35 + i) * FRAME_MS, [], grey=90) for i in range(30)]
    assert spans(before + between + after) == "." * 30 + "#" * 5 + "." * 30


@settings(max_examples=60)
@given(walks())
def test_a_film_from_its_end_is_covered_alike(looks: list[Look]) -> None:
    forth, back = covered(looks), covered(backwards(looks))[::-1]
    for one, other in zip(forth, back, strict=True):
        np.testing.assert_allclose(one.regions_xywh, other.regions_xywh, rtol=1e-4, atol=0.01)


@settings(max_examples=40)
@given(walks(), st.floats(0, 1))
def test_it_makes_no_difference_how_looks_arrive(looks: list[Look], share: float) -> None:
    """They may come from checkpoints, part by part: nothing is asked for twice, nor before it is needed."""
    cut = round(share * len(looks))

    def parts() -> Iterator[Look]:
        yield from looks[:cut]
        yield from looks[cut:]

    for one, other in zip(covered(looks), covers(parts(), WIDTH_PX, HEIGHT_PX), strict=True):
        np.testing.assert_array_equal(one.regions_xywh, other.regions_xywh)


def test_what_comes_much_later_changes_nothing() -> None:
    looks = film_of([[SEEN] if i % 7 else [] for i in range(400)])
    longer = [
        *looks,
        *(replace(look, time_ms=look.time_ms + 16_000) for look in film_of([[Seen(x=100)]] * 50)),
    ]
    settled = 200
    for one, other in zip(covered(looks)[:settled], covered(longer), strict=False):
        np.testing.assert_array_equal(one.regions_xywh, other.regions_xywh)


@given(st.lists(st.sampled_from([True, False, None]), min_size=2, max_size=120))
def test_somebody_is_left_open_only_between_two_recognitions(kept: list[bool | None]) -> None:
    looks = film_of([[Seen(kept=one)] for one in kept])
    known, strangers = (
        np.flatnonzero([one is is_kept for one in kept]) * FRAME_MS for is_kept in (True, False)
    )
    for one in covered(looks):
        before, after = known[known <= one.time_ms], known[known >= one.time_ms]
        near = known[np.abs(known - one.time_ms) <= KEPT_GAP_MS]
        if not len(one.regions_xywh):
            assert len(before)
            assert len(after)
            assert len(near) >= 2
            assert not np.any((strangers >= before[-1]) & (strangers <= after[0]))
        assert one.spared == (not len(one.regions_xywh)), "there is nobody else"


def test_somebody_recognised_often_enough_is_left_open_in_between() -> None:
    looks = film_of([[Seen(kept=True if i % 10 == 5 else None)] for i in range(60)])
    assert spans(looks) == "#" * 5 + "." * 51 + "#" * 4


def test_a_stranger_who_comes_in_between_is_covered() -> None:
    verdicts = {5: True, 15: True, 25: False, 35: True, 45: True}
    looks = film_of([[Seen(kept=verdicts.get(i))] for i in range(60)])
    assert spans(looks) == "#" * 5 + "." * 11 + "#" * 19 + "." * 11 + "#" * 14


def test_strangers_beside_somebody_left_open_are_covered() -> None:
    stranger = Seen(x=800)
    for one in covered(film_of([[Seen(kept=True), stranger]] * 20)):
        assert len(one.regions_xywh) == 1
        assert holds(one.regions_xywh, stranger.box)
        assert one.spared


def test_a_recognition_of_the_scene_before_opens_nothing() -> None:
    looks = [
        look_at(i * FRAME_MS, [Seen(kept=True if i in {4, 6} else None)], grey=20 if i <= 4 else 200)
        for i in range(10)
    ]
    assert spans(looks) == "#" * 10


def test_frames_of_one_moment() -> None:
    looks = [look_at(0.0, [SEEN]), look_at(0.0, [SEEN]), look_at(0.0, [])]
    assert spans(looks) == "###"


def test_what_is_held_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_AHEAD", 5)
    asked = 0

    def looks() -> Iterator[Look]:
        nonlocal asked
        for look in film_of([[SEEN]] * 100):
            asked += 1
            yield look

    for given_out, _ in enumerate(covers(looks(), WIDTH_PX, HEIGHT_PX)):
        assert asked <= given_out + 8 + FLASH_MS / FRAME_MS


def test_doubts_say_where_a_face_may_be_missed() -> None:
    looks = film_of([[]] * 40 + [[SEEN]] * 5 + [[]] * 40 + [[Seen(x=200, score=START_SCORE / 2)]] + [[]] * 80)
    picture, doubts = spans(looks), [doubt for one in covered(looks) for doubt in one.doubts]
    found = {doubt.reason: doubt for doubt in doubts}
    assert found.keys() == {Reason.BEGINS, Reason.ENDS, Reason.NOT_COVERED}
    assert found[Reason.BEGINS].time_ms == (picture.index("#") - 1) * FRAME_MS
    assert found[Reason.ENDS].time_ms == (picture.rindex("#") + 1) * FRAME_MS
    assert found[Reason.NOT_COVERED].time_ms == 85 * FRAME_MS
    assert found[Reason.NOT_COVERED].weight < found[Reason.ENDS].weight


def test_who_leaves_over_the_edge_is_no_doubt() -> None:
    looks = film_of([[]] * 40 + [[Seen(x=20)]] * 5 + [[]] * 40)
    assert not [doubt for one in covered(looks) for doubt in one.doubts]


def test_gaps_and_jumps_are_doubts() -> None:
    looks = film_of([[SEEN]] * 5 + [[]] * 20 + [[SEEN]] * 5 + [[Seen(side=92)]] * 5)
    doubts = [doubt.reason for one in covered(looks) for doubt in one.doubts]
    assert doubts == [Reason.LOST, Reason.JUMP]


def test_what_is_a_little_like_a_face_under_a_cover_is_no_doubt() -> None:
    looks = film_of([[SEEN, Seen(x=650, side=14, score=0.2)]] * 5 + [[SEEN]] * 100)
    assert not [doubt for one in covered(looks) for doubt in one.doubts]
