"""Our rates beside scikit-learn's ROC curve, and values worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from visavis.evaluation.comparisons import gather
from visavis.evaluation.protocols import Pairs, Protocol
from visavis.evaluation.rates import equal_error_rate, rate, trade_off
from visavis.evaluation.scores import ScoreSet


def score_sets(mated: NDArray[np.float64], non_mated: NDArray[np.float64]) -> tuple[ScoreSet, ScoreSet]:
    count = len(mated) + len(non_mated)
    ends = np.arange(2 * count, dtype=np.int32).reshape(2, count)
    pairs = Pairs(
        ends[0],
        ends[1],
        np.arange(count) < len(mated),
        np.zeros(count, np.int32),
        np.concatenate([mated, non_mated]),
        ("",) * count,
    )
    names = tuple(map(str, range(2 * count)))
    protocol = Protocol(
        "p", "", names, np.arange(2 * count, dtype=np.int32), (), ("all",), pairs.group[:0], pairs
    )
    found = gather(protocol, pairs)
    return found.mated, found.non_mated


def samples() -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    rng = np.random.default_rng(3)
    overlapping = rng.normal(0.5, 0.2, 400), rng.normal(0.1, 0.2, 1500)
    tied = np.round(overlapping[0], 1), np.round(overlapping[1], 1)
    apart = rng.uniform(0.6, 1, 50), rng.uniform(-1, 0.4, 70)
    useless = rng.normal(0, 1, 200), rng.normal(0, 1, 300)
    percent = 100 * overlapping[0], 100 * overlapping[1]
    return [overlapping, tied, apart, useless, percent]


@pytest.mark.parametrize(("mated", "non_mated"), samples())
def test_rates_are_those_of_scikit_learn(mated: NDArray[np.float64], non_mated: NDArray[np.float64]) -> None:
    ours_mated, ours_non_mated = score_sets(mated, non_mated)
    truth = np.concatenate([np.ones(len(mated)), np.zeros(len(non_mated))])
    fpr, tpr, thresholds = roc_curve(truth, np.concatenate([mated, non_mated]), drop_intermediate=False)
    np.testing.assert_allclose(ours_non_mated.rates(thresholds), fpr, atol=1e-9, rtol=0)
    np.testing.assert_allclose(ours_mated.rates(thresholds), 1 - tpr, atol=1e-9, rtol=0)


@pytest.mark.parametrize(("mated", "non_mated"), samples())
def test_equal_error_rate_is_where_scikit_learns_curve_crosses(
    mated: NDArray[np.float64], non_mated: NDArray[np.float64]
) -> None:
    truth = np.concatenate([np.ones(len(mated)), np.zeros(len(non_mated))])
    fpr, tpr, _ = roc_curve(truth, np.concatenate([mated, non_mated]), drop_intermediate=False)
    gap = (1 - tpr) - fpr
    i = int(np.argmax(gap <= 0))
    share = gap[i - 1] / (gap[i - 1] - gap[i])
    expected = fpr[i - 1] + share * (fpr[i] - fpr[i - 1])
    assert equal_error_rate(*score_sets(mated, non_mated)) == pytest.approx(expected, abs=1e-9)


def test_worked_by_hand() -> None:
    mated, non_mated = score_sets(np.array([0.9, 0.8, 0.7, 0.3]), np.array([0.1, 0.2, 0.4, 0.5, 0.75]))
    # At 0.5: of the five non-mated 0.5 and 0.75 match; of the four mated 0.3 does not.
    assert non_mated.rates(np.array([0.5])) == pytest.approx([2 / 5])
    assert mated.rates(np.array([0.5])) == pytest.approx([1 / 4])
    # Between 0.7 (FMR 1/5, FNMR 1/4) and 0.5 (2/5, 1/4) the curves meet at 1/4.
    assert equal_error_rate(mated, non_mated) == pytest.approx(1 / 4)


def test_equal_error_rate_of_the_extremes() -> None:
    high, low = np.array([0.8, 0.9]), np.array([0.1, 0.2])
    assert equal_error_rate(*score_sets(high, low)) == 0
    assert equal_error_rate(*score_sets(low, high)) == 1


def test_the_trade_off_falls_and_rises() -> None:
    mated, non_mated = score_sets(*samples()[0])
    curve = trade_off(mated, non_mated)
    assert (np.diff(curve.thresholds) > 0).all()
    assert (np.diff(curve.fmr) <= 0).all()
    assert (np.diff(curve.fnmr) >= 0).all()
    assert curve.fmr[0] == 1
    assert curve.fmr[-1] <= 1 / 1500


def test_no_rate_below_what_the_sample_resolves() -> None:
    assert rate(0, 1000, 1000).value is None
    assert rate(0, 1000, 1000).resolution == pytest.approx(0.003)
    assert rate(2, 1000, 1000).value is None
    assert rate(3, 1000, 1000).value == pytest.approx(0.003)
    assert rate(30, 1000, 50).value is None, (
        "a thousand comparisons of fifty people resolve no more than fifty"
    )
    assert rate(0, 0, 0).resolution is None
    assert rate(0, 0, 0).below is None
    assert rate(3, 1000, 1000).below is None
    assert rate(0, 1000, 1000).below == pytest.approx(0.003, rel=0.01)
    two = rate(2, 1000, 1000).below
    assert two is not None
    assert np.mean(np.random.default_rng(1).binomial(1000, two, 20_000) <= 2) == pytest.approx(0.05, abs=0.01)
    always = rate(50, 50, 50, np.ones(100))
    assert (always.value, always.high) == (1.0, 1.0)
    assert always.low == pytest.approx(1 - 3 / 50), (
        "nor does one begin above what as many successes would say"
    )
    sure = rate(0, 1000, 1000, np.zeros(100))
    assert sure.high == pytest.approx(0.003), "nor does an interval end below it"
