"""The protocol of Labeled Faces in the Wild: each fold is judged at the threshold that the others choose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.errors import EvaluationError
from visavis.evaluation.protocols import Pairs, Protocol


@dataclass(frozen=True, slots=True)
class Folds:
    """accuracy: (folds,) share of pairs judged right; a failed comparison counts as "different".

    standard_error: of their mean, as LFW's makers ask for it. shared_people: how
    many people stand in more than one fold, so that folds are not independent.
    """

    accuracy: tuple[float, ...]
    mean: float
    standard_error: float
    shared_people: int


def by_folds(protocol: Protocol, folds: int) -> Folds:
    """Accuracy over `folds` runs of rows of equal length, in the order of the file.

    Raises EvaluationError where the rows do not divide into that many, or where
    the protocol lists images.
    """
    pairs = check_folds(protocol, folds)
    people, rows = protocol.people, len(pairs.probe)
    assert pairs.scores is not None
    made = np.isfinite(pairs.scores)
    scores = np.where(made, pairs.scores, -np.inf)
    fold = np.arange(rows) // (rows // folds)
    accuracy = []
    for held_out in range(folds):
        own = fold == held_out
        threshold = _best_threshold(scores[~own], pairs.mated[~own])
        matches = made[own] & (scores[own] >= threshold)
        accuracy.append(float(np.mean(matches == pairs.mated[own])))
    return Folds(
        tuple(accuracy),
        float(np.mean(accuracy)),
        float(np.std(accuracy, ddof=1) / np.sqrt(folds)),
        _shared(people[pairs.probe], people[pairs.reference], fold),
    )


def check_folds(protocol: Protocol, folds: int) -> Pairs:
    """The pairs, where they can be cut into so many folds; else EvaluationError."""
    if protocol.pairs is None:
        raise EvaluationError("folds are runs of listed pairs; this protocol lists images")
    rows = len(protocol.pairs.probe)
    if folds < 2 or rows % folds:
        raise EvaluationError(
            f"{rows:,} pairs do not make {folds} folds of equal size",
            hint="--folds cuts the file into runs of rows, as LFW's lists are laid out",
        )
    return protocol.pairs


def _best_threshold(scores: NDArray[np.float64], mated: NDArray[np.bool_]) -> float:
    """The lowest score that, as a threshold, judges the most pairs right."""
    candidates = np.unique(scores)
    missed = np.searchsorted(np.sort(scores[mated]), candidates, side="left")
    non_mated = np.sort(scores[~mated])
    matched = len(non_mated) - np.searchsorted(non_mated, candidates, side="left")
    return float(candidates[np.argmin(missed + matched)])


def _shared(probe: NDArray[np.int32], reference: NDArray[np.int32], fold: NDArray[np.intp]) -> int:
    seen = np.unique(np.concatenate([np.stack([probe, fold]), np.stack([reference, fold])], axis=1), axis=1)
    return int(np.count_nonzero(np.bincount(seen[0]) > 1))
