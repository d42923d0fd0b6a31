"""Score sets: what many comparisons of one kind came to, in bounded memory.

Ten million comparisons are counted in a histogram; the hardest of them, which
alone decide the error rates one asks about, are kept one by one. A threshold
within the kept ones gives exact rates, one beyond them rates to the width of
a bin. A comparison matches at or above a threshold.

A cell is a pair of groups, (g, g) within one group. Where the evaluator lists
pairs, each group of pairs is a cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

KEPT = 200_000
"""How many comparisons of a kind are kept one by one, the hardest first."""

BINS = 4_000

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Weights = NDArray[np.floating]
_Codes = NDArray[np.int32]
_Kept = tuple[NDArray[np.floating], _Codes, _Codes, _Codes]


@dataclass(frozen=True, slots=True, eq=False)
class ScoreSet:
    """Comparisons of one kind, mated or non-mated.

    made, failed: (cells,) how many have a score, and how many a missing template
    kept from one. distinct: (cells,) of how many people (mated) or pairs of
    people (non-mated) they are, distinct_in_all of all cells together: more comparisons
    of the same people say less than their number. edges: (bins + 1,), evenly spaced;
    histogram: (cells, bins). scores, probe, reference, cell: (kept,) the
    hardest first, that is rising scores where mated, falling where not.
    """

    mated: bool
    made: Counts
    failed: Counts
    distinct: Counts
    distinct_in_all: int
    edges: Floats
    histogram: Counts
    scores: Floats
    probe: _Codes
    reference: _Codes
    cell: _Codes

    @property
    def total(self) -> int:
        """How many comparisons have a score."""
        return int(self.made.sum())

    @property
    def attempted(self) -> int:
        """How many comparisons were asked for, those without a score included."""
        return self.total + int(self.failed.sum())

    @property
    def complete(self) -> bool:
        """Whether every comparison is kept, not only the hardest."""
        return len(self.scores) == self.total

    @property
    def resolution(self) -> float:
        """The lowest rate of which the sample can say anything; infinite where there is no comparison.

        The rule of three: where none of N independent trials errs, the rate is
        below 3/N with a confidence of 95 %. N is the number of comparisons, or of
        people or pairs of people where that is less (comparisons of the same
        people are not independent).
        """
        trials = min(self.total, self.distinct_in_all)
        return min(1.0, 3 / trials) if trials else float("inf")

    @property
    def mean(self) -> float:
        """Mean score, to the width of a bin; NaN where there is no comparison."""
        return float(self._shares @ self._centres)

    @property
    def sd(self) -> float:
        """Standard deviation of the scores, to the width of a bin; NaN where there is no comparison."""
        return float(np.sqrt(self._shares @ (self._centres - self.mean) ** 2))

    @property
    def _shares(self) -> Floats:
        counts = self.histogram.sum(axis=0)
        return counts / self.total if self.total else np.full(len(counts), np.nan)

    @property
    def _centres(self) -> Floats:
        return np.asarray((self.edges[1:] + self.edges[:-1]) / 2)

    def quantile(self, share: float) -> float:
        """The score below which this share of the comparisons lies, to the width of a bin; NaN without any."""
        below = np.cumsum(self.histogram.sum(axis=0))
        place = int(np.searchsorted(below, share * self.total))
        return float(self.edges[place : place + 2].mean()) if self.total else float("nan")

    def of_cells(self, cells: Sequence[int]) -> ScoreSet:
        """The comparisons of these cells alone."""
        inside = np.isin(self.cell, cells)
        chosen = np.isin(np.arange(len(self.made)), cells)
        return replace(
            self,
            made=self.made * chosen,
            failed=self.failed * chosen,
            distinct=self.distinct * chosen,
            distinct_in_all=min(self.distinct_in_all, int(self.distinct[chosen].sum())),
            histogram=self.histogram * chosen[:, None],
            scores=self.scores[inside],
            probe=self.probe[inside],
            reference=self.reference[inside],
            cell=self.cell[inside],
        )

    def errors(self, thresholds: Floats) -> Counts:
        """How many comparisons err at each threshold: non-mated at or above it, mated below."""
        if self.mated:
            exact = np.searchsorted(self.scores, thresholds, side="left")
            beyond = thresholds > self.scores[-1:].max(initial=-np.inf)
        else:
            exact = np.searchsorted(-self.scores, -thresholds, side="right")
            beyond = thresholds <= self.scores[-1:].min(initial=np.inf)
        if self.complete:
            return np.asarray(exact, np.int64)
        return np.where(beyond, self._errors_by_bin(thresholds), exact)

    def errors_at(self, threshold: float) -> int:
        """How many comparisons err at one threshold."""
        return int(self.errors(np.array([threshold]))[0])

    def _errors_by_bin(self, thresholds: Floats) -> Counts:
        """The same from the histogram: right where a threshold is an edge, else for the edge next to it."""
        below = np.concatenate([[0], np.cumsum(self.histogram.sum(axis=0))])
        nearest = np.rint((thresholds - self.edges[0]) / (self.edges[1] - self.edges[0]))
        below_threshold = below[np.clip(nearest, 0, len(self.edges) - 1).astype(np.intp)]
        return np.asarray(below_threshold if self.mated else self.total - below_threshold)

    def rates(self, thresholds: Floats) -> Floats:
        """FNMR (mated) or FMR (non-mated) at each threshold, NaN where there is no comparison."""
        return self.errors(thresholds) / self.total if self.total else np.full(len(thresholds), np.nan)

    def threshold_at(self, rate: float) -> float:
        """The lowest threshold at which at most `rate` of these non-mated comparisons match."""
        allowed = int(np.floor(rate * self.total * (1 + 1e-12)))
        if allowed < len(self.scores):
            return float(np.nextafter(self.scores[allowed], np.inf))
        if self.complete:
            return -np.inf
        within = np.flatnonzero(self._errors_by_bin(self.edges) <= allowed)
        return float(self.edges[within[0]])


class Collector:
    """Gathers comparisons of one kind, block by block, into a `ScoreSet`."""

    def __init__(self, *, mated: bool, cells: int, edges: Floats, keep: int | None) -> None:
        self._mated, self._cells, self._edges, self._keep = mated, cells, edges, keep
        self._histogram = np.zeros(cells * (len(edges) - 1), np.int64)
        nobody = np.zeros(0, np.int32)
        self._kept: list[_Kept] = [(np.zeros(0, np.float32), nobody, nobody, nobody)]
        self._waiting = 0
        self._hardest_dropped = np.inf if mated else -np.inf

    def add(
        self,
        scores: NDArray[np.floating],
        probe: _Codes,
        reference: _Codes,
        cell: _Codes,
    ) -> None:
        """Take comparisons, arrays of one length."""
        bins = len(self._edges) - 1
        place = (scores - self._edges[0]) * (bins / (self._edges[-1] - self._edges[0]))
        flat = cell * bins + np.clip(place, 0, bins - 1).astype(np.int32)
        self._histogram += np.bincount(flat, minlength=len(self._histogram))
        hard = scores <= self._hardest_dropped if self._mated else scores >= self._hardest_dropped
        self._kept.append((scores[hard], probe[hard], reference[hard], cell[hard]))
        self._waiting += int(np.count_nonzero(hard))
        if self._keep is not None and self._waiting > 4 * self._keep:
            self._prune()

    def finish(self, failed: Counts, distinct: Counts, distinct_in_all: int) -> ScoreSet:
        """Everything gathered, with what the collector cannot know: see `ScoreSet`."""
        scores, probe, reference, cell = self._prune()
        histogram = self._histogram.reshape(self._cells, -1)
        return ScoreSet(
            self._mated,
            histogram.sum(axis=1),
            failed,
            distinct,
            distinct_in_all,
            self._edges,
            histogram,
            scores.astype(np.float64),
            probe,
            reference,
            cell,
        )

    def _prune(self) -> _Kept:
        """Sort what is kept, the hardest first, and drop what is too much."""
        scores, probe, reference, cell = map(np.concatenate, zip(*self._kept, strict=True))
        order = np.argsort(scores if self._mated else -scores, kind="stable")[: self._keep]
        kept = scores[order], probe[order], reference[order], cell[order]
        if len(order) == self._keep:
            self._hardest_dropped = float(kept[0][-1])
        self._kept, self._waiting = [kept], len(order)
        return kept
