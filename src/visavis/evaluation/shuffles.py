"""Whether groups differ by more than chance.

The labels are given to others, at random and many times: a group that stands
out by chance stands out as often then.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from visavis.evaluation.scores import Floats, Weights

SHUFFLES = 2_000
_AT_ONCE = 200
_MOSTLY = 0.9


def shuffle_people(
    membership: NDArray[np.bool_], rate_of: Callable[[Weights], Floats], seed: int = 0
) -> float | None:
    """Whether groups of people differ in a rate: a p-value, None where fewer than two can be told.

    membership: (groups, people). rate_of: from weights (replicates, people), 1 for
    the people of a group and else 0, to that group's rate in each replicate.
    """
    generator = np.random.default_rng(seed)
    labelled = np.flatnonzero(membership.any(axis=0))
    rates = [[rate_of(membership.astype(np.float64))]]
    for _ in range(0, SHUFFLES, _AT_ONCE):
        orders = np.array([generator.permutation(labelled) for _ in range(_AT_ONCE)])
        rates.append([_shuffled_rates(members, labelled, orders, rate_of) for members in membership])
    return _p_value(rates[0][0], np.concatenate([np.stack(part) for part in rates[1:]], axis=1))


def stands_out(rates: Floats, replicates: Floats, overall: Floats) -> float | None:
    """The same where labels cannot be given to others, since people stand in several groups.

    rates: (groups,) as measured, replicates: (groups, draws) and overall: (draws,) when people are
    drawn again. The distance of each group's logarithm from that of all, in standard deviations of
    that distance, is taken as normal; the p-value of the largest is multiplied by the number of groups.
    """
    from scipy.stats import norm

    told = (rates > 0) & (np.mean(replicates > 0, axis=1) > _MOSTLY)
    if np.count_nonzero(told) < 2:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        distances = np.log(replicates[told]) - np.log(overall)
    distances = np.where(np.isfinite(distances), distances, np.nan)
    heights = np.nanmean(distances, axis=1) / np.maximum(np.nanstd(distances, axis=1), 1e-9)
    return float(min(1.0, len(rates) * norm.sf(heights.max())))


def _shuffled_rates(
    members: NDArray[np.bool_],
    labelled: NDArray[np.intp],
    orders: NDArray[np.intp],
    rate_of: Callable[[Weights], Floats],
) -> Floats:
    weights = np.zeros((len(orders), len(members)))
    np.put_along_axis(weights, orders[:, members[labelled]], 1, axis=1)
    return rate_of(weights)


def _p_value(rates: Floats, shuffled: Floats) -> float | None:
    """How often the group that stands out most does so by chance.

    rates: (groups,); shuffled: (groups, shuffles). A group stands out by its rate's
    distance from what shuffled labels give it, in their standard deviations.
    """
    told = np.isfinite(rates) & np.isfinite(shuffled).all(axis=1)
    if np.count_nonzero(told) < 2:
        return None
    everything = np.column_stack([rates, shuffled])[told]
    deviation = shuffled[told].std(axis=1, keepdims=True)
    distance = (everything - shuffled[told].mean(axis=1, keepdims=True)) / np.where(
        deviation > 0, deviation, 1
    )
    largest = distance.max(axis=0)
    return float(np.mean(largest >= largest[0] - 1e-9))
