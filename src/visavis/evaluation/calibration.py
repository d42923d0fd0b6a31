"""From scores to the table behind `similarity` and `fmr`: the worst group's false match rate at each score.

1. Each group's non-mated scores are brought to mean 0 and standard deviation 1,
   and all groups are pooled: one curve from a rate to a standardised score. Beyond its
   rarest part it is a fitted tail (peaks over threshold).
2. A group's threshold for a rate is that curve at its own mean and deviation, or
   what its own comparisons ask for, where they suffice and ask for more.
3. The table takes the group that asks for most, at every rate.

So a small group speaks through its mean and its spread, which few people tell
well enough, and borrows the shape of the tail, which only many can tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from visavis.errors import EvaluationError
from visavis.evaluation.bootstrap import Interval
from visavis.evaluation.calibration_draws import threshold_intervals
from visavis.evaluation.calibration_groups import RATES, Group, groups_of, speaks_for_itself
from visavis.evaluation.run import Run
from visavis.evaluation.scores import Floats, ScoreSet
from visavis.evaluation.tails import Tail, fit_tail

MIN_PAIRS_OF_PEOPLE = 100
"""What a group needs to speak in a table: the pairs of 15 people."""

MIN_POOLED = 1_000
"""Pairs of people in all groups together: fewer do not tell the shape of a tail."""

_RAREST, _PEAKS, _LARGEST_SHARE = 1e-3, 250, 0.1
_Z = np.arange(-4.0, 12.0, 0.002)


@dataclass(frozen=True, slots=True)
class GroupCurve:
    """One group's part: thresholds beside `RATES`, and the lowest rate its own sample resolves."""

    name: str
    comparisons: int
    pairs_of_people: int
    mean: float
    sd: float
    resolution: float
    thresholds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """thresholds: (rates,) of the worst group for each of `RATES`; worst: which that is.

    intervals: 95 % of each threshold by drawing people, None above the tail's rate.
    groups: the most demanding first, at similarity 80. left_out: groups too small to
    speak. resolved_fmr: below it the group that sets the table is not measured but
    extrapolated. tail: in standard deviations.
    """

    thresholds: tuple[float, ...]
    intervals: tuple[Interval | None, ...]
    worst: tuple[str, ...]
    groups: tuple[GroupCurve, ...]
    left_out: tuple[str, ...]
    resolved_fmr: float
    tail: Tail


def make_table(runs: Sequence[Run]) -> Table:
    """Calibrate from finished runs of one recogniser; raises EvaluationError where no group is large enough."""
    groups = [group for run in runs for group in groups_of(run)]
    large = [group for group in groups if group.scores.distinct_in_all >= MIN_PAIRS_OF_PEOPLE]
    pooled = sum(group.scores.distinct_in_all for group in large)
    if pooled < MIN_POOLED:
        raise EvaluationError(
            f"these runs hold {pooled:,} pairs of different people within groups large enough, fewer than {MIN_POOLED:,}",
            hint="evaluate more people: some 50 of one group, or more groups of 15 and more",
        )
    standard, tail = pooled_curve([group.scores for group in large])
    curves = [_curve(group, standard) for group in large]
    every = np.array([curve.thresholds for curve in curves])
    worst = [curves[i] for i in every.argmax(axis=0)]
    resolved = [rate for rate, curve in zip(RATES, worst, strict=True) if rate >= curve.resolution]
    at_80 = RATES.index(1e-3)
    return Table(
        tuple(float(score) for score in np.maximum.accumulate(every.max(axis=0))),
        tuple(threshold_intervals(large, tail)),
        tuple(curve.name for curve in worst),
        tuple(sorted(curves, key=lambda curve: -curve.thresholds[at_80])),
        tuple(group.name for group in groups if group not in large),
        min(resolved, default=1.0),
        tail,
    )


def pooled_curve(groups: Sequence[ScoreSet]) -> tuple[Floats, Tail]:
    """The standardised score that belongs to each of `RATES`, (rates,), and the tail beyond.

    Raises EvaluationError where scores are so much alike that there is no tail.
    """
    if not all(scores.sd > 0 for scores in groups):
        raise EvaluationError("the scores of a group do not differ")
    total = sum(scores.total for scores in groups)
    matched = np.sum([scores.errors(scores.mean + scores.sd * _Z) for scores in groups], axis=0)
    tail_rate = min(_LARGEST_SHARE, max(_RAREST, _PEAKS / total))
    start = float(_Z[np.argmax(matched <= tail_rate * total)])
    peaks = [(s.scores - s.mean) / s.sd for s in groups]
    tail = fit_tail(np.concatenate(peaks), start, total)
    # Counts rise with falling scores, so both are turned round to interpolate.
    counted = np.interp(np.array(RATES) * total, matched[::-1], _Z[::-1])
    return np.where(np.array(RATES) >= tail.rate, counted, tail.score(np.array(RATES))), tail


def _curve(group: Group, standard: Floats) -> GroupCurve:
    scores = group.scores
    thresholds = scores.mean + scores.sd * standard
    for i, rate in enumerate(RATES):
        if speaks_for_itself(scores, rate):
            thresholds[i] = max(thresholds[i], scores.threshold_at(rate))
    return GroupCurve(
        group.name,
        scores.total,
        scores.distinct_in_all,
        scores.mean,
        scores.sd,
        scores.resolution,
        tuple(float(threshold) for threshold in thresholds),
    )
