"""Searches in galleries: how often a stranger is taken for someone, how often an enrolled person is missed.

From the comparisons of an images protocol, by ISO/IEC 19795-1: each person is
enrolled with their first usable image. A stranger's search is any image against
a gallery that lacks its person; FPIR is the share of such searches with at
least one candidate at or above the threshold. A mated search is any further
image of an enrolled person; FNIR is the share of such searches in which that person is not
the best candidate, or not at or above the threshold.

No galleries are drawn: if c of M references lie at or above the threshold, a
gallery of N drawn from them holds none with probability C(M-c, N) / C(M, N), so
the rates are exact means over all galleries of a size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.evaluation.comparisons import Comparisons
from visavis.evaluation.scores import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """What the searches of one evaluation came to.

    references: how many people can be enrolled; a stranger meets one less. For strangers' searches,
    one an image: `stranger_of` (images,) its person; hits: (kept,) image indices, one
    for each reference that looks like it, with falling `hit_scores`. For mated searches:
    mated_of (searches,) the person, mated_scores, and better: how many references of others score higher.
    lowest: below this score nothing is known.
    """

    references: int
    stranger_of: NDArray[np.int32]
    hits: NDArray[np.int32]
    hit_scores: Floats
    mated_of: NDArray[np.int32]
    mated_scores: Floats
    better: NDArray[np.int64]
    lowest: float

    def fpir_by_search(self, threshold: float, gallery: int) -> Floats:
        """The chance that each stranger's search meets a candidate, (images,)."""
        count = int(np.searchsorted(-self.hit_scores, -threshold, side="right"))
        candidates = np.bincount(self.hits[:count], minlength=len(self.stranger_of))
        return 1 - _chance_of_none(candidates, self.references - 1, gallery)

    def fnir_by_search(self, threshold: float, gallery: int) -> Floats:
        """The chance that each mated search misses its person, (searches,)."""
        best = _chance_of_none(self.better, self.references - 1, gallery - 1)
        return 1 - np.where(self.mated_scores >= threshold, best, 0.0)

    def threshold_at(self, fpir: float, gallery: int) -> float | None:
        """The lowest threshold with at most this FPIR; None where it is not known."""
        low, high = 0, len(self.hit_scores)
        while low < high:
            middle = (low + high) // 2
            above = float(np.nextafter(self.hit_scores[middle], np.inf))
            if self.fpir_by_search(above, gallery).mean() <= fpir:
                low = middle + 1
            else:
                high = middle
        if low == len(self.hit_scores) and np.isfinite(self.lowest):
            return None
        return float(np.nextafter(self.hit_scores[low - 1], np.inf)) if low else None


def searches(comparisons: Comparisons, usable: NDArray[np.bool_]) -> Searches:
    """Turn comparisons of every pair into searches. usable: (images,) which have a template."""
    people, rows = comparisons.people, np.flatnonzero(usable)
    enrolled = np.zeros(len(people), np.bool_)
    enrolled[rows[np.unique(people[rows], return_index=True)[1]]] = True
    non_mated, mated = comparisons.non_mated, comparisons.mated
    hits = np.stack([non_mated.probe, non_mated.reference], axis=1)
    against_reference = enrolled[hits[:, ::-1]]
    place = np.full(len(people), -1, np.int32)
    place[rows] = np.arange(len(rows))
    probes = place[hits[against_reference]]
    scores = np.repeat(non_mated.scores, against_reference.sum(axis=1))
    with_reference = enrolled[mated.probe] | enrolled[mated.reference]
    probe = np.where(enrolled[mated.probe], mated.reference, mated.probe)[with_reference]
    mated_scores = mated.scores[with_reference]
    return Searches(
        references=int(enrolled.sum()),
        stranger_of=people[rows],
        hits=probes,
        hit_scores=scores,
        mated_of=people[probe],
        mated_scores=mated_scores,
        better=_better(probes, scores, place[probe], mated_scores, len(rows)),
        lowest=-np.inf if non_mated.complete else float(non_mated.scores[-1]),
    )


def _better(
    hits: NDArray[np.int32], hit_scores: Floats, probes: NDArray[np.int32], scores: Floats, images: int
) -> NDArray[np.int64]:
    """How many of each probe's hits score above its mated score."""
    mate = np.full(images, np.inf)
    mate[probes] = scores
    above = hits[hit_scores > mate[hits]]
    return np.bincount(above, minlength=images)[probes]


def _chance_of_none(candidates: NDArray[np.int64], references: int, gallery: int) -> Floats:
    """C(references - candidates, gallery) / C(references, gallery), for each count of candidates."""
    from scipy.special import gammaln

    left = references - candidates
    possible = left >= gallery
    left = np.where(possible, left, gallery)
    log = gammaln(left + 1) - gammaln(left - gallery + 1) - gammaln(references + 1)
    return np.where(possible, np.exp(log + gammaln(references - gallery + 1)), 0.0)
