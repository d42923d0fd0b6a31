"""What a search asks for, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from visavis.comparison import DEFAULT_MAX_FMR, Calibration
from visavis.errors import SearchRateError
from visavis.faces import Face
from visavis.store.references import Reference

_ROUNDING = 1e-9
"""From a similarity to its score and back, so much is lost at most; whether a similarity is high enough is decided by itself."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How sure a candidate must be. max_fmr: per comparison; max_fpir: per search of a stranger in this gallery, instead of it.

    min_similarity: besides, 0 to 100. min_quality: of the face in the photo, 0 to 1. max_candidates: references to answer with, at most,
    1 to 4,096.
    """

    max_fmr: float = DEFAULT_MAX_FMR
    max_fpir: float | None = None
    min_similarity: float = 0.0
    min_quality: float = 0.0
    max_candidates: int = 4_096

    def threshold_score(self, calibration: Calibration, references: int) -> float:
        """The lowest score of a candidate; raises SearchRateError where the calibration does not reach the rate."""
        least = calibration.score_at(self.min_similarity) - _ROUNDING
        return max(self._score_of_rate(calibration, references), least)

    def _score_of_rate(self, calibration: Calibration, references: int) -> float:
        try:
            if self.max_fpir is not None:
                return calibration.threshold_for_searches(self.max_fpir, max(references, 1))
            return calibration.threshold_score(self.max_fmr) if self.max_fmr < 1 else -1.0
        except ValueError:
            raise SearchRateError from None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reference that may show the probe's person.

    score: -1 to 1; similarity: 0 to 100; fmr: how often a stranger scores that high,
    in the worst group measured, `fmr_extrapolated` where that rests on a fitted tail.
    """

    reference: Reference
    score: float
    similarity: float
    fmr: float
    fmr_extrapolated: bool

    @property
    def subject(self) -> str:
        """Whose reference it is."""
        return self.reference.subject

    @property
    def reference_id(self) -> UUID:
        """The id of the reference."""
        return UUID(bytes=self.reference.id)


@dataclass(frozen=True, slots=True)
class Identification:
    """What a search found. candidates: by falling similarity; threshold: the similarity that was asked for.

    references: how many were searched. face: the probe's, where it came as a photo. fpir: how often a search of this gallery finds somebody for a stranger at this threshold.
    too_large: the gallery is larger than its recogniser is calibrated for: 1 stranger in 100 or more is taken for somebody at whatever threshold.
    """

    candidates: tuple[Candidate, ...]
    threshold: float
    references: int
    fpir: float
    too_large: bool
    face: Face | None = None

    def people(self) -> tuple[Candidate, ...]:
        """The likest candidate of each person, by falling similarity."""
        best: dict[str, Candidate] = {}
        for candidate in self.candidates:
            best.setdefault(candidate.subject, candidate)
        return tuple(best.values())


DEFAULT_ASKED = Asked()
