"""From two templates to a score, and from a score to what it means.

A score by itself says nothing: the same 0.4 is proof for one recogniser and
noise for another. A calibration says how often two different people score at
least that high (the false match rate, FMR, of ISO/IEC 19795-1); `similarity`
is that rate on a scale of 0 to 100, the same for every recogniser.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path

import numpy as np

from visavis.errors import CalibrationError, IncompatibleTemplatesError, NotCalibratedError
from visavis.faces import Template

DEFAULT_MAX_FMR = 1e-3
"""The false match rate asked for where nobody says otherwise: similarity 80."""

ANCHORS = ((99.0, 1e-6), (95.0, 1e-5), (90.0, 1e-4), (80.0, 1e-3), (50.0, 1e-2), (0.0, 1.0))
"""Similarities and the false match rates that they stand for; log-linear between."""


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

    def threshold_for_searches(self, max_fpir: float, gallery: int) -> float:
        """The lowest score at which a stranger's search in a gallery of that size finds someone this seldom.

        max_fpir: the false positive identification rate one is ready to accept. A search is as
        many comparisons as there are references, taken as independent: FPIR = 1 - (1 - FMR)^N.
        Raises ValueError where the table does not reach the rate that this asks for.
        """
        return self.threshold_score(-math.expm1(math.log1p(-max_fpir) / gallery))

    def fpir(self, score: float, gallery: int) -> float:
        """How often a stranger's search in a gallery of that size finds somebody at this score or above, as `threshold_for_searches` has it."""
        fmr = self.fmr(score)
        return -math.expm1(gallery * math.log1p(-fmr)) if fmr < 1 else float(gallery > 0)

    def largest_gallery(self, max_fpir: float) -> int:
        """The most references that `threshold_for_searches` has a threshold for at this rate."""
        return int(math.log1p(-max_fpir) / math.log1p(-self.fmrs[-1]))

    def anchors(self) -> list[tuple[float, float, float]]:
        """Similarity, false match rate and threshold score of each of `ANCHORS` above 0 that the table reaches."""
        reached = [(similarity, fmr) for similarity, fmr in sorted(ANCHORS) if self.fmrs[-1] <= fmr < 1]
        return [(similarity, fmr, self.threshold_score(fmr)) for similarity, fmr in reached]

    def similarity(self, score: float) -> float:
        """The score on the common scale: 0 to 100, where 80 is an FMR of 1e-3 and 99 one of 1e-6."""
        last = self.scores[-1]
        if score > last:
            top = similarity_at(self.fmrs[-1])
            return top + (100 - top) * min(1.0, (score - last) / (1 - last))
        return similarity_at(self.fmr(score))

    def score_at(self, similarity: float) -> float:
        """The lowest score that has this similarity, 0 to 100: the inverse of `similarity`, -1 where every score has it."""
        last, top = self.scores[-1], similarity_at(self.fmrs[-1])
        if similarity > top:
            return last + (1 - last) * (similarity - top) / (100 - top)
        fmr = fmr_at(similarity)
        return self.threshold_score(max(fmr, self.fmrs[-1])) if fmr < self.fmrs[0] else -1.0


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
    similarities, fmrs = zip(*ANCHORS, strict=True)
    return float(np.interp(math.log10(fmr), np.log10(fmrs), similarities))


def fmr_at(similarity: float) -> float:
    """The false match rate that a similarity stands for, 0 to 100; beyond the last anchor that of the last."""
    similarities, fmrs = zip(*reversed(ANCHORS), strict=True)
    return float(10 ** np.interp(similarity, similarities, np.log10(fmrs)))


def score_templates(a: Template, b: Template) -> float:
    """Cosine of two templates, -1 to 1; raises IncompatibleTemplatesError."""
    _check_compatible(a, b)
    return float(np.clip(np.dot(a.vector, b.vector), -1, 1))


def mean_template(templates: Sequence[Template]) -> Template:
    """One template for several photos of one person: the mean of theirs, of unit length.

    With five photos in place of one, about a sixth as many people are missed at the same false match
    rate (benchmarks/templates.py); weighting by quality was measured and is no better. Scores of means
    run higher, of strangers too: at a given threshold their FMR is up to twice what the calibration of
    single photos says. Raises IncompatibleTemplatesError, and ValueError where there is no
    template or where they cancel out.
    """
    if not templates:
        raise ValueError("a mean needs at least one template")
    model = templates[0].model
    for template in templates:
        _check_compatible(templates[0], template)
    mean = np.mean([template.vector for template in templates], axis=0, dtype=np.float64)
    length = float(np.linalg.norm(mean))
    if length < 1e-6:
        raise ValueError("the templates cancel out: they are not of one person")
    vector = np.asarray(mean / length, np.float32)
    vector.flags.writeable = False
    return Template(vector, model)


def _check_compatible(a: Template, b: Template) -> None:
    if a.model.compatibility != b.model.compatibility:
        raise IncompatibleTemplatesError(
            f"templates of {a.model.name} do not compare with templates of {b.model.name}"
        )


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


def find_calibration(name: str, folder: Path, shipped: str = "") -> Calibration:
    """The calibration of that name: one that a user made, in `folder`, else the one that comes with visavis.

    shipped: the name of the latter, where it is another. Raises NotCalibratedError where
    there is none, CalibrationError where it is damaged.
    """
    own = folder / f"{name}.json"
    if not name or not own.is_file():
        return shipped_calibration(shipped or name)
    try:
        return parse_calibration(own.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise CalibrationError from None


@cache
def shipped_calibration(name: str) -> Calibration:
    """The calibration of that name that comes with visavis; raises NotCalibratedError."""
    path = resources.files("visavis") / "calibrations" / f"{name}.json"
    if not name or not path.is_file():
        raise NotCalibratedError
    return parse_calibration(path.read_text("utf-8"))


def parse_calibration(text: str) -> Calibration:
    """Read a table as `visavis calibrate` writes it; raises CalibrationError."""
    try:
        table = json.loads(text)
        calibration = Calibration(
            name=str(table["name"]),
            scores=tuple(float(point["score"]) for point in table["points"]),
            fmrs=tuple(float(point["fmr"]) for point in table["points"]),
            resolved_fmr=float(table["resolved_fmr"]),
            provenance=str(table["provenance"]),
        )
    except (ValueError, KeyError, TypeError):
        raise CalibrationError from None
    if not (
        _rising((*calibration.scores, 1.0))
        and _rising([-fmr for fmr in calibration.fmrs])
        and calibration.fmrs[-1] > 0
    ):
        raise CalibrationError
    return calibration


def _rising(values: Sequence[float]) -> bool:
    finite = all(math.isfinite(value) for value in values)
    return len(values) > 1 and finite and all(a < b for a, b in pairwise(values))
