"""From doubts to moments: of videos by their frames, of photos by what the detector is unsure of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import visavis
from visavis.faces import Box
from visavis.redaction import gathering
from visavis.redaction.corrections import Correction
from visavis.redaction.covering import Covering, VideoCovering
from visavis.redaction.covers import Covers, covers
from visavis.redaction.gathering import VideoMoments, photo_moments
from visavis.redaction.moments import Moment, Span
from visavis.redaction.review import Doubt, Reason
from visavis.redaction.sightings import Look
from visavis.redaction.tracks import Corners

WIDTH, HEIGHT = 640, 480
FRAME_MS = 40.0
HERE, THERE = (100.0, 100.0, 196.0, 196.0), (400.0, 100.0, 500.0, 200.0)


def doubt(
    time_ms: float, where: Corners = HERE, reason: Reason = Reason.NOT_COVERED, weight: float = 0.4
) -> Doubt:
    return Doubt(time_ms, where, reason, weight)


def moments_of(
    doubts: Iterable[Doubt] = (),
    *,
    seconds: float = 10,
    covering: VideoCovering | None = None,
    covered: Iterable[tuple[float, float]] = ((0, 1e9),),
) -> list[Moment]:
    """Of a video at 25 frames a second. covered: from when until when something is, in milliseconds."""
    gatherer = VideoMoments(WIDTH, HEIGHT, covering or VideoCovering())
    waiting, times = sorted(doubts, key=lambda d: d.time_ms), list(covered)
    for i in range(round(seconds * 1000 / FRAME_MS)):
        now = i * FRAME_MS
        some = any(start <= now <= stop for start, stop in times)
        here = tuple(d for d in waiting if now - FRAME_MS < d.time_ms <= now)
        gatherer.add(Covers(now, np.ones((int(some), 4), np.float32), here))
    return gatherer.moments()


def test_doubts_of_one_place_are_one_moment() -> None:
    doubts = [doubt(2000 + FRAME_MS * i, weight=0.45 if i == 3 else 0.3) for i in range(10)]
    (found,) = moments_of([*doubts])
    assert found.weight == 0.45
    assert found.corners == tuple(map(int, HERE))
    assert found.span == Span(2120, 53, 1500, 2860, 0.0, (WIDTH, HEIGHT))


def test_another_place_or_time_is_another_moment() -> None:
    assert len(moments_of([doubt(2000), doubt(2000, THERE)])) == 2
    assert len(moments_of([doubt(2000), doubt(3040)])) == 2
    assert len(moments_of([doubt(2000), doubt(2960)])) == 1
    on_and_on = [doubt(400.0 * i) for i in range(100)]
    assert 9 <= len(moments_of(on_and_on, seconds=40)) <= 12, "none lasts longer than four seconds"


def test_a_face_that_was_lost_may_be_there_for_longer_afterwards() -> None:
    (ended,) = moments_of([doubt(4000, reason=Reason.ENDS)])
    (begun,) = moments_of([doubt(4000, reason=Reason.BEGINS)])
    assert ended.span
    assert begun.span
    assert (ended.span.from_ms, ended.span.until_ms) == (3500, 6000)
    assert (begun.span.from_ms, begun.span.until_ms) == (2000, 4500)
    assert ended.reason != begun.reason


def test_a_correction_lies_within_the_video() -> None:
    (found,) = moments_of([doubt(200, (-50, 400, 50, 520), Reason.BEGINS)], seconds=0.4)
    assert found.corners == (0, 400, 50, 480)
    assert found.span
    assert (found.span.from_ms, found.span.until_ms) == (0, 360)


def test_every_reason_has_its_words() -> None:
    found = [moments_of([doubt(1000, reason=reason)])[0].reason for reason in Reason]
    assert len(set(found)) == len(found)


def test_what_is_small_matters_less() -> None:
    (large,), (small,) = moments_of([doubt(0)]), moments_of([doubt(0, (10, 10, 22, 22))])
    assert small.weight < large.weight / 2


BY_HAND = (Correction(Box(90, 90, 120, 120), 1000, 3000),)


@pytest.mark.parametrize("covering", [VideoCovering(keep=BY_HAND), VideoCovering(also=BY_HAND)])
def test_what_was_corrected_by_hand_is_no_longer_doubtful(covering: VideoCovering) -> None:
    (left,) = moments_of([doubt(2000), doubt(6000)], covering=covering)
    assert left.span
    assert left.span.at_ms == 6000


def test_a_long_while_without_a_cover() -> None:
    found = moments_of(seconds=200, covered=((0, 1000), (15_000, 16_000), (190_000, 1e9)))
    spans = [moment.span for moment in found if moment.span]
    assert [span.from_ms for span in spans] == pytest.approx([16_000, 74_000, 132_000], abs=50)
    assert spans[-1].until_ms == pytest.approx(190_000, abs=50)
    assert spans[0].frame == pytest.approx(spans[0].at_ms / FRAME_MS, abs=1)
    assert all(moment.corners is None for moment in found)


def test_a_video_without_any_cover() -> None:
    assert len(moments_of(seconds=25, covered=())) == 1
    assert moments_of(seconds=5, covered=()) == []
    by_hand = VideoCovering(also=(Correction(Box(0, 0, 9, 9), 12_000, 12_500),))
    assert moments_of(seconds=25, covered=(), covering=by_hand) == []
    assert VideoMoments(WIDTH, HEIGHT, VideoCovering()).moments() == []


def test_of_more_doubts_than_are_remembered_the_worst_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "_MOST_OF_A_VIDEO", 2)
    found = moments_of([doubt(1500.0 * i, weight=0.1 * i) for i in range(1, 6)])
    assert sorted(round(moment.weight, 3) for moment in found) == [0.4, 0.5]


def test_a_track_that_ends_under_the_cover_of_another_is_not_doubtful() -> None:
    """A detector sees a face in a face now and then."""
    outer, inner = (100, 100, 300, 300), (180, 180, 220, 220)

    def look(i: int) -> Look:
        boxes = np.array([outer, inner] if 40 <= i < 60 else [outer], np.float32)
        regions = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
        scores, nobody = np.full(len(boxes), 0.9, np.float32), np.zeros(len(boxes), bool)
        return Look(i * FRAME_MS, boxes, regions, scores, nobody, nobody, np.zeros(192, np.uint8))

    found = [doubt for one in covers(map(look, range(150)), WIDTH, HEIGHT) for doubt in one.doubts]
    assert found == []


class Unsure:
    """An analyzer that takes whatever it found before for less of a face."""

    def __init__(self, analyzer: visavis.Analyzer, confidence: float) -> None:
        self.analyzer, self.confidence = analyzer, confidence

    def candidates(self, photo: bytes, min_confidence: float) -> list[visavis.Face]:
        found = self.analyzer.candidates(photo, max(0.5, min_confidence))
        return [replace(face, confidence=self.confidence) for face in found]


def test_a_photo_whose_face_is_unsure(astronaut: Path, analyzer: visavis.Analyzer) -> None:
    photo = astronaut.read_bytes()
    unsure = Unsure(analyzer, 0.2)
    (found,) = photo_moments(unsure, photo, Covering())  # type: ignore[arg-type]
    assert found.span is None
    assert found.corners
    left, top, right, bottom = found.corners
    assert left < 225 < right
    assert top < 120 < bottom
    assert 0 < found.weight <= 0.2
    for covering in (Covering(also=(Box(150, 20, 150, 200),)), Covering(keep=(Box(150, 20, 150, 200),))):
        assert photo_moments(unsure, photo, covering) == []  # type: ignore[arg-type]


def test_a_face_that_is_covered_is_not_doubtful(astronaut: Path, analyzer: visavis.Analyzer) -> None:
    photo = astronaut.read_bytes()
    assert photo_moments(Unsure(analyzer, 0.3), photo, Covering()) == []  # type: ignore[arg-type]
    middle = (225, 120)
    for found in photo_moments(analyzer, photo, Covering()):
        assert found.corners
        left, top, right, bottom = found.corners
        assert not (left < middle[0] < right and top < middle[1] < bottom)
