"""Who bears the errors: rates per group of the evaluator's own labels, the worst first.

All groups are held against one threshold, as they are in use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.evaluation.bootstrap import Resampled, divide
from visavis.evaluation.comparisons import Comparisons
from visavis.evaluation.failures import failed_by_person, fta_of, fte_of
from visavis.evaluation.protocols import UNLABELLED, Protocol
from visavis.evaluation.rates import Curve, Rate, rate_at, trade_off
from visavis.evaluation.run import Run
from visavis.evaluation.scores import Floats, Weights
from visavis.evaluation.shuffles import shuffle_people, stands_out

_ENOUGH_ERRORS = 100


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

    worst: None where a group that the sample does not resolve may be worse.
    worst_over_geometric_mean: NIST IR 8429's measure, of the groups that are resolved;
    worst_over_best: the plainer one, at least so much where the best group is only known to
    lie below a bound. None where they cannot be told. unresolved: groups without a rate. p_value: how
    often chance sets a group apart as much; None where it cannot be told. apart: whether
    the worst group's interval lies above that of another.
    """

    worst: str | None
    worst_over_geometric_mean: float | None
    worst_over_best: float | None
    unresolved: tuple[str, ...]
    p_value: float | None
    apart: bool


@dataclass(frozen=True, slots=True)
class Groups:
    """All groups at one threshold: that at which the FMR of all comparisons is `overall_fmr`.

    rates: the worst FMR first. shuffled: whether p-values are from labels given to other people. cross: FMR between each two groups, in the order of `names`;
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
    shuffled: bool


def measure_groups(run: Run, weights: Weights) -> Groups | None:
    """Rates of every group; None where there are fewer than two, or too few comparisons.

    weights: bootstrap draws, (replicates, people).
    """
    names = named_groups(run.comparisons)
    chosen = common_threshold(run.comparisons)
    if len(names) < 2 or chosen is None:
        return None
    threshold, overall_fmr = chosen
    rates = [_rates_of(name, run, weights, threshold) for name in names]
    tests = _tests(run, names, weights, threshold)
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
        _labels_can_be_shuffled(run.protocol),
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
    below = {name: rate.below or 1.0 for name, rate in rates.items() if name not in values}
    if not values:
        return Spread(None, None, None, tuple(below), p_value, apart=False)
    worst = max(values, key=lambda name: values[name])
    known = worst if values[worst] >= max(below.values(), default=0.0) else None
    best = min(*values.values(), *below.values()) if len(rates) > 1 else values[worst]
    numbers = np.array(list(values.values()))
    geometric_mean = float(np.exp(np.log(numbers).mean()))
    return Spread(
        known,
        values[worst] / geometric_mean if len(values) > 1 else None,
        values[worst] / best if best < values[worst] or len(values) > 1 else None,
        tuple(below),
        p_value,
        apart=(rates[worst].low or 0.0) > min(map(_upper_end, rates.values())),
    )


def _upper_end(rate: Rate) -> float:
    return rate.below or rate.high or 1.0


def _rates_of(name: str, run: Run, weights: Weights, threshold: float) -> GroupRates:
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


def _tests(run: Run, names: tuple[str, ...], weights: Weights, threshold: float) -> list[float | None]:
    """How likely chance alone makes the groups' FMR, FNMR and FTA differ as they do.

    Labels are given to other people, where each person bears one; else the bootstrap must do.
    """
    protocol = run.protocol
    codes = [protocol.groups.index(name) for name in names]
    if _labels_can_be_shuffled(protocol):
        members = membership_of(protocol.people, protocol.group, len(protocol.groups))[codes]
        return [shuffle_people(members, rate_of) for rate_of in _rates_by_weights(run, None, threshold)]
    listed = protocol.pairs is not None
    once = np.ones((1, weights.shape[1]))
    of_all, *of_groups = (_rates_by_weights(run, code, threshold) for code in (None, *codes))
    found: list[float | None] = [None] * 3
    for kind in range(2 if listed else 3):
        measured = np.array([rates_of[kind](once)[0] for rates_of in of_groups])
        drawn = np.stack([rates_of[kind](weights) for rates_of in of_groups])
        found[kind] = stands_out(measured, drawn, of_all[kind](weights))
    return found


def _rates_by_weights(run: Run, group: int | None, threshold: float) -> list[Callable[[Weights], Floats]]:
    """FMR, FNMR and FTA of a group, or of all, as functions of how often people count."""
    protocol, comparisons = run.protocol, run.comparisons
    name = None if group is None else protocol.groups[group]
    cells = None if name is None else [comparisons.cells.index((name, name))]
    images = np.arange(len(protocol.group)) if group is None else np.flatnonzero(protocol.group == group)
    count = int(protocol.people.max()) + 1
    without, images_of = failed_by_person(images, run.failed, protocol.people, count)
    return [
        lambda weights: Resampled(comparisons, weights, cells).fmr(threshold),
        lambda weights: Resampled(comparisons, weights, cells).fnmr(threshold),
        lambda weights: divide(weights @ without, weights @ images_of),
    ]


def _labels_can_be_shuffled(protocol: Protocol) -> bool:
    """Whether images bear the labels, and no person has images in two groups."""
    if protocol.pairs is not None:
        return False
    seen = np.unique(np.stack([protocol.people, protocol.group]), axis=1)
    return bool(len(np.unique(seen[0])) == seen.shape[1])


def membership_of(people: NDArray[np.int32], group: NDArray[np.int32], groups: int) -> NDArray[np.bool_]:
    """Which people belong to which group, (groups, people); people, group: (images,), one group each."""
    members = np.zeros((groups, int(people.max()) + 1), np.bool_)
    members[group, people] = True
    return members
