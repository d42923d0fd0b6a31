from __future__ import annotations

import numpy as np
import pytest
from evaluation_samples import images_protocol, make_run, make_templates

from visavis.errors import EvaluationError
from visavis.evaluation.comparisons import compare_every_pair, gather, score_pairs
from visavis.evaluation.protocols import Pairs

PEOPLE = [0, 0, 1, 1, 1, 2, 3, 3, 4]
GROUPS = ["x", "x", "x", "y", "y", "y", "x", "x", "z"]


def test_every_pair_once_in_its_cell() -> None:
    run = make_run(PEOPLE, GROUPS)
    vectors = make_templates(run.protocol.people)
    expected: dict[tuple[bool, frozenset[str]], list[float]] = {}
    for i in range(9):
        for j in range(i + 1, 9):
            key = PEOPLE[i] == PEOPLE[j], frozenset((GROUPS[i], GROUPS[j]))
            expected.setdefault(key, []).append(float(vectors[i] @ vectors[j]))
    for side in (run.comparisons.mated, run.comparisons.non_mated):
        for cell, names in enumerate(run.comparisons.cells):
            wanted = sorted(expected.get((side.mated, frozenset(names)), []), reverse=not side.mated)
            part = side.of_cells([cell])
            np.testing.assert_allclose(part.scores, wanted, atol=1e-6)
            assert part.total == len(wanted)


def test_many_blocks_are_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    people = np.arange(40) // 3
    whole = make_run(people.tolist()).comparisons
    monkeypatch.setattr("visavis.evaluation.comparisons._BLOCK", 7)
    parts = make_run(people.tolist()).comparisons
    for a, b in ((whole.mated, parts.mated), (whole.non_mated, parts.non_mated)):
        np.testing.assert_array_equal(a.histogram, b.histogram)
        np.testing.assert_allclose(a.scores, b.scores, atol=1e-6)


def test_failed_images_are_counted_apart() -> None:
    vectors = make_templates(np.array(PEOPLE, np.int32))
    vectors[[0, 5]] = np.nan
    run = make_run(PEOPLE, GROUPS, vectors=vectors)
    mated, non_mated = run.comparisons.mated, run.comparisons.non_mated
    assert mated.distinct_in_all == 2, "of the people with two usable images, whatever their groups"
    assert non_mated.distinct_in_all == 4 * 3 // 2
    assert mated.attempted == 1 + 3 + 1
    assert mated.total == 3 + 1
    assert non_mated.attempted == 36 - 5
    assert non_mated.total == 21 - 4
    left = [i for i in range(9) if i not in (0, 5)]
    of_whom = {
        (frozenset((PEOPLE[i], PEOPLE[j])), frozenset((GROUPS[i], GROUPS[j])))
        for i in left
        for j in left
        if PEOPLE[i] != PEOPLE[j]
    }
    assert non_mated.distinct.sum() == len(of_whom)


def test_listed_pairs() -> None:
    protocol = images_protocol([0, 0, 1, 2])
    vectors = make_templates(protocol.people)
    vectors[3] = np.nan
    index = np.array([[0, 1], [0, 2], [2, 3]], np.int32)
    asked = Pairs(index[:, 0], index[:, 1], np.array([True, False, False]), np.zeros(3, np.int32))
    pairs = score_pairs(asked, vectors, ["", "", "", "no face"])
    assert pairs.scores is not None
    assert pairs.scores[0] == pytest.approx(float(vectors[0] @ vectors[1]))
    assert np.isnan(pairs.scores[2])
    assert pairs.errors == ("", "", "no face")
    found = gather(protocol, pairs)
    assert (found.mated.total, found.non_mated.total) == (1, 1)
    assert found.non_mated.failed.sum() == 1


def test_nothing_to_compare() -> None:
    protocol = images_protocol([0, 1])
    index = np.zeros(1, np.int32)
    pairs = Pairs(index, index + 1, np.array([False]), index, np.array([np.nan]), ("timed out",))
    with pytest.raises(EvaluationError, match="no comparison has a score"):
        gather(protocol, pairs)


@pytest.mark.parametrize("scores", [[1e308, -1e308], [1e17, 1e17], [0.0, 0.0], [5e-324, 0.0]])
def test_scores_of_any_scale_are_counted_or_refused(scores: list[float]) -> None:
    protocol = images_protocol([0, 0, 1])
    index = np.arange(2, dtype=np.int32)
    pairs = Pairs(index, index + 1, np.array([True, False]), index * 0, np.array(scores), ("", ""))
    if scores[0] == 1e308:
        with pytest.raises(EvaluationError, match="too large"):
            gather(protocol, pairs)
    else:
        found = gather(protocol, pairs)
        assert found.mated.histogram.sum() == found.non_mated.histogram.sum() == 1


def test_one_person() -> None:
    found = compare_every_pair(images_protocol([0, 0, 0]), make_templates(np.zeros(3, np.int32)))
    assert (found.mated.total, found.non_mated.total) == (3, 0)
    assert found.non_mated.resolution == np.inf
