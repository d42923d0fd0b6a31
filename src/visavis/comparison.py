"""From two templates to a score, and from a score to what it means.

A score by itself says nothing: the same 0.4 is proof for one recogniser and
noise for another. A calibration says how often two different people score at
least that high (the false match rate, FMR, of ISO/IEC 19795-1); `similarity`
is that rate on a scale of 0 to 100, the same for every recogniser.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from visavis.errors import IncompatibleTemplatesError, NotCalibratedError
from visavis.faces import Template

DEFAULT_MAX_FMR = 1e-3
"""The false match rate asked for where nobody says otherwise: similarity 80."""

# Similarity at each power of ten of the false match rate, log-linear between.
_ANCHOR_LOG_FMR = (-6.0, -5.0, -4.0, -3.0, -2.0, 0.0)
_ANCHOR_SIMILARITY = (99.0, 95.0, 90.0, 80.0, 50.0, 0.0)


@dataclass(frozen=True, slots=True)
class Calibration:
    """A table from scores to false match rates, for the group in which they are worst.

    scores: rising. fmrs: falling, each the rate at the score beside it.
    resolved_fmr: below this rate the table rests on a fitted tail, not on counts.
    provenance: on what it was measured, for people to read.
    """

    name: str
    scores: tuple[float, ...]
    fmrs: tuple[float, ...]
    resolved_fmr: float
    provenance: str

    def fmr(self, score: float) -> float:
        """How often different people score at least this high; never below the table's last rate."""
        logs = np.log10(self.fmrs)
        return float(10 ** np.interp(score, self.scores, logs))

    def threshold_score(self, max_fmr: float) -> float:
        """The lowest score whose false match rate is at most `max_fmr`.

        Raises ValueError where the table does not reach that rate.
        """
        if not self.fmrs[-1] <= max_fmr <= 1:
            raise ValueError(f"a false match rate is asked for as a number from {self.fmrs[-1]:g} to 1")
        logs = np.log10(self.fmrs)
        return float(np.interp(-math.log10(max_fmr), -logs, self.scores))

    def similarity(self, score: float) -> float:
        """The score on the common scale: 0 to 100, where 80 is an FMR of 1e-3 and 99 one of 1e-6."""
        last = self.scores[-1]
        if score > last:
            top = similarity_at(self.fmrs[-1])
            return top + (100 - top) * min(1.0, (score - last) / (1 - last))
        return similarity_at(self.fmr(score))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the comparison of two faces says.

    score: cosine of the templates, -1 to 1, higher is closer. similarity: 0 to
    100. fmr: how often two different people look at least this alike, in the
    worst group measured; `fmr_extrapolated` where it rests on a fitted tail.
    threshold: the similarity that was asked for; match: whether it was reached.
    """

    score: float
    similarity: float
    fmr: float
    fmr_extrapolated: bool
    threshold: float
    match: bool


def similarity_at(fmr: float) -> float:
    """The similarity that stands for a false match rate."""
    return float(np.interp(math.log10(fmr), _ANCHOR_LOG_FMR, _ANCHOR_SIMILARITY))


def score_templates(a: Template, b: Template) -> float:
    """Cosine of two templates, -1 to 1; raises IncompatibleTemplatesError."""
    if a.model.compatibility != b.model.compatibility:
        raise IncompatibleTemplatesError(
            f"templates of {a.model.name} do not compare with templates of {b.model.name}"
        )
    return float(np.clip(np.dot(a.vector, b.vector), -1, 1))


def compare_templates(
    a: Template, b: Template, calibration: Calibration, max_fmr: float = DEFAULT_MAX_FMR
) -> Comparison:
    """Compare two templates at the false match rate one is ready to accept.

    Raises IncompatibleTemplatesError, and ValueError for a rate that the
    calibration does not reach.
    """
    threshold_score = calibration.threshold_score(max_fmr)
    score = score_templates(a, b)
    fmr = calibration.fmr(score)
    return Comparison(
        score=score,
        similarity=calibration.similarity(score),
        fmr=fmr,
        fmr_extrapolated=fmr < calibration.resolved_fmr,
        threshold=calibration.similarity(threshold_score),
        match=score >= threshold_score,
    )


@cache
def shipped_calibration(name: str) -> Calibration:
    """The calibration of that name that comes with visavis; raises NotCalibratedError."""
    path = resources.files("visavis") / "calibrations" / f"{name}.json"
    if not name or not path.is_file():
        raise NotCalibratedError
    table = json.loads(path.read_text("utf-8"))
    return Calibration(
        name=name,
        scores=tuple(point["score"] for point in table["points"]),
        fmrs=tuple(point["fmr"] for point in table["points"]),
        resolved_fmr=table["resolved_fmr"],
        provenance=table["provenance"],
    )
