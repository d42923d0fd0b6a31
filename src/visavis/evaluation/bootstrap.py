"""How sure a rate is: the bootstrap over people.

Comparisons of one person are not independent, so people are drawn, not
comparisons: as many as there are, with replacement. A mated comparison counts
as often as its person was drawn, a non-mated one as often as the product of
both counts (the subsets bootstrap of Bolle, Ratha and Pankanti, "Error analysis
of pattern recognition systems", CVIU 93(1), 2004, for both sides).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from visavis.evaluation.comparisons import Comparisons, mated_by_person, non_mated_totals
from visavis.evaluation.scores import Floats, ScoreSet, Weights

REPLICATES = 1_000
CONFIDENCE = 0.95
_CHUNK = 40


class Interval(NamedTuple):
    """A confidence interval of 95 %."""

    low: float
    high: float


def draw_people(people: int, replicates: int = REPLICATES, seed: int = 0) -> Weights:
    """How often each person was drawn, (replicates, people) of float32: a thousand take 4 kB a person."""
    generator = np.random.default_rng(seed)
    drawn = np.empty((replicates, people), np.float32)
    for row in drawn:
        row[:] = generator.multinomial(people, np.full(people, 1 / people))
    return drawn


def interval(replicates: Floats, resolution: float = -np.inf) -> Interval | None:
    """Percentile interval of what was replicated; of a rate, it never ends below what the sample resolves.

    None where half the replicates or more have no rate.
    """
    finite = replicates[np.isfinite(replicates)]
    if 2 * len(finite) <= len(replicates):
        return None
    low, high = np.quantile(finite, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(low), float(max(high, min(resolution, 1.0))))


class Resampled:
    """Comparisons whose people count by weights: for the bootstrap, and for tests that shuffle groups.

    weights: (replicates, people). cells: which cells of the comparisons count, all unless told.
    Rates come as (replicates,), NaN where no comparison is left. non_mated_total: (replicates,) how many
    non-mated comparisons there are then.
    """

    def __init__(
        self, comparisons: Comparisons, weights: Weights, cells: Sequence[int] | None = None
    ) -> None:
        self._weights = weights
        self._people = comparisons.people
        chosen = list(range(len(comparisons.cells))) if cells is None else list(cells)
        whole = cells is None
        self._mated = comparisons.mated if whole else comparisons.mated.of_cells(chosen)
        self._non_mated = comparisons.non_mated if whole else comparisons.non_mated.of_cells(chosen)
        if comparisons.images_of is None:
            self._mated_total = self._weigh(self._mated, len(self._mated.scores))
            self.non_mated_total = self._weigh(self._non_mated, len(self._non_mated.scores))
        else:
            counts = comparisons.images_of
            self._mated_total = weights @ mated_by_person(counts)[:, chosen].sum(axis=1)
            self.non_mated_total = non_mated_totals(counts, weights)[:, chosen].sum(axis=1)

    def fmr(self, threshold: float) -> Floats:
        """FMR at a threshold; NaN throughout where it lies beyond the kept comparisons."""
        return self._rate(self._non_mated, threshold, self.non_mated_total)

    def fnmr(self, threshold: float) -> Floats:
        """FNMR at a threshold; NaN throughout where it lies beyond the kept comparisons."""
        return self._rate(self._mated, threshold, self._mated_total)

    def fnmr_at_fmr(self, rate: float) -> Floats:
        """FNMR where each replicate's own threshold gives this FMR."""
        return self._fnmr_at_own(self.thresholds(rate))

    def thresholds(self, rate: float) -> Floats:
        """Each replicate's lowest threshold with at most this FMR; NaN beyond the kept comparisons."""
        found = np.full(len(self._weights), np.nan)
        # Few replicates look further than half again as many comparisons as the sample itself.
        expected = int(1.5 * rate * self._non_mated.total) + 1_000
        for enough in (min(expected, len(self._non_mated.scores)), len(self._non_mated.scores)):
            left = np.flatnonzero(np.isnan(found))
            for start in range(0, len(left), _CHUNK):
                places = left[start : start + _CHUNK]
                found[places] = self._thresholds_among(enough, rate, places)
        return found

    def _thresholds_among(self, hardest: int, rate: float, places: NDArray[np.intp]) -> Floats:
        """Thresholds of these replicates, NaN where they lie beyond so many of the hardest comparisons."""
        a, b = self._ends(self._non_mated, hardest)
        weights = self._weights[places].astype(np.float32, copy=False)
        matched = np.cumsum(weights[:, a] * weights[:, b], axis=1)
        allowed = rate * self.non_mated_total[places]
        first_too_many = (matched <= allowed[:, None]).sum(axis=1)
        scores = np.append(self._non_mated.scores[:hardest], np.nan)
        return np.asarray(np.nextafter(scores[first_too_many], np.inf))

    def _fnmr_at_own(self, thresholds: Floats) -> Floats:
        scores = self._mated.scores
        if not self._mated.complete and np.nanmax(thresholds, initial=-np.inf) > scores[-1]:
            return np.full(len(thresholds), np.nan)
        a, _ = self._ends(self._mated, len(scores))
        places = np.searchsorted(scores, np.nan_to_num(thresholds, nan=-np.inf), side="left")
        missed = np.zeros(len(thresholds))
        for i, place in enumerate(places):
            missed[i] = self._weights[i, a[:place]].sum()
        return np.where(np.isfinite(thresholds), divide(missed, self._mated_total), np.nan)

    def _rate(self, scores: ScoreSet, threshold: float, totals: Floats) -> Floats:
        kept = len(scores.scores)
        errors = scores.errors_at(threshold)
        if errors >= kept and not scores.complete:
            return np.full(len(totals), np.nan)
        return divide(self._weigh(scores, errors), totals)

    def _weigh(self, scores: ScoreSet, hardest: int) -> Floats:
        """The weights of this many of the hardest comparisons, added up, (replicates,)."""
        from scipy.sparse import coo_array

        a, b = self._ends(scores, hardest)
        people = self._weights.shape[1]
        if scores.mated:
            return np.asarray(self._weights @ np.bincount(a, minlength=people))
        parts = (self._weights[i : i + _CHUNK] for i in range(0, len(self._weights), _CHUNK))
        if hardest <= people:
            return np.concatenate([(part[:, a] * part[:, b]).sum(axis=1, dtype=np.float64) for part in parts])
        pairs = coo_array((np.ones(hardest), (a, b)), shape=(people, people)).tocsr()
        return np.concatenate([((part @ pairs) * part).sum(axis=1) for part in parts])

    def _ends(self, scores: ScoreSet, hardest: int) -> tuple[NDArray[Any], NDArray[Any]]:
        return self._people[scores.probe[:hardest]], self._people[scores.reference[:hardest]]


def divide(errors: Weights, totals: Weights) -> Floats:
    """Rates, NaN where nothing was tried."""
    return np.asarray(np.divide(errors, totals, out=np.full(len(totals), np.nan), where=totals > 0))
