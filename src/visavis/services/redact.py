"""Sparing people who agreed while everybody else in a photo is covered.

Of every face that could be enrolled a template is made, in memory, for the length of the call; nothing of it is kept. To spare a stranger is the harm
here, so more is asked of a match than of a search: a low rate for the gallery's size, and of several faces that are like one
person only the likest is spared. A person who is missed is merely covered.
"""

from __future__ import annotations

from collections.abc import Sequence

from visavis.audit.entry import Action, Counted
from visavis.detection import MIN_CONFIDENCE
from visavis.errors import SparedMeanwhileError
from visavis.faces import Face, Template
from visavis.imaging import ImageSource
from visavis.services.candidates import Asked, Candidate
from visavis.services.erase import sweep
from visavis.services.identify import Search, recognisers_searched, search_for
from visavis.services.photos import LEAST_QUALITY
from visavis.services.refusals import refusals_logged
from visavis.services.registry import Registry, store_id_of
from visavis.services.scoring import concerned
from visavis.services.work import working
from visavis.store.galleries import Gallery, gallery_with_id
from visavis.store.references import last_erasure_in

DEFAULT_MAX_FPIR = 1e-3
"""How often a stranger's face may be taken for somebody of the gallery and stay uncovered."""

_CANDIDATES = 64
"""References looked at for a face: of whom nobody is among the likest so many, is not spared."""


def spared(
    registry: Registry,
    gallery: Gallery,
    photo: ImageSource,
    faces: Sequence[Face],
    max_fpir: float = DEFAULT_MAX_FPIR,
) -> list[bool | None]:
    """Of each face of a photo, whether it is that of somebody of the gallery whose consent counts at this moment.

    None where it is too unsure or too poor to be compared. gallery: this one, and never another that has its name by now.
    max_fpir: per face of a stranger, 0 to 1. Raises UnknownGalleryError, SearchRateError where the gallery is too large for that
    rate, ImageError, ModelError and StoreError.
    """
    with refusals_logged(registry, Action.REDACT, gallery):
        places = [i for i, face in enumerate(faces) if _good_enough(face)]
        searches = _searches(registry, gallery, photo, [faces[i] for i in places], Asked(max_fpir=max_fpir))
        chosen = _log_spared(registry, gallery, searches)
    compared = {place: k in chosen for k, place in enumerate(places)}
    return [compared.get(i) for i in range(len(faces))]


def check(registry: Registry, gallery: Gallery, max_fpir: float = DEFAULT_MAX_FPIR) -> None:
    """See that people of a gallery can be spared so, before any photo is looked at.

    Raises SearchRateError, ModelError and StoreError.
    """
    size = sum(len(index) for index in registry.indexes.of(gallery.id).values())
    with refusals_logged(registry, Action.REDACT, gallery):
        for name in recognisers_searched(registry, gallery):
            Asked(max_fpir=max_fpir).threshold_score(registry.analyzer(name).calibration, size)


def mark_of(registry: Registry, gallery: Gallery) -> str:
    """A text that differs where people of another gallery are spared, one of the same name among them, and once anybody was erased from it."""
    store_id = store_id_of(registry) or b""
    with registry.store.read() as connection:
        return f"{store_id.hex()} {gallery.id.hex()} {last_erasure_in(connection, gallery.id)}"


def check_unchanged(registry: Registry, gallery: Gallery, mark: str) -> None:
    """See, before what was redacted is given away, that nobody whom it may show has been erased since. mark: as `mark_of` gave it before.

    Whoever's consent has expired is erased first. Raises SparedMeanwhileError where anybody of the gallery has been: whom it shows is
    not remembered. ClockError, KeyringError, StoreError.
    """
    sweep(registry)
    if mark_of(registry, gallery) != mark:
        raise SparedMeanwhileError


def _good_enough(face: Face) -> bool:
    """Of what is not surely a face, or too poor to be a reference, no template is made: it is covered."""
    return face.confidence >= MIN_CONFIDENCE and face.quality.score >= LEAST_QUALITY


def _searches(
    registry: Registry, gallery: Gallery, photo: ImageSource, faces: Sequence[Face], asked: Asked
) -> list[list[Search]]:
    """For each face its searches, one with each model that the gallery's references were made with."""
    indexes = registry.indexes.of(gallery.id)
    size = sum(len(index) for index in indexes.values())
    searches: list[list[Search]] = [[] for _ in faces]
    for name in recognisers_searched(registry, gallery):
        probes: list[Template | None] = [
            face.template for face in registry.analyzer(name).recognise(photo, faces)
        ]
        for own, probe in zip(searches, probes, strict=True):
            assert probe is not None
            own.append(search_for(registry, probe, indexes.get(probe.model.compatibility), asked, size))
    return searches


def _log_spared(registry: Registry, gallery: Gallery, searches: Sequence[Sequence[Search]]) -> set[int]:
    """The faces that are spared, by their numbers: what the indexes propose is read, opened and scored in the work that logs it."""
    with working(registry) as work:
        gallery = gallery_with_id(work.connection, gallery.id)
        found = [
            (number, candidate)
            for number, own in enumerate(searches)
            for search in own
            for candidate in search.candidates(work, gallery, _CANDIDATES)
        ]
        chosen = likest_pairs(found)
        references = [candidate.reference for candidate in chosen.values()]
        work.log(
            Action.REDACT,
            where=gallery,
            counts={Counted.PHOTOS: 1, Counted.FACES: len(searches), Counted.CANDIDATES: len(chosen)},
            people=concerned(references, registry.keyring.keys(r.grant_id for r in references)),
        )
    return set(chosen)


def likest_pairs(found: Sequence[tuple[int, Candidate]]) -> dict[int, Candidate]:
    """One person to a face and one face to a person, the likest pairs first; found: numbers of faces, each with a candidate."""
    chosen: dict[int, Candidate] = {}
    people: set[str] = set()
    order = sorted(found, key=lambda p: (-p[1].similarity, -p[1].score, p[0], p[1].reference.number))
    for number, candidate in order:
        if number not in chosen and candidate.subject not in people:
            chosen[number] = candidate
            people.add(candidate.subject)
    return chosen
