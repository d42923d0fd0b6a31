"""Whether the labels can be right: people called one who cannot be, and people called two who must be one.

Of two people's comparisons half score below the non-mated median, and of a
good system's mated ones next to none. So twice the share of mated comparisons
below it estimates how many are wrongly called mated, and likewise above the
mated median.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visavis.evaluation.scores import ScoreSet

# At this distance next to no comparison of a well-labelled set lies beyond the other kind's median.
_MIN_DISTANCE = 3.5


@dataclass(frozen=True, slots=True)
class Labels:
    """What the scores say of the labels.

    called_mated: how many mated comparisons score below the non-mated median;
    called_non_mated: how many non-mated ones score above the mated median. Both
    shares are of the mated comparisons, with the half that one does not see.
    """

    called_mated: int
    called_mated_share: float
    called_non_mated: int
    called_non_mated_share: float


def check_labels(mated: ScoreSet, non_mated: ScoreSet) -> Labels | None:
    """Estimate wrong labels; None where scores of the two kinds overlap too much to tell, or one is missing."""
    if not mated.total or not non_mated.total or _distance(mated, non_mated) < _MIN_DISTANCE:
        return None
    below = mated.errors_at(non_mated.quantile(0.5))
    above = non_mated.errors_at(mated.quantile(0.5))
    return Labels(below, min(1.0, 2 * below / mated.total), above, 2 * above / mated.total)


def _distance(mated: ScoreSet, non_mated: ScoreSet) -> float:
    """How far the two medians lie apart, in mean standard deviations: d', by quartiles, which few wrong labels move."""
    between = mated.quantile(0.5) - non_mated.quantile(0.5)
    spreads = [(scores.quantile(0.75) - scores.quantile(0.25)) / 1.349 for scores in (mated, non_mated)]
    mean = float(np.sqrt((spreads[0] ** 2 + spreads[1] ** 2) / 2))
    return between / mean if mean > 0 else float(np.sign(between)) * float("inf")
