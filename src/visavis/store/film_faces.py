"""The rows of faces in films, and of the references that they are like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, func, insert, select

from visavis.store.batches import batched
from visavis.store.schema import enrolled, film_faces, film_matches, jobs


@dataclass(frozen=True, slots=True)
class NewFilmFace:
    """A row to come. face: bytes that say where it is and how it looks. enrolled_number, person: of a search, whose it is.

    matches: numbers of references with their similarities, 0 to 100.
    """

    at_ms: int
    face: bytes = field(repr=False)
    enrolled_number: int | None = None
    person: int | None = None
    matches: Mapping[int, float] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class FilmFace:
    """A face at a time of a film."""

    number: int
    at_ms: int
    face: bytes = field(repr=False)
    enrolled_number: int | None
    person: int | None


_COLUMNS = film_faces.c
_READ = select(
    _COLUMNS.number, _COLUMNS.at_ms, _COLUMNS.face, _COLUMNS.enrolled_number, _COLUMNS.person
)  # fmt: skip


def insert_film_faces(connection: Connection, job_number: int, new: Sequence[NewFilmFace]) -> None:
    """Add faces in order, each with its matches. Whoever calls holds the log's head, or the job is of a kind without matches."""
    rows = [
        {
            "job_number": job_number,
            "at_ms": face.at_ms,
            "face": face.face,
            "enrolled_number": face.enrolled_number,
            "person": face.person,
        }
        for face in new
    ]
    if not rows:
        return
    before = connection.execute(select(func.max(_COLUMNS.number)).where(_COLUMNS.job_number == job_number))
    last = before.scalar() or 0
    connection.execute(insert(film_faces), rows)
    if not any(face.matches for face in new):
        return
    added = select(_COLUMNS.number).where(_COLUMNS.job_number == job_number, _COLUMNS.number > last)
    numbers = connection.scalars(added.order_by(_COLUMNS.number)).all()
    matches = [
        {"face_number": number, "enrolled_number": reference, "similarity": similarity}
        for number, face in zip(numbers, new, strict=True)
        for reference, similarity in face.matches.items()
    ]
    connection.execute(insert(film_matches), matches)


def film_faces_after(connection: Connection, job_number: int, after: int, limit: int) -> list[FilmFace]:
    """Faces of a job in the order of time, at most `limit` after the one of this number."""
    query = _READ.where(_COLUMNS.job_number == job_number, _COLUMNS.number > after)
    return [FilmFace(*row) for row in connection.execute(query.order_by(_COLUMNS.number).limit(limit))]


def film_faces_by_person(
    connection: Connection, job_number: int, after: tuple[int, int], limit: int
) -> list[FilmFace]:
    """Faces of a job by person and then time, at most `limit` after the one of this person and number."""
    person, number = after
    later = (_COLUMNS.person > person) | ((_COLUMNS.person == person) & (_COLUMNS.number > number))
    query = _READ.where(_COLUMNS.job_number == job_number, later)
    query = query.order_by(_COLUMNS.person, _COLUMNS.number).limit(limit)
    return [FilmFace(*row) for row in connection.execute(query)]


def matches_of(connection: Connection, face_numbers: Iterable[int]) -> dict[int, dict[int, float]]:
    """By face, the numbers of the references that it is like, with their similarities."""
    found: dict[int, dict[int, float]] = {}
    for batch in batched(face_numbers):
        columns = film_matches.c
        query = select(columns.face_number, columns.enrolled_number, columns.similarity)
        for face, reference, similarity in connection.execute(query.where(columns.face_number.in_(batch))):
            found.setdefault(face, {})[reference] = similarity
    return found


def people_found(connection: Connection, job_number: int) -> dict[bytes, int]:
    """The people of a job's faces: the ids of their grants, with their numbers in the job."""
    query = select(enrolled.c.grant_id, _COLUMNS.person).distinct()
    query = query.join(enrolled, enrolled.c.number == _COLUMNS.enrolled_number)
    rows = connection.execute(query.where(_COLUMNS.job_number == job_number))
    return {row.grant_id: row.person for row in rows}


@dataclass(frozen=True, slots=True)
class Sighting:
    """A reference that a face of a film is like. job_id: as callers know it; similarity: 0 to 100."""

    job_id: str
    at_ms: int
    reference_id: bytes
    similarity: float


def sightings_of(connection: Connection, grant_id: bytes) -> list[Sighting]:
    """Where in which films a person was found, in the order of jobs and time."""
    query = (
        select(jobs.c.id, _COLUMNS.at_ms, enrolled.c.id, film_matches.c.similarity)
        .join(film_faces, film_faces.c.number == film_matches.c.face_number)
        .join(jobs, jobs.c.number == _COLUMNS.job_number)
        .join(enrolled, enrolled.c.number == film_matches.c.enrolled_number)
        .where(enrolled.c.grant_id == grant_id)
        .order_by(_COLUMNS.number, enrolled.c.number)
    )
    return [Sighting(*row) for row in connection.execute(query)]


def delete_film_faces(connection: Connection, job_number: int) -> None:
    """Delete all faces of a job."""
    connection.execute(delete(film_faces).where(_COLUMNS.job_number == job_number))
