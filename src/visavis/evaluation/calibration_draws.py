"""How sure the thresholds of a calibration are: people drawn again, and all done again with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from visavis.evaluation.bootstrap import Interval, Resampled, draw_people, interval
from visavis.evaluation.calibration_groups import RATES, Group, speaks_for_itself
from visavis.evaluation.scores import Floats, Weights
from visavis.evaluation.tails import Tail, fit_tail

_DRAWS = 200
_TAIL_BEGINS = 1.1  # the tail's own rate is a count, and so only about a round number


def threshold_intervals(groups: Sequence[Group], tail: Tail) -> list[Interval | None]:
    """How sure each threshold beside `RATES` is, by drawing people and doing all again.

    None above the tail's rate. The mean and the deviation of a group of which
    only the hardest comparisons are kept are taken as known: so many tell them well.
    """
    weights = {
        id(run): draw_people(int(run.comparisons.people.max()) + 1, _DRAWS) for run in (g.run for g in groups)
    }
    drawn = [_Drawn.of(group, weights[id(group.run)], tail.start) for group in groups]
    found: list[Interval | None] = []
    tails = [
        fit_tail(
            np.concatenate([d.standard(i) for d in drawn]),
            tail.start,
            sum(d.totals[i] for d in drawn),
            np.concatenate([d.counts[i] for d in drawn]),
        )
        for i in range(_DRAWS)
    ]
    for rate in RATES:
        if rate > _TAIL_BEGINS * tail.rate:
            found.append(None)
            continue
        z = np.array([float(t.score(np.array([rate]))[0]) for t in tails])
        found.append(interval(np.max([d.thresholds(rate, z) for d in drawn], axis=0)))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """A group in every draw: totals, means, sds (draws,), and how often each kept comparison counts (draws, kept)."""

    group: Group
    resampled: Resampled
    scores: Floats
    counts: Floats
    totals: Floats
    means: Floats
    sds: Floats

    @classmethod
    def of(cls, group: Group, weights: Weights, start: float) -> _Drawn:
        """Draw a group; of one that is not kept whole, scores below `start` deviations are not needed."""
        kept, people = group.scores, group.run.comparisons.people
        resampled = group.resampled(weights)
        needed = kept.scores >= (-np.inf if kept.complete else kept.mean + kept.sd * start)
        counts = weights[:, people[kept.probe[needed]]] * weights[:, people[kept.reference[needed]]]
        means, sds = np.full(len(weights), kept.mean), np.full(len(weights), kept.sd)
        if kept.complete:
            totals = resampled.non_mated_total
            means = counts @ kept.scores / totals
            sds = np.sqrt(np.maximum(counts @ kept.scores**2 / totals - means**2, 0))
        return cls(group, resampled, kept.scores[needed], counts, resampled.non_mated_total, means, sds)

    def standard(self, draw: int) -> Floats:
        """The scores, standardised as this draw would."""
        return np.asarray((self.scores - self.means[draw]) / self.sds[draw])

    def thresholds(self, rate: float, z: Floats) -> Floats:
        """The group's threshold for a rate in each draw; z: (draws,) the pooled curve's."""
        pooled = self.means + self.sds * z
        if not speaks_for_itself(self.group.scores, rate):
            return np.asarray(pooled)
        return np.fmax(pooled, self.resampled.thresholds(rate))
