"""The groups that a calibration is made from, and the rates it has a threshold for."""

from __future__ import annotations

from dataclasses import dataclass

from visavis.evaluation.bootstrap import Resampled
from visavis.evaluation.groups import named_groups
from visavis.evaluation.run import Run
from visavis.evaluation.scores import ScoreSet, Weights

RATES = (0.5, *(digit * 10.0**-power for power in range(1, 6) for digit in (2, 1, 0.5)), 2e-6, 1e-6)
"""The rates of a table, falling; before them stands the lowest score there is, at rate 1."""

_OWN_ERRORS = 30


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """One group of a run: its non-mated comparisons, and in which cell of the run they lie (all, if None)."""

    name: str
    run: Run
    cell: int | None
    scores: ScoreSet

    def resampled(self, weights: Weights) -> Resampled:
        """The group with its run's people counting by weights, (replicates, people)."""
        return Resampled(self.run.comparisons, weights, None if self.cell is None else [self.cell])


def groups_of(run: Run) -> list[Group]:
    """The groups that the evaluator named, or one of all where none is named."""
    comparisons, protocol = run.comparisons, run.protocol
    names = named_groups(comparisons)
    if not names:
        return [Group(protocol.name, run, None, comparisons.non_mated)]
    cells = [comparisons.cells.index((name, name)) for name in names]
    return [
        Group(f"{protocol.name}: {name}", run, cell, comparisons.non_mated.of_cells([cell]))
        for name, cell in zip(names, cells, strict=True)
    ]


def speaks_for_itself(scores: ScoreSet, rate: float) -> bool:
    """Whether a group's own counts tell its threshold for a rate: thirty matches, and people enough."""
    return rate * scores.total >= _OWN_ERRORS and rate >= scores.resolution
