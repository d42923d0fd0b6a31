"""What came of a job, a page at a time. Whoever withdrew since, or whose consent ran out, is in no answer any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from sqlalchemy import Connection

from visavis.audit.entry import Action, Counted
from visavis.errors import UnknownJobError
from visavis.faces import Face
from visavis.services.film_faces import unpack
from visavis.services.film_search import log_people
from visavis.services.registry import Registry
from visavis.services.work import working
from visavis.store.film_faces import FilmFace, film_faces_after, film_faces_by_person, matches_of
from visavis.store.jobs import Job, gallery_of
from visavis.store.references import Reference, references_at

Place = tuple[int, int]
"""Of a face among those of its job: its person's number, -1 where they are in the order of time, and its own."""

BEGINNING: Place = (-1, 0)


@dataclass(frozen=True, slots=True)
class FaceSeen:
    """A face at a time of the film, in milliseconds."""

    at_ms: int
    face: Face


@dataclass(frozen=True, slots=True)
class PersonSeen:
    """Somebody of the gallery at a time of the film. person: counts those of a job from 0.

    matches: references that the face is like, with similarities from 0 to 100, the likest first; it is this person's.
    """

    at_ms: int
    face: Face
    person: int
    matches: Sequence[tuple[Reference, float]] = field(repr=False)


Seen = TypeVar("Seen")


@dataclass(frozen=True, slots=True)
class Page(Generic[Seen]):
    """Some of what was seen. next_after: after which the next page begins; None for the last."""

    seen: tuple[Seen, ...]
    next_after: Place | None


def faces(registry: Registry, job: Job, after: Place, limit: int) -> Page[FaceSeen]:
    """Faces in the order of time, at most `limit`."""
    with registry.store.read() as connection:
        rows = film_faces_after(connection, job.number, after[1], limit + 1)
    seen = tuple(FaceSeen(row.at_ms, unpack(row.face)) for row in rows[:limit])
    return Page(seen, _next(rows, limit, by_person=False))


def people(
    registry: Registry, job: Job, after: Place, limit: int, *, by_person: bool = False
) -> Page[PersonSeen]:
    """People whose consent counts now, in the order of time or person after person, at most `limit`. Each page is logged.

    Raises UnknownJobError where it is no search, UnknownGalleryError where its gallery was deleted: then there is nobody, and nothing to log.
    """
    if job.gallery is None:
        raise UnknownJobError
    with working(registry) as work:
        gallery = gallery_of(work.connection, job)
        rows = _rows(work.connection, job, after, limit + 1, by_person=by_person)
        matches = matches_of(work.connection, [row.number for row in rows[:limit]])
        read = references_at(work.connection, {number for own in matches.values() for number in own})
        live = {number: reference for number, reference in read.items() if reference.lives(work.now)}
        seen = tuple(
            _seen(row, matches[row.number], live) for row in rows[:limit] if row.enrolled_number in live
        )
        answered = {reference.number: reference for one in seen for reference, _ in one.matches}
        grants = {reference.grant_id for reference in answered.values()}
        counts = {Counted.REFERENCES: len(answered), Counted.SUBJECTS: len(grants)}
        log_people(work, Action.VIEW, gallery, counts, list(answered.values()))
    return Page(seen, _next(rows, limit, by_person=by_person))


def _rows(connection: Connection, job: Job, after: Place, limit: int, *, by_person: bool) -> list[FilmFace]:
    if by_person:
        return film_faces_by_person(connection, job.number, after, limit)
    return film_faces_after(connection, job.number, after[1], limit)


def _seen(row: FilmFace, similarities: dict[int, float], live: dict[int, Reference]) -> PersonSeen:
    assert row.person is not None
    found = [(live[number], similarity) for number, similarity in similarities.items() if number in live]
    found.sort(key=lambda match: (-match[1], match[0].number))
    return PersonSeen(row.at_ms, unpack(row.face), row.person, found)


def _next(rows: Sequence[FilmFace], limit: int, *, by_person: bool) -> Place | None:
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return (last.person or 0) if by_person else -1, last.number
