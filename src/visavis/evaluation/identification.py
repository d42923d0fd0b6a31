"""FPIR and FNIR of an images protocol, at gallery sizes up to the largest that the sample has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.evaluation.bootstrap import divide, interval
from visavis.evaluation.run import Run
from visavis.evaluation.scores import Floats, Weights
from visavis.evaluation.searches import Searches, searches
from visavis.evaluation.similarities import Similarities

FPIRS = (0.1, 0.01)


@dataclass(frozen=True, slots=True)
class SearchPoint:
    """What searches in galleries of one size come to at one threshold.

    asked: the FPIR or the similarity that the threshold was chosen for. fpir, fnir: None where the sample does not resolve them: they are then below the
    resolution of `Identification`. Intervals of 95 % draw the people who are searched for.
    """

    asked: float
    gallery: int
    threshold: float
    similarity: float | None
    fpir: float | None
    fpir_interval: tuple[float, float] | None
    fnir: float | None
    fnir_interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Identification:
    """Searches of an images protocol.

    references: people who can be enrolled; larger galleries are not measurable.
    strangers, mated: how many searches; fnir_resolution is None without a mated one.
    at_fpir: a point for each gallery size and each rate of `FPIRS` that the sample
    resolves; at_similarity: for each size and similarity.
    """

    references: int
    strangers: int
    mated: int
    fpir_resolution: float
    fnir_resolution: float | None
    at_fpir: tuple[SearchPoint, ...]
    at_similarity: tuple[SearchPoint, ...]


def measure_searches(run: Run, weights: Weights) -> Identification | None:
    """Rates of searches in galleries of several sizes.

    None where fewer than two people can be enrolled, or where there are so many mated comparisons
    that only the hardest are kept: searches need all.
    """
    usable = ~run.failed
    if len(np.unique(run.comparisons.people[usable])) < 2 or not run.comparisons.mated.complete:
        return None
    found = searches(run.comparisons, usable)
    sizes = gallery_sizes(found.references)
    searched = len(np.unique(found.mated_of))
    resolutions = min(1.0, 3 / found.references), min(1.0, 3 / searched) if searched else None
    point = _Reader(found, run.calibration, weights, resolutions).point
    wanted = [(fpir, size) for size in sizes for fpir in FPIRS if fpir >= resolutions[0]]
    chosen = [(fpir, found.threshold_at(fpir, size), size) for fpir, size in wanted]
    anchors = run.calibration.anchors() if run.calibration else []
    return Identification(
        found.references,
        len(found.stranger_of),
        len(found.mated_of),
        *resolutions,
        tuple(point(fpir, threshold, size) for fpir, threshold, size in chosen if threshold is not None),
        tuple(
            point(similarity, threshold, size)
            for size in sizes
            for similarity, _, threshold in anchors
            if threshold >= found.lowest
        ),
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads rates off searches; resolutions: of FPIR and FNIR."""

    found: Searches
    calibration: Similarities | None
    weights: Weights
    resolutions: tuple[float, float | None]

    def point(self, asked: float, threshold: float, gallery: int) -> SearchPoint:
        """FPIR and FNIR at a threshold and a gallery's size."""
        found = self.found
        fpir, fnir = found.fpir_by_search(threshold, gallery), found.fnir_by_search(threshold, gallery)
        return SearchPoint(
            asked,
            gallery,
            threshold,
            self.calibration.similarity(threshold) if self.calibration else None,
            *_resolved(fpir, found.stranger_of, self.weights, self.resolutions[0]),
            *_resolved(fnir, found.mated_of, self.weights, self.resolutions[1]),
        )


def _resolved(
    by_search: Floats, people: NDArray[np.int32], weights: Weights, resolution: float | None
) -> tuple[float | None, tuple[float, float] | None]:
    if resolution is None:
        return None, None
    value = float(by_search.mean())
    return (value if value >= resolution else None), _interval(by_search, people, weights)


def _interval(by_search: Floats, people: NDArray[np.int32], weights: Weights) -> tuple[float, float] | None:
    """A 95 % interval of a mean over searches, by drawing the people who are searched for."""
    sums = np.bincount(people, by_search, weights.shape[1])
    counts = np.bincount(people, minlength=weights.shape[1])
    return interval(divide(weights @ sums, weights @ counts))


def gallery_sizes(references: int) -> list[int]:
    """10, 100, 1,000 ... and the largest gallery that leaves one person out."""
    largest = references - 1
    sizes = [10**k for k in range(1, 9) if 10**k < largest]
    return [*sizes, largest] if largest >= 1 else []
