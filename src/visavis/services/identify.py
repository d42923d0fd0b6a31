"""Identification: who of a gallery a face may be. Only people whose consent counts at that moment are found; the probe is never kept.

The index proposes, in memory and without a transaction. What is answered was read, opened and scored anew in the transaction that logs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from visavis.audit.entry import Action, Counted
from visavis.comparison import DEFAULT_MAX_FMR, Calibration
from visavis.errors import SearchRateError
from visavis.faces import Template, Vector
from visavis.services.galleries import SEARCH_FPIR, find
from visavis.services.refusals import refusals_logged
from visavis.services.registry import Registry
from visavis.services.scoring import check_template, concerned, score_references
from visavis.services.work import Work, working
from visavis.store.galleries import Gallery, find_gallery, recognisers_of
from visavis.store.index import TemplateIndex
from visavis.store.references import Reference, references_at

_FIRST_WANTED, _FURTHER = 64, 8
"""Few references score as high as is asked for, and to keep thousands in order takes longer than the scan: so few are wanted at first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How sure a candidate must be. max_fmr: per comparison; max_fpir: per search of a stranger in this gallery, instead of it.

    max_candidates: references to answer with, at most, 1 to 4,096.
    """

    max_fmr: float = DEFAULT_MAX_FMR
    max_fpir: float | None = None
    max_candidates: int = 4_096

    def threshold_score(self, calibration: Calibration, references: int) -> float:
        """The lowest score of a candidate; raises SearchRateError where the calibration does not reach the rate."""
        try:
            if self.max_fpir is None:
                return calibration.threshold_score(self.max_fmr)
            return calibration.threshold_for_searches(self.max_fpir, max(references, 1))
        except ValueError:
            raise SearchRateError from None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reference that may show the probe's person.

    score: -1 to 1; similarity: 0 to 100; fmr: how often a stranger scores that high,
    in the worst group measured, `fmr_extrapolated` where that rests on a fitted tail.
    """

    subject: str
    reference_id: UUID
    label: str
    score: float
    similarity: float
    fmr: float
    fmr_extrapolated: bool

    def __repr__(self) -> str:
        return f"Candidate(similarity={self.similarity:.1f})"


@dataclass(frozen=True, slots=True)
class Identification:
    """What a search found. candidates: by falling similarity; threshold: the similarity that was asked for.

    references: how many were searched. fpir: how often a search of this gallery finds somebody for a stranger at this threshold.
    too_large: the gallery is larger than its recogniser is calibrated for: 1 stranger in 100 or more is taken for somebody at whatever threshold.
    """

    candidates: tuple[Candidate, ...]
    threshold: float
    references: int
    fpir: float
    too_large: bool

    def people(self) -> tuple[Candidate, ...]:
        """The likest candidate of each person, by falling similarity."""
        best: dict[str, Candidate] = {}
        for candidate in self.candidates:
            best.setdefault(candidate.subject, candidate)
        return tuple(best.values())


DEFAULT_ASKED = Asked()


def identify_photo(
    registry: Registry, gallery_name: str, photo: bytes, asked: Asked = DEFAULT_ASKED
) -> Identification:
    """Search a gallery for the largest face of a photo, with every model that its references were made with.

    Raises UnknownGalleryError, NoFaceError, ImageError, ModelError, SearchRateError and StoreError.
    """
    gallery = find(registry, gallery_name)
    with refusals_logged(registry, Action.IDENTIFY, gallery):
        indexes = registry.indexes.of(gallery.id)
        with registry.store.read() as connection:
            used = recognisers_of(connection, [name for name, index in indexes.items() if len(index)])
        recognisers = used or [gallery.recogniser]
        templates = []
        for recogniser in dict.fromkeys(recognisers):
            template = registry.analyzer(recogniser).largest(photo).template
            assert template is not None
            templates.append(template)
    return identify(registry, gallery_name, templates, asked)


def identify(
    registry: Registry, gallery_name: str, probes: Sequence[Template], asked: Asked = DEFAULT_ASKED
) -> Identification:
    """Search a gallery for one face, given as a template of each model that its references were made with; at least one."""
    gallery = find(registry, gallery_name)
    with refusals_logged(registry, Action.IDENTIFY, gallery):
        indexes = registry.indexes.of(gallery.id)
        size = sum(len(index) for index in indexes.values())
        searches = [
            _search(registry, probe, indexes.get(probe.model.compatibility), asked, size) for probe in probes
        ]
        candidates = _candidates(registry, gallery_name, searches, asked.max_candidates)
    calibration, threshold = searches[0].calibration, searches[0].threshold_score
    return Identification(
        candidates=candidates,
        threshold=calibration.similarity(threshold),
        references=size,
        fpir=calibration.fpir(threshold, size),
        too_large=size > calibration.largest_gallery(SEARCH_FPIR),
    )


def _candidates(
    registry: Registry, gallery_name: str, searches: Sequence[_Search], count: int
) -> tuple[Candidate, ...]:
    """Read, open and score what the indexes propose, and log it."""
    with working(registry) as work:
        gallery = find_gallery(work.connection, gallery_name)
        found = [pair for search in searches for pair in search.candidates(work, gallery, count)]
        found.sort(key=lambda pair: (-pair[1].similarity, -pair[1].score))
        found = found[:count]
        keys = registry.keyring.keys(reference.grant_id for reference, _ in found)
        work.log(
            Action.IDENTIFY,
            where=gallery,
            counts={Counted.FACES: 1, Counted.CANDIDATES: len(found)},
            people=concerned((reference for reference, _ in found), keys),
        )
    return tuple(candidate for _, candidate in found)


@dataclass(frozen=True, slots=True)
class _Search:
    """A probe and the references of its model."""

    probe: Vector
    calibration: Calibration
    threshold_score: float
    index: TemplateIndex | None

    def candidates(self, work: Work, gallery: Gallery, count: int) -> list[tuple[Reference, Candidate]]:
        """At least the best `count` of those that live, as the transaction sees them."""
        if self.index is None:
            return []
        wanted = min(count, _FIRST_WANTED)
        while True:
            numbers = self.index.propose(self.probe, wanted, self.threshold_score)
            read = references_at(work.connection, numbers.tolist()).values()
            live = [r for r in read if r.gallery_id == gallery.id and r.lives(work.now)]
            scored = score_references(work.registry.keyring, live, self.probe)
            gone = len(numbers) - len(scored)
            # Of the best `wanted` at most `gone` are gone; what is proposed besides them may be less alike than what is not.
            if wanted - gone >= count or len(numbers) < wanted:
                return [(r, self._candidate(r, s)) for r, s in scored if s >= self.threshold_score]
            wanted = min(_FURTHER * wanted, count + gone)

    def _candidate(self, reference: Reference, score: float) -> Candidate:
        fmr = self.calibration.fmr(score)
        return Candidate(
            subject=reference.subject,
            reference_id=UUID(bytes=reference.id),
            label=reference.label,
            score=score,
            similarity=self.calibration.similarity(score),
            fmr=fmr,
            fmr_extrapolated=fmr < self.calibration.resolved_fmr,
        )


def _search(
    registry: Registry, probe: Template, index: TemplateIndex | None, asked: Asked, size: int
) -> _Search:
    check_template(probe)
    calibration = registry.analyzer(probe.model.name).calibration
    return _Search(probe.vector, calibration, asked.threshold_score(calibration, size), index)
