"""The tail of a distribution beyond what was counted: peaks over threshold.

What lies above a high score follows a generalised Pareto distribution (Pickands,
"Statistical inference using extreme order statistics", Ann. Statist. 3(1), 1975).
Its two parameters are estimated by probability-weighted moments (Hosking and Wallis, "Parameter and quantile
estimation for the generalized Pareto distribution", Technometrics 29(3), 1987).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.errors import EvaluationError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tail:
    """Scores above `start`, which a share `rate` of all exceed. shape below 0: they have an end."""

    start: float
    rate: float
    shape: float
    scale: float

    def score(self, rates: Floats) -> Floats:
        """The score that a share of all comparisons exceeds; rates below `rate`."""
        share = rates / self.rate
        if abs(self.shape) < 1e-9:
            return np.asarray(self.start - self.scale * np.log(share))
        return np.asarray(self.start + self.scale * (share**-self.shape - 1) / self.shape)


def fit_tail(scores: Floats, start: float, total: float, weights: Floats | None = None) -> Tail:
    """Fit the tail of `total` scores, of which `scores` holds at least those above `start`, in any order.

    weights: how often each score counts, once unless told. Raises EvaluationError
    where no two scores above `start` differ.

    Scores have an end, so a shape above 0 (mean above four times the second moment), which
    has none, is an accident of the sample: then the tail is exponential.
    """
    above = scores > start
    peaks, counts = scores[above] - start, np.ones(int(above.sum())) if weights is None else weights[above]
    order = np.argsort(peaks)
    peaks, counts = peaks[order], counts[order]
    number = float(counts.sum())
    if len(np.unique(peaks[counts > 0])) < 3:
        raise EvaluationError("the highest scores are too much alike to fit a tail to them")
    rank = (np.cumsum(counts) - 0.35 * counts) / number
    mean, lower = float(counts @ peaks) / number, float((counts * (1 - rank)) @ peaks) / number
    if mean >= 4 * lower:
        return Tail(start, number / total, 0.0, mean)
    return Tail(start, number / total, 2 - mean / (mean - 2 * lower), 2 * mean * lower / (mean - 2 * lower))
