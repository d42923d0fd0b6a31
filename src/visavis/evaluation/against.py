"""Two systems on the same protocol: which is better, and whether that may be chance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from visavis.errors import EvaluationError
from visavis.evaluation.bootstrap import Resampled, draw_people, interval
from visavis.evaluation.comparisons import Comparisons, gather
from visavis.evaluation.protocols import Protocol
from visavis.evaluation.rates import FMRS
from visavis.evaluation.run import Run


@dataclass(frozen=True, slots=True)
class Difference:
    """One rate of both systems, each at its own threshold. difference: ours less theirs.

    low, high: 95 % confidence of the difference, from draws of people that are the same for both;
    p_value: two-sided, how likely chance alone makes it so large. None where the sample gives none.
    """

    what: str
    ours: float
    theirs: float
    difference: float
    low: float | None
    high: float | None
    p_value: float | None


def compare_runs(ours: Run, theirs: Run) -> dict[str, Any]:
    """Compare FNMR at each FMR that the common sample resolves.

    Raises EvaluationError where the two are not of the same protocol.
    """
    check_comparable(ours.protocol, theirs.protocol)
    if ours.protocol.pairs is not None:
        a, b, notes = _common_pairs(ours.protocol, theirs.protocol)
    else:
        a, b, notes = ours.comparisons, theirs.comparisons, _lost_images(ours, theirs)
    weights = draw_people(int(a.people.max()) + 1)
    samples = Resampled(a, weights), Resampled(b, weights)
    resolution = max(a.non_mated.resolution, b.non_mated.resolution)
    rows = [
        _difference(a, b, samples, fmr)
        for fmr in FMRS
        if fmr >= resolution and a.mated.total and b.mated.total
    ]
    return {"mated": a.mated.total, "non_mated": a.non_mated.total, "rows": rows, "notes": notes}


def _difference(
    a: Comparisons, b: Comparisons, samples: tuple[Resampled, Resampled], fmr: float
) -> Difference:
    ours, theirs = (float(c.mated.rates(np.array([c.non_mated.threshold_at(fmr)]))[0]) for c in (a, b))
    replicates = samples[0].fnmr_at_fmr(fmr) - samples[1].fnmr_at_fmr(fmr)
    bounds = interval(replicates)
    known = replicates[np.isfinite(replicates)]
    chance = 2 * min(float(np.mean(known <= 0)), float(np.mean(known >= 0))) if bounds else None
    return Difference(
        f"FNMR at FMR {fmr:g}",
        ours,
        theirs,
        ours - theirs,
        bounds.low if bounds else None,
        bounds.high if bounds else None,
        None if chance is None else min(1.0, max(chance, 1 / len(known))),
    )


def check_comparable(ours: Protocol, theirs: Protocol) -> None:
    """Raise EvaluationError unless both are lists of pairs, or the same list of images and people."""
    if (ours.pairs is None) != (theirs.pairs is None):
        raise EvaluationError("one run lists pairs and the other compares every pair of images")
    if ours.pairs is None and not (
        ours.images == theirs.images and np.array_equal(ours.people, theirs.people)
    ):
        raise EvaluationError("the two runs are not of the same list of images and people")


def _lost_images(ours: Run, theirs: Run) -> list[str]:
    lost = int(np.count_nonzero(theirs.failed)), int(np.count_nonzero(ours.failed))
    return [
        f"{count:,} images gave {who} nothing to compare: its rates are of the others, which may be the easier ones."
        for count, who in zip(lost, ("the other system", "this system"), strict=True)
        if count
    ]


def _common_pairs(ours: Protocol, theirs: Protocol) -> tuple[Comparisons, Comparisons, list[str]]:
    """The comparisons that both made, in the order of ours."""
    assert ours.pairs is not None
    assert ours.pairs.scores is not None
    known = _by_names(theirs)
    found = [
        known.get((ours.images[probe], ours.images[reference]), (None, np.nan))
        for probe, reference in zip(ours.pairs.probe, ours.pairs.reference, strict=True)
    ]
    if any(m is not None and m != mated for (m, _), mated in zip(found, ours.pairs.mated, strict=True)):
        raise EvaluationError("the two runs do not agree on which pairs are mated")
    scores = np.array([score for _, score in found])
    both = np.isfinite(scores) & np.isfinite(ours.pairs.scores)
    if not both.any():
        raise EvaluationError("the two runs have no comparison in common")
    left_out = len(both) - int(both.sum()), len(known) - sum(mated is not None for mated, _ in found)
    why = "lack a score of one of the two", "are in the other run alone"
    notes = [
        f"{count:,} comparisons {reason} and are left out here."
        for count, reason in zip(left_out, why, strict=True)
        if count
    ]
    a, b = (
        gather(ours, replace(ours.pairs, scores=np.where(both, values, np.nan)))
        for values in (ours.pairs.scores, scores)
    )
    return a, b, notes


def _by_names(protocol: Protocol) -> dict[tuple[str, str], tuple[bool, float]]:
    """Whether each listed pair is mated, and its score, by the names of its images."""
    pairs = protocol.pairs
    assert pairs is not None
    assert pairs.scores is not None
    return {
        (protocol.images[probe], protocol.images[reference]): (bool(mated), float(score))
        for probe, reference, mated, score in zip(
            pairs.probe, pairs.reference, pairs.mated, pairs.scores, strict=True
        )
    }
