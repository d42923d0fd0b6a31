"""Making the comparisons of a protocol: templates in, mated and non-mated score sets out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from visavis.errors import EvaluationError
from visavis.evaluation.protocols import Pairs, Protocol
from visavis.evaluation.scores import BINS, KEPT, Collector, Counts, Floats, ScoreSet, Weights

_BLOCK = 512

COSINE_EDGES = np.linspace(-1, 1, BINS + 1)
"""Edges of the histogram bins where every pair of templates is compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparisons:
    """All comparisons of a protocol.

    images: names; people: (images,) a number for each image's person. cells: the
    pairs of groups of which the score sets speak. images_of: (people, groups)
    how many usable images each person has in each group, where every pair
    counts; None where pairs were listed, which are then all kept.
    """

    images: tuple[str, ...]
    people: NDArray[np.int32]
    cells: tuple[tuple[str, str], ...]
    mated: ScoreSet
    non_mated: ScoreSet
    images_of: Counts | None = None

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups, in the order of the protocol."""
        return tuple(a for a, b in self.cells if a == b)

    def within(self, group: str) -> tuple[ScoreSet, ScoreSet]:
        """Mated and non-mated comparisons inside one group."""
        cell = [self.cells.index((group, group))]
        return self.mated.of_cells(cell), self.non_mated.of_cells(cell)


def compare_every_pair(protocol: Protocol, vectors: NDArray[np.float32], keep: int = KEPT) -> Comparisons:
    """Compare every image of a protocol with every other.

    vectors: (images, dimension) templates of unit length, NaN where there is none.
    keep: how many non-mated comparisons are kept one by one, the hardest first; of mated
    ones, of which there are few, ten times as many.
    """
    cells, cell_of = cells_of(protocol.groups)
    collectors = [
        Collector(mated=mated, cells=len(cells), edges=COSINE_EDGES, keep=kept)
        for mated, kept in ((True, 10 * keep), (False, keep))
    ]
    usable = np.asarray(np.isfinite(vectors).all(axis=1))
    rows = np.flatnonzero(usable).astype(np.int32)
    for start in range(0, len(rows), _BLOCK):
        block, others = rows[start : start + _BLOCK], rows[start:]
        scores = np.clip(vectors[block] @ vectors[others].T, -1, 1)
        later = np.arange(len(others)) > np.arange(len(block))[:, None]
        same = protocol.people[block][:, None] == protocol.people[others]
        for collector, side in zip(collectors, (later & same, later & ~same), strict=True):
            i, j = np.nonzero(side)
            probe, reference = block[i], others[j]
            cell = cell_of[protocol.group[probe], protocol.group[reference]]
            collector.add(scores[side], probe, reference, cell)
    counts = count_pairs(protocol, usable)
    mated, non_mated = collectors[0].finish(*counts.mated), collectors[1].finish(*counts.non_mated)
    return Comparisons(protocol.images, protocol.people, cells, mated, non_mated, counts.images_of)


def cells_of(groups: tuple[str, ...]) -> tuple[tuple[tuple[str, str], ...], NDArray[np.int32]]:
    """Every pair of groups, and the cell in which two images of these groups meet, (groups, groups)."""
    g, h = np.triu_indices(len(groups))
    cell_of = np.zeros((len(groups), len(groups)), np.int32)
    cell_of[g, h] = cell_of[h, g] = np.arange(len(g))
    return tuple((groups[i], groups[j]) for i, j in zip(g, h, strict=True)), cell_of


@dataclass(frozen=True, slots=True, eq=False)
class PairCounts:
    """How many pairs a list of images makes: `failed`, `distinct`, `distinct_in_all` of a `ScoreSet`; `images_of`."""

    mated: tuple[Counts, Counts, int]
    non_mated: tuple[Counts, Counts, int]
    images_of: Counts


def count_pairs(protocol: Protocol, usable: NDArray[np.bool_]) -> PairCounts:
    """Count the pairs of an images protocol of which (images,) are usable."""
    asked, made = _count(protocol, np.ones_like(usable)), _count(protocol, usable)
    mated = mated_by_person(made)
    everyone = np.ones((1, len(made)))
    failed, distinct = (
        counts[0].astype(np.int64)
        for counts in (
            non_mated_totals(asked, everyone) - non_mated_totals(made, everyone),
            non_mated_totals(np.minimum(made, 1), everyone),
        )
    )
    images = made.sum(axis=1)
    people, with_several = int(np.count_nonzero(images)), int(np.count_nonzero(images > 1))
    return PairCounts(
        ((mated_by_person(asked) - mated).sum(axis=0), np.count_nonzero(mated, axis=0), with_several),
        (failed, distinct, people * (people - 1) // 2),
        made,
    )


def score_pairs(pairs: Pairs, vectors: NDArray[np.float32], errors: Sequence[str]) -> Pairs:
    """Compare the listed pairs. vectors, errors: (images,) templates, NaN where there is none, and why."""
    scores = np.einsum("ij,ij->i", vectors[pairs.probe], vectors[pairs.reference]).astype(np.float64)
    why = tuple(
        errors[probe] or errors[reference]
        for probe, reference in zip(pairs.probe, pairs.reference, strict=True)
    )
    return replace(pairs, scores=np.clip(scores, -1, 1), errors=why)


def gather(protocol: Protocol, pairs: Pairs) -> Comparisons:
    """The comparisons of listed pairs that have scores, of whatever range.

    Raises EvaluationError where not one has a score.
    """
    scores = pairs.scores if pairs.scores is not None else np.full(len(pairs.probe), np.nan)
    made = np.isfinite(scores)
    if not made.any():
        raise EvaluationError("no comparison has a score")
    edges = _edges(scores[made])
    mated, non_mated = (_gather_side(protocol, pairs, scores, edges, mated=mated) for mated in (True, False))
    cells = tuple((name, name) for name in protocol.groups)
    return Comparisons(protocol.images, protocol.people, cells, mated, non_mated)


def _edges(scores: Floats) -> Floats:
    """Bins that hold all scores; raises EvaluationError where they lie too far apart."""
    low, high = float(scores.min()), float(scores.max())
    high = max(high, low + 1e-9 * max(1.0, abs(low)))
    with np.errstate(over="ignore"):
        width = (high - low) / BINS
    if not np.isfinite(high - low) or low + width == low:
        raise EvaluationError("the scores are too large to be counted", hint="bring them to another scale")
    return np.linspace(low, high, BINS + 1)


def _gather_side(protocol: Protocol, pairs: Pairs, scores: Floats, edges: Floats, *, mated: bool) -> ScoreSet:
    cells = len(protocol.groups)
    side = pairs.mated == mated
    chosen = side & np.isfinite(scores)
    collector = Collector(mated=mated, cells=cells, edges=edges, keep=None)
    collector.add(scores[chosen], pairs.probe[chosen], pairs.reference[chosen], pairs.group[chosen])
    failed = np.bincount(pairs.group[side & ~chosen], minlength=cells)
    ends = np.stack([pairs.probe[chosen], pairs.reference[chosen]])
    who = np.sort(protocol.people[ends], axis=0)
    distinct = np.unique(np.vstack([who, pairs.group[chosen]]), axis=1)
    in_all = np.unique(distinct[:2], axis=1).shape[1]
    return collector.finish(failed, np.bincount(distinct[2], minlength=cells), in_all)


def mated_by_person(images_of: Counts) -> Counts:
    """How many mated pairs each person's images make in each cell: (people, groups) to (people, cells)."""
    g, h = np.triu_indices(images_of.shape[1])
    return np.where(g == h, images_of[:, g] * (images_of[:, h] - 1) // 2, images_of[:, g] * images_of[:, h])


def non_mated_totals(images_of: Counts, weights: Weights) -> Floats:
    """How many non-mated pairs there are in each cell, (B, cells), when people count by their weights.

    images_of: (people, groups). weights: (B, people); a pair of images counts as
    often as the product of the weights of its two people says.
    """
    g, h = np.triu_indices(images_of.shape[1])
    totals = weights @ images_of
    of_one_person = weights**2 @ (images_of[:, g] * images_of[:, h])
    return np.asarray((totals[:, g] * totals[:, h] - of_one_person) / np.where(g == h, 2, 1))


def _count(protocol: Protocol, chosen: NDArray[np.bool_]) -> Counts:
    """How many of the chosen images each person has in each group, (people, groups)."""
    shape = int(protocol.people.max()) + 1, len(protocol.groups)
    flat = protocol.people[chosen].astype(np.int64) * shape[1] + protocol.group[chosen]
    return np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape)
