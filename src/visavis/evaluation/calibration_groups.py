"""The groups that a calibration is made from, and the rates it has a threshold for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.evaluation.bootstrap import Resampled
from visavis.evaluation.groups import named_groups
from visavis.evaluation.run import Run
from visavis.evaluation.scores import ScoreSet, Weights

RATES = (0.5, *(digit * 10.0**-power for power in range(1, 6) for digit in (2, 1, 0.5)), 2e-6, 1e-6)
"""The rates of a table, falling; before them stands the lowest score there is, at rate 1."""

_OWN_ERRORS = 30

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """One group of a run: its non-mated comparisons, and in which cell of the run they lie (all, if None)."""

    name: str
    run: Run
    cell: int | None

    @property
    def scores(self) -> ScoreSet:
        """The non-mated comparisons."""
        everything = self.run.comparisons.non_mated
        return everything if self.cell is None else everything.of_cells([self.cell])

    def resampled(self, weights: Weights) -> Resampled:
        """The group with its run's people counting by weights, (replicates, people)."""
        return Resampled(self.run.comparisons, weights, None if self.cell is None else [self.cell])


def groups_of(run: Run) -> list[Group]:
    """The groups that the evaluator named, or one of all where none is named."""
    names = named_groups(run.comparisons)
    if not names:
        return [Group(run.protocol.name, run, None)]
    cells = run.comparisons.cells
    return [Group(f"{run.protocol.name}: {name}", run, cells.index((name, name))) for name in names]


def speaks_for_itself(scores: ScoreSet, rate: float) -> bool:
    """Whether a group's own counts tell its threshold for a rate: thirty matches, and people enough."""
    return rate * scores.total >= _OWN_ERRORS and rate >= scores.resolution
