"""What a score says on a scale of 0 to 100: by a calibration, or by the system itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

ASKED_OF_OTHERS = (80.0, 90.0, 95.0, 99.0)
"""Thresholds of which a report on another system speaks: Rekognition's default, and what its users raise it to."""


class Similarities(Protocol):
    """A scale of 0 to 100 for scores; `Calibration` is one."""

    def similarity(self, score: float) -> float:
        """The score on this scale."""
        ...

    def anchors(self) -> Sequence[tuple[float, float | None, float]]:
        """Similarities, the false match rates that they promise (None where they promise none), and their scores."""
        ...


@dataclass(frozen=True, slots=True)
class OwnSimilarities:
    """The scores of a system that are similarities of 0 to 100 themselves, and promise nothing."""

    def similarity(self, score: float) -> float:
        """The score itself."""
        return score

    def anchors(self) -> Sequence[tuple[float, float | None, float]]:
        """`ASKED_OF_OTHERS`, without a promise."""
        return [(similarity, None, similarity) for similarity in ASKED_OF_OTHERS]
