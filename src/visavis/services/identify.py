"""Identification: who of a gallery a face may be. Only people whose consent counts at that moment are found; the probe is never kept.

The index proposes, in memory and without a transaction. What is answered was read, opened and scored anew in the transaction that logs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from visavis.audit.entry import Action, Counted
from visavis.comparison import Calibration
from visavis.errors import NoFaceError, UnknownReferenceError
from visavis.faces import Face, ModelIdentity, Template, Vector
from visavis.services.candidates import DEFAULT_ASKED, Asked, Candidate, Identification
from visavis.services.galleries import SEARCH_FPIR, find
from visavis.services.refusals import refusals_logged
from visavis.services.registry import Registry
from visavis.services.scoring import check_template, concerned, open_vectors, score_references
from visavis.services.work import Work, working
from visavis.store.galleries import Gallery, find_gallery, recognisers_of
from visavis.store.index import TemplateIndex
from visavis.store.references import Reference, references_at, references_with_ids

_FIRST_WANTED, _FURTHER = 64, 8
"""Few references score as high as is asked for, and to keep thousands in order takes longer than the scan: so few are wanted at first."""


def identify_photo(
    registry: Registry, gallery_name: str, photo: bytes, asked: Asked = DEFAULT_ASKED
) -> Identification:
    """Search a gallery for the largest face of a photo, with every model that its references were made with.

    Raises UnknownGalleryError, NoFaceError (too poor a face included), ImageError, ModelError, SearchRateError and StoreError.
    """
    gallery = find(registry, gallery_name)
    with refusals_logged(registry, Action.IDENTIFY, gallery):
        faces = probes_of(registry, gallery, photo)
        if faces[0].quality.score < asked.min_quality:
            raise NoFaceError("there is no face of the quality that was asked for in the photo")
    found = identify(registry, gallery_name, [face.template for face in faces if face.template], asked)
    return replace(found, face=faces[0])


def probes_of(registry: Registry, gallery: Gallery, photo: bytes) -> list[Face]:
    """The largest face of a photo, with a template of each model that the gallery is searched with; at least one."""
    return [registry.analyzer(name).largest(photo) for name in recognisers_searched(registry, gallery)]


def recognisers_searched(registry: Registry, gallery: Gallery) -> list[str]:
    """The models that a probe needs a template of: those of the references, or that of new ones where there are none."""
    indexes = registry.indexes.of(gallery.id)
    with registry.store.read() as connection:
        used = recognisers_of(connection, [name for name, index in indexes.items() if len(index)])
    return list(dict.fromkeys(used)) or [gallery.recogniser]


def identify_reference(
    registry: Registry, gallery_name: str, reference_id: bytes, asked: Asked = DEFAULT_ASKED
) -> Identification:
    """Search a gallery for the face of one of its references, which itself is not among the candidates.

    Raises UnknownReferenceError where there is none of that id whose person agrees, and as `identify`.
    """
    gallery = find(registry, gallery_name)
    with refusals_logged(registry, Action.IDENTIFY, gallery):
        with registry.store.read() as connection:
            reference = live_reference(connection, gallery, reference_id, registry.clock())
        opened = open_vectors([reference], registry.keyring.keys([reference.grant_id]))
        if not opened:
            raise UnknownReferenceError
        template = Template(
            opened[0][1], ModelIdentity(reference.recogniser, "", "", reference.compatibility)
        )
    return _identify(registry, gallery, [template], asked, reference_id)


def live_reference(connection: Connection, gallery: Gallery, reference_id: bytes, now: int) -> Reference:
    """The reference of that id whose person agrees; raises UnknownReferenceError."""
    found = references_with_ids(connection, gallery.id, [reference_id])
    if not found or not found[0].lives(now):
        raise UnknownReferenceError
    return found[0]


def identify(
    registry: Registry, gallery_name: str, probes: Sequence[Template], asked: Asked = DEFAULT_ASKED
) -> Identification:
    """Search a gallery for one face, given as a template of each model that its references were made with; at least one."""
    return _identify(registry, find(registry, gallery_name), probes, asked)


def _identify(
    registry: Registry,
    gallery: Gallery,
    probes: Sequence[Template],
    asked: Asked,
    searched: bytes | None = None,
) -> Identification:
    """searched: the id of the reference that the probe is."""
    with refusals_logged(registry, Action.IDENTIFY, gallery):
        indexes = registry.indexes.of(gallery.id)
        size = sum(len(index) for index in indexes.values())
        searches = [
            search_for(registry, probe, indexes.get(probe.model.compatibility), asked, size)
            for probe in probes
        ]
        candidates = _candidates(registry, gallery.name, searches, asked, searched)
    calibration, threshold = searches[0].calibration, searches[0].threshold_score
    return Identification(
        candidates=candidates,
        threshold=calibration.similarity(threshold),
        references=size,
        fpir=calibration.fpir(threshold, size),
        too_large=size > calibration.largest_gallery(SEARCH_FPIR),
    )


def _candidates(
    registry: Registry,
    gallery_name: str,
    searches: Sequence[Search],
    asked: Asked,
    searched: bytes | None,
) -> tuple[Candidate, ...]:
    """Read, open and score what the indexes propose, and log it."""
    with working(registry) as work:
        gallery = find_gallery(work.connection, gallery_name)
        probe = [] if searched is None else [live_reference(work.connection, gallery, searched, work.now)]
        found = [
            c
            for search in searches
            for c in search.candidates(work, gallery, asked.max_candidates + len(probe))
        ]
        found = [c for c in found if c.reference.id != searched and c.similarity >= asked.min_similarity]
        found.sort(key=lambda candidate: (-candidate.similarity, -candidate.score))
        found = found[: asked.max_candidates]
        references = [*probe, *(candidate.reference for candidate in found)]
        work.log(
            Action.IDENTIFY,
            where=gallery,
            counts={Counted.FACES: 1, Counted.CANDIDATES: len(found)},
            people=concerned(references, registry.keyring.keys(r.grant_id for r in references)),
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Search:
    """A probe and the references of its model."""

    probe: Vector
    calibration: Calibration
    threshold_score: float
    index: TemplateIndex | None

    def candidates(self, work: Work, gallery: Gallery, count: int) -> list[Candidate]:
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
                return [self._candidate(r, s) for r, s in scored if s >= self.threshold_score]
            wanted = min(_FURTHER * wanted, count + gone)

    def _candidate(self, reference: Reference, score: float) -> Candidate:
        fmr = self.calibration.fmr(score)
        return Candidate(
            reference=reference,
            score=score,
            similarity=self.calibration.similarity(score),
            fmr=fmr,
            fmr_extrapolated=fmr < self.calibration.resolved_fmr,
        )


def search_for(
    registry: Registry, probe: Template, index: TemplateIndex | None, asked: Asked, size: int
) -> Search:
    """What finds the references of the probe's model that are like it. size: of the gallery. Raises SearchRateError."""
    check_template(probe)
    calibration = registry.analyzer(probe.model.name).calibration
    return Search(probe.vector, calibration, asked.threshold_score(calibration, size), index)
