"""Two systems on the same protocol: which is better, and whether that may be chance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from visavis.errors import EvaluationError
from visavis.evaluation.bootstrap import Resampled, draw_people, interval
from visavis.evaluation.comparisons import Comparisons, gather
from visavis.evaluation.protocols import Pairs, Protocol
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
    if (ours.comparisons.images_of is None) != (theirs.comparisons.images_of is None):
        raise EvaluationError("one run lists pairs and the other compares every pair of images")
    if ours.protocol.pairs is not None and theirs.protocol.pairs is not None:
        a, b, notes = _common_pairs(
            ours.protocol, ours.protocol.pairs, theirs.protocol, theirs.protocol.pairs
        )
    else:
        a, b, notes = _same_images(ours, theirs)
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


def _same_images(ours: Run, theirs: Run) -> tuple[Comparisons, Comparisons, list[str]]:
    same = ours.protocol.images == theirs.protocol.images and np.array_equal(
        ours.protocol.people, theirs.protocol.people
    )
    if not same:
        raise EvaluationError("the two runs are not of the same list of images and people")
    lost = int(np.count_nonzero(theirs.failed)), int(np.count_nonzero(ours.failed))
    notes = [
        f"{count:,} images gave {who} nothing to compare and are missing from its rates."
        for count, who in zip(lost, ("the other system", "this system"), strict=True)
        if count
    ]
    return ours.comparisons, theirs.comparisons, notes


def _common_pairs(
    our_protocol: Protocol, our: Pairs, their_protocol: Protocol, their: Pairs
) -> tuple[Comparisons, Comparisons, list[str]]:
    """The comparisons that both made, in the order of ours."""
    assert our.scores is not None
    assert their.scores is not None
    names = their_protocol.images
    known = {
        (names[probe], names[reference]): (bool(mated), float(score))
        for probe, reference, mated, score in zip(
            their.probe, their.reference, their.mated, their.scores, strict=True
        )
    }
    found = [
        known.get((our_protocol.images[probe], our_protocol.images[reference]), (None, np.nan))
        for probe, reference in zip(our.probe, our.reference, strict=True)
    ]
    if any(mated is not None and mated != ours for (mated, _), ours in zip(found, our.mated, strict=True)):
        raise EvaluationError("the two runs do not agree on which pairs are mated")
    scores = np.array([score for _, score in found])
    both = np.isfinite(scores) & np.isfinite(our.scores)
    if not both.any():
        raise EvaluationError("the two runs have no comparison in common")
    left_out = len(both) - int(both.sum()), len(known) - sum(mated is not None for mated, _ in found)
    notes = [
        f"{count:,} comparisons {why} and are left out here."
        for count, why in zip(
            left_out, ("lack a score of one of the two", "are in the other run alone"), strict=True
        )
        if count
    ]
    a, b = (
        gather(our_protocol, replace(our, scores=np.where(both, values, np.nan)))
        for values in (our.scores, scores)
    )
    return a, b, notes
