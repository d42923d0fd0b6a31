from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.evaluation.scores import Collector, ScoreSet

EDGES = np.linspace(-1, 1, 4001)
finite = st.floats(-1, 1, width=32)


def collected(
    values: list[float],
    *,
    mated: bool,
    keep: int | None = None,
    cells: list[int] | None = None,
    block: int = 7,
) -> ScoreSet:
    scores, cell = np.array(values, np.float32), np.array(cells or [0] * len(values), np.int32)
    images = np.arange(len(values), dtype=np.int32)
    collector = Collector(mated=mated, cells=2, edges=EDGES, keep=keep)
    for i in range(0, len(values), block):
        part = slice(i, i + block)
        collector.add(scores[part], images[part], images[part], cell[part])
    nothing = np.zeros(2, np.int64)
    return collector.finish(nothing, np.bincount(cell, minlength=2), len(values))


@given(st.lists(finite, min_size=1), st.floats(-1.1, 1.1))
def test_errors_are_counted_as_defined(values: list[float], threshold: float) -> None:
    exact = np.array(values, np.float32).astype(np.float64)
    assert collected(values, mated=False).errors_at(threshold) == np.sum(exact >= threshold)
    assert collected(values, mated=True).errors_at(threshold) == np.sum(exact < threshold)


@given(st.lists(finite, min_size=30, max_size=200), st.booleans(), st.floats(-1, 1))
def test_kept_ones_are_the_hardest_and_rates_stay_exact_among_them(
    values: list[float],
    mated: bool,
    threshold: float,
) -> None:
    all_of_them, some = collected(values, mated=mated), collected(values, mated=mated, keep=5)
    np.testing.assert_array_equal(some.scores, all_of_them.scores[:5])
    assert some.total == len(values)
    if (threshold <= some.scores[-1]) if mated else (threshold > some.scores[-1]):
        assert some.errors_at(threshold) == all_of_them.errors_at(threshold)
    edge = float(EDGES[1234])
    on_an_edge = np.any(np.abs(np.array(values) - edge) < 1e-6)
    if not on_an_edge:
        assert some.errors_at(edge) == all_of_them.errors_at(edge), (
            "an edge of a bin is exact beyond them, too"
        )


@given(st.lists(finite, min_size=1, max_size=60), st.floats(0, 1))
def test_the_threshold_for_a_rate_is_the_lowest(values: list[float], rate: float) -> None:
    scores = collected(values, mated=False)
    threshold = scores.threshold_at(rate)
    allowed = rate * len(values) * (1 + 1e-9)
    assert scores.errors_at(threshold) <= allowed
    if np.isfinite(threshold):
        assert scores.errors_at(np.nextafter(threshold, -np.inf)) > allowed


def test_one_cell_alone() -> None:
    scores = collected([0.1, 0.5, 0.9, 0.3], mated=False, cells=[0, 1, 1, 0]).of_cells([1])
    assert scores.total == 2
    assert scores.errors_at(0.2) == 2
    assert scores.complete
    assert scores.mean == pytest.approx(0.7, abs=1e-3)
    assert scores.sd == pytest.approx(0.2, abs=1e-3)
    assert scores.quantile(0.5) == pytest.approx(0.5, abs=1e-3)


def test_nothing_at_all() -> None:
    nothing = collected([], mated=True)
    assert nothing.total == 0
    assert nothing.complete
    assert np.isnan(nothing.rates(np.array([0.5]))).all()
    assert np.isnan([nothing.mean, nothing.sd, nothing.quantile(0.5)]).all()
    assert nothing.resolution == np.inf


def test_what_a_sample_resolves() -> None:
    scores = collected([0.1] * 300, mated=False)
    assert scores.resolution == pytest.approx(3 / 300)
    nothing = np.zeros(1, np.int64)
    few_people = Collector(mated=False, cells=1, edges=EDGES, keep=None)
    few_people.add(np.zeros(300), *(np.zeros(300, np.int32) for _ in range(3)))
    assert few_people.finish(nothing, np.array([10]), 10).resolution == pytest.approx(0.3), (
        "pairs of people count"
    )
