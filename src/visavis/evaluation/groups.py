"""Who bears the errors: rates per group of the evaluator's own labels, the worst first.

All groups are held against one threshold, as they are in use.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.evaluation.bootstrap import Resampled, divide
from visavis.evaluation.comparisons import Comparisons
from visavis.evaluation.failures import failed_by_person, fta_of, fte_of
from visavis.evaluation.protocols import UNLABELLED
from visavis.evaluation.rates import Curve, Rate, rate_at, trade_off
from visavis.evaluation.run import Run
from visavis.evaluation.shuffles import shuffle_pairs, shuffle_people

_ENOUGH_ERRORS = 100

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GroupRates:
    """One group at the common threshold.

    images, people, fta, fte: None where pairs were listed, which say them of no group.
    shift, mated_shift: how far the mean score of its non-mated and mated comparisons
    lies above that of all, in standard deviations of all; None without comparisons.
    """

    name: str
    images: int | None
    people: int | None
    mated: int
    non_mated: int
    fmr: Rate
    fnmr: Rate
    fta: Rate | None
    fte: Rate | None
    shift: float | None
    mated_shift: float | None
    det: Curve


@dataclass(frozen=True, slots=True)
class Spread:
    """How unequal a rate is between groups.

    worst: None where a group that the sample does not resolve may be worse. worst_over_geometric_mean: NIST IR 8429's measure; worst_over_best: the plainer
    one; None where fewer than two groups have a rate that the sample resolves.
    unresolved: groups left out for that. p_value: how often labels given at
    random set a group apart as much; None where it cannot be told.
    """

    worst: str | None
    worst_over_geometric_mean: float | None
    worst_over_best: float | None
    unresolved: tuple[str, ...]
    p_value: float | None


@dataclass(frozen=True, slots=True)
class Groups:
    """All groups at one threshold: that at which the FMR of all comparisons is `overall_fmr`.

    rates: the worst FMR first. cross: FMR between each two groups, in the order of `names`;
    None where pairs were listed.
    """

    threshold: float
    overall_fmr: float
    names: tuple[str, ...]
    rates: tuple[GroupRates, ...]
    fmr: Spread
    fnmr: Spread
    fta: Spread | None
    cross: tuple[tuple[Rate, ...], ...] | None


def measure_groups(run: Run, weights: Floats) -> Groups | None:
    """Rates of every group; None where there are fewer than two, or too few comparisons.

    weights: bootstrap draws, (replicates, people).
    """
    names = named_groups(run.comparisons)
    chosen = common_threshold(run.comparisons)
    if len(names) < 2 or chosen is None:
        return None
    threshold, overall_fmr = chosen
    rates = [_rates_of(name, run, weights, threshold) for name in names]
    tests = _tests(run, names, threshold)
    listed = run.protocol.pairs is not None
    return Groups(
        threshold,
        overall_fmr,
        names,
        tuple(sorted(rates, key=lambda group: -(group.fmr.value or 0))),
        spread({group.name: group.fmr for group in rates}, tests[0]),
        spread({group.name: group.fnmr for group in rates}, tests[1]),
        None if listed else spread({g.name: g.fta for g in rates if g.fta}, tests[2]),
        None if listed else _cross(run.comparisons, names, threshold),
    )


def common_threshold(comparisons: Comparisons) -> tuple[float, float] | None:
    """The threshold at which groups are compared, and its FMR over all comparisons.

    The lowest FMR of 1e-3, 1e-2 and 1e-1 at which a hundred non-mated comparisons
    match: fewer tell no groups apart. None where there are not even ten at 1e-1.
    """
    non_mated = comparisons.non_mated
    for fmr in (1e-3, 1e-2, 1e-1):
        if fmr * non_mated.total >= (_ENOUGH_ERRORS if fmr < 0.1 else 10):
            return non_mated.threshold_at(fmr), fmr
    return None


def named_groups(comparisons: Comparisons) -> tuple[str, ...]:
    """The groups that are compared: all but the rows without a label."""
    return tuple(name for name in comparisons.groups if name != UNLABELLED)


def spread(rates: dict[str, Rate], p_value: float | None) -> Spread:
    """Compare one rate between groups."""
    values = {name: rate.value for name, rate in rates.items() if rate.value}
    unresolved = tuple(name for name in rates if name not in values)
    if not values:
        return Spread(None, None, None, unresolved, p_value)
    worst = max(values, key=lambda name: values[name])
    hidden = max((rates[name].resolution or 1.0 for name in unresolved), default=0.0)
    known = worst if values[worst] >= hidden else None
    if len(values) < 2:
        return Spread(known, None, None, unresolved, p_value)
    numbers = np.array(list(values.values()))
    geometric_mean = float(np.exp(np.log(numbers).mean()))
    return Spread(
        known, values[worst] / geometric_mean, values[worst] / float(numbers.min()), unresolved, p_value
    )


def _rates_of(name: str, run: Run, weights: Floats, threshold: float) -> GroupRates:
    protocol, comparisons, failed = run.protocol, run.comparisons, run.failed
    mated, non_mated = comparisons.within(name)
    resampled = Resampled(comparisons, weights, [comparisons.cells.index((name, name))])
    code = protocol.groups.index(name)
    listed = protocol.pairs is not None
    inside = np.flatnonzero(protocol.group == code)
    return GroupRates(
        name=name,
        images=None if listed else len(inside),
        people=None if listed else len(np.unique(protocol.people[inside])),
        mated=mated.total,
        non_mated=non_mated.total,
        fmr=rate_at(non_mated, threshold, resampled.fmr(threshold)),
        fnmr=rate_at(mated, threshold, resampled.fnmr(threshold)),
        fta=None if listed else fta_of(protocol, failed, weights, code),
        fte=None if listed else fte_of(protocol, failed, weights, code),
        shift=_shift(non_mated.mean, comparisons.non_mated.mean, comparisons.non_mated.sd),
        mated_shift=_shift(mated.mean, comparisons.mated.mean, comparisons.mated.sd),
        det=trade_off(mated, non_mated),
    )


def _shift(mean: float, mean_of_all: float, sd_of_all: float) -> float | None:
    shift = (mean - mean_of_all) / sd_of_all if sd_of_all > 0 else np.nan
    return float(shift) if np.isfinite(shift) else None


def _cross(
    comparisons: Comparisons, names: tuple[str, ...], threshold: float
) -> tuple[tuple[Rate, ...], ...]:
    cells = {frozenset(cell): i for i, cell in enumerate(comparisons.cells)}
    between = {key: rate_at(comparisons.non_mated.of_cells([i]), threshold) for key, i in cells.items()}
    return tuple(tuple(between[frozenset((a, b))] for b in names) for a in names)


def _tests(
    run: Run, names: tuple[str, ...], threshold: float
) -> tuple[float | None, float | None, float | None]:
    """How likely chance alone makes the groups' FMR, FNMR and FTA differ as they do."""
    protocol, comparisons, failed = run.protocol, run.comparisons, run.failed
    codes = [protocol.groups.index(name) for name in names]
    if protocol.pairs is not None:
        counts = [
            [scores.of_cells([code]) for code in codes]
            for scores in (comparisons.non_mated, comparisons.mated)
        ]
        fmr, fnmr = (
            shuffle_pairs(
                np.array([cell.errors_at(threshold) for cell in cells]),
                np.array([cell.total for cell in cells]),
            )
            for cells in counts
        )
        return fmr, fnmr, None
    members = membership_of(protocol.people, protocol.group, len(protocol.groups))[codes]
    without, images_of = failed_by_person(np.arange(len(failed)), failed, protocol.people, members.shape[1])
    return (
        shuffle_people(members, lambda weights: Resampled(comparisons, weights).fmr(threshold)),
        shuffle_people(members, lambda weights: Resampled(comparisons, weights).fnmr(threshold)),
        shuffle_people(members, lambda weights: divide(weights @ without, weights @ images_of)),
    )


def membership_of(people: NDArray[np.int32], group: NDArray[np.int32], groups: int) -> NDArray[np.bool_]:
    """Which people belong to which group, (groups, people); one with images in several, to the most frequent.

    people, group: (images,) numbers of each image's person and group.
    """
    counts = np.zeros((int(people.max()) + 1, groups), np.int64)
    np.add.at(counts, (people, group), 1)
    return np.asarray(np.arange(groups)[:, None] == counts.argmax(axis=1))
