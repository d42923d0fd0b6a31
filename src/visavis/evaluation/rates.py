"""Error rates of ISO/IEC 19795-1 from score sets: thresholds, FMR, FNMR, EER, DET.

A comparison matches when its score is at or above the threshold. FMR: share of
non-mated comparisons that match. FNMR: share of mated ones that do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visavis.evaluation.bootstrap import CONFIDENCE, Interval, interval
from visavis.evaluation.scores import Floats, ScoreSet

FMRS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""The false match rates at which one asks for the FNMR."""

_DET_POINTS = 120


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of errors, and how sure it is.

    value: None where the sample does not resolve it (see `ScoreSet.resolution`), or nothing was tried.
    below: what an unresolved rate is below with 95 % confidence, None where there is a value or
    nothing was tried. low, high: an interval of 95 %, None where the sample gives none.
    """

    value: float | None
    errors: int
    trials: int
    resolution: float | None
    below: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Curve:
    """A detection error trade-off: arrays (points,), thresholds rising, FMR falling, FNMR rising."""

    thresholds: Floats
    fmr: Floats
    fnmr: Floats


def rate(errors: int, trials: int, independent: int, replicates: Floats | None = None) -> Rate:
    """A rate of `errors` in `trials`, of which as many as `independent` count for what is resolved."""
    if not trials:
        return Rate(None, 0, 0, None, None, None, None)
    effective = min(trials, independent)
    resolution = min(1.0, 3 / effective) if effective else 1.0
    bounds = interval(replicates, resolution) if replicates is not None else None
    value = errors / trials
    if bounds:  # as many successes as errors are needed for a rate to be known
        bounds = Interval(max(0.0, min(bounds.low, 1 - resolution)), bounds.high)
    if errors and value >= resolution:
        return Rate(value, errors, trials, resolution, None, *(bounds or (None, None)))
    below = max(resolution, _upper_bound(value, effective), bounds.high if bounds else 0.0)
    return Rate(None, errors, trials, resolution, below, *(bounds or (None, None)))


def _upper_bound(share: float, trials: int) -> float:
    """The rate at which so small a share, or a smaller, is seen in 5 % of samples (Clopper and Pearson 1934)."""
    from scipy.stats import beta

    errors = share * trials
    return float(beta.ppf(CONFIDENCE, errors + 1, trials - errors)) if errors < trials else 1.0


def rate_at(scores: ScoreSet, threshold: float, replicates: Floats | None = None) -> Rate:
    """FNMR (mated) or FMR (non-mated) at a threshold."""
    return rate(scores.errors_at(threshold), scores.total, scores.distinct_in_all, replicates)


def equal_error_rate(mated: ScoreSet, non_mated: ScoreSet) -> float:
    """Where FMR and FNMR are the same, on straight lines between the attainable points; NaN if undefined."""
    if not mated.total or not non_mated.total:
        return float("nan")
    thresholds = np.unique(np.concatenate([_attainable(mated), _attainable(non_mated), [np.inf]]))
    fmr, fnmr = non_mated.rates(thresholds), mated.rates(thresholds)
    gap = fnmr - fmr
    after = int(np.argmax(gap >= 0))
    if after == 0 or gap[after] == 0:
        return float(fmr[after] + fnmr[after]) / 2
    share = -gap[after - 1] / (gap[after] - gap[after - 1])
    return float(fmr[after - 1] + share * (fmr[after] - fmr[after - 1]))


def trade_off(mated: ScoreSet, non_mated: ScoreSet) -> Curve:
    """The whole trade-off at about a hundred false match rates, evenly spaced in their logarithm."""
    if not mated.total or not non_mated.total:
        return Curve(*(np.zeros(0) for _ in range(3)))
    rates = np.logspace(-np.log10(non_mated.total), 0, _DET_POINTS)
    thresholds = np.unique([non_mated.threshold_at(float(rate)) for rate in rates])
    return Curve(thresholds, non_mated.rates(thresholds), mated.rates(thresholds))


def _attainable(scores: ScoreSet) -> Floats:
    """Thresholds at which the rates change: kept scores, and the edges of bins beyond them."""
    if scores.complete:
        return scores.scores
    last = scores.scores[-1]
    beyond = scores.edges > last if scores.mated else scores.edges < last
    return np.concatenate([scores.scores, scores.edges[beyond]])
