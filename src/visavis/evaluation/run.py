"""A finished run: who was compared, and what came out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.evaluation.comparisons import Comparisons
from visavis.evaluation.protocols import Protocol
from visavis.evaluation.similarities import Similarities


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A finished run, before its figures are drawn.

    errors: (images,) why an image has no template, empty where it has one; () where scores were given.
    calibration: what turns scores into similarities, None where there is none.
    """

    protocol: Protocol
    comparisons: Comparisons
    errors: tuple[str, ...]
    calibration: Similarities | None

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Which images gave no template, (images,)."""
        if not self.errors:
            return np.zeros(len(self.protocol.images), np.bool_)
        return np.array([bool(error) for error in self.errors])
