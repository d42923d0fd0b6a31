"""Who of a gallery is in a stretch of a film. Only people whose consent counts at that moment are found; of the others nothing is kept, not even that they were there.

As in `identify`, the indexes propose, and what is kept was read, opened and scored anew in the transaction that logs it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from visavis.audit.entry import MAX_COMMITMENTS, Action, Counted
from visavis.comparison import Calibration
from visavis.faces import Face, Template, Vector
from visavis.services.candidates import Asked
from visavis.services.film_faces import pack
from visavis.services.registry import Registry
from visavis.services.scoring import check_template, concerned, exact_score, open_vectors
from visavis.services.tags import fpir_of
from visavis.services.work import Work
from visavis.store.film_faces import NewFilmFace, people_found
from visavis.store.galleries import Gallery
from visavis.store.jobs import Job
from visavis.store.references import Reference, references_at
from visavis.store.tags import tags_of

MAX_MATCHES = 10
"""References that are kept of a face, the likest."""

_PROPOSED = 64
_IN_A_LEAF = MAX_COMMITMENTS // 3
"""References to a leaf: of each, its person's grant, their name and itself, at most, are committed to."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A face at a time of the film, with a template of each model that the gallery is searched with; these live as long as a stretch is worked on."""

    at_ms: int
    face: Face
    probes: Sequence[Template] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Proposed:
    """What an index proposes for a probe: numbers of references."""

    sighting: Sighting
    probe: Vector
    calibration: Calibration
    threshold_score: float
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Match:
    reference: Reference
    similarity: float


@dataclass(frozen=True, slots=True)
class Search:
    """What the indexes propose for the sightings of a stretch."""

    min_similarity: float
    sightings: int
    _proposed: Sequence[_Proposed]

    def found(self, work: Work, gallery: Gallery, job: Job) -> tuple[list[NewFilmFace], int]:
        """The faces of people who were found, in the order of time, and how many people that job has found so far. It is logged.

        Each face is of one person, of whom its likest reference is.
        """
        vectors = _vectors(work, gallery, {n for proposed in self._proposed for n in proposed.numbers})
        numbers, people, faces = people_found(work.connection, job.number), job.people, []
        answered: dict[int, Reference] = {}
        for sighting, matches in self._matches(vectors):
            grant = matches[0].reference.grant_id
            if grant not in numbers:
                numbers[grant], people = people, people + 1
            answered.update((match.reference.number, match.reference) for match in matches)
            similarities = {match.reference.number: match.similarity for match in matches}
            own = matches[0].reference.number, numbers[grant]
            faces.append(NewFilmFace(sighting.at_ms, pack(sighting.face), *own, similarities))
        counts = {Counted.FACES: self.sightings, Counted.CANDIDATES: len(answered)}
        log_people(work, Action.IDENTIFY, gallery, counts, list(answered.values()))
        return faces, people

    def _matches(
        self, vectors: Mapping[int, tuple[Reference, Vector]]
    ) -> Iterator[tuple[Sighting, list[_Match]]]:
        """Each sighting that is like somebody, with the references that it is like, the likest first."""
        by_sighting: dict[int, tuple[Sighting, list[_Match]]] = {}
        for proposed in self._proposed:
            _, matches = by_sighting.setdefault(id(proposed.sighting), (proposed.sighting, []))
            for number in proposed.numbers:
                if number in vectors and (match := self._match(proposed, *vectors[number])):
                    matches.append(match)
        for sighting, matches in by_sighting.values():
            matches.sort(key=lambda match: (-match.similarity, match.reference.number))
            if matches:
                yield sighting, matches[:MAX_MATCHES]

    def _match(self, proposed: _Proposed, reference: Reference, vector: Vector) -> _Match | None:
        score = exact_score(vector, proposed.probe)
        similarity = proposed.calibration.similarity(score)
        like = score >= proposed.threshold_score and similarity >= self.min_similarity
        return _Match(reference, similarity) if like else None


def propose(
    registry: Registry, gallery: Gallery, min_similarity: float, sightings: Sequence[Sighting]
) -> Search:
    """Ask the indexes, without a transaction. Raises SearchRateError, NotCalibratedError.

    min_similarity: 0 to 100; where the gallery is tagged with a rate of false finds, that is kept as well.
    """
    with registry.store.read() as connection:
        max_fpir = fpir_of(tags_of(connection, gallery.id))
    asked = Asked(max_fmr=1.0, max_fpir=max_fpir, min_similarity=min_similarity)
    indexes = registry.indexes.of(gallery.id)
    size = sum(len(index) for index in indexes.values())
    proposed = []
    for sighting in sightings:
        for probe in sighting.probes:
            check_template(probe)
            calibration = registry.analyzer(probe.model.name).calibration
            threshold = asked.threshold_score(calibration, size)
            if index := indexes.get(probe.model.compatibility):
                numbers = tuple(index.propose(probe.vector, _PROPOSED, threshold).tolist())
                proposed.append(_Proposed(sighting, probe.vector, calibration, threshold, numbers))
    return Search(min_similarity, len(sightings), proposed)


def log_people(
    work: Work,
    action: Action,
    gallery: Gallery,
    counts: Mapping[Counted, int],
    references: Sequence[Reference],
) -> None:
    """Log an action with the people of these references, in as many leaves as they need; the counts stand in the first."""
    keys = work.registry.keyring.keys(reference.grant_id for reference in references)
    for start in range(0, max(len(references), 1), _IN_A_LEAF):
        part = references[start : start + _IN_A_LEAF]
        work.log(action, where=gallery, counts={} if start else counts, people=concerned(part, keys))


def _vectors(work: Work, gallery: Gallery, numbers: set[int]) -> dict[int, tuple[Reference, Vector]]:
    """The references of these numbers whose people agree, as the transaction sees them, with their templates."""
    read = references_at(work.connection, sorted(numbers)).values()
    live = [r for r in read if r.gallery_id == gallery.id and r.lives(work.now)]
    opened = open_vectors(live, work.registry.keyring.keys(reference.grant_id for reference in live))
    return {reference.number: (reference, vector) for reference, vector in opened}
