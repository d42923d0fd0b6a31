"""The rows of stored-video jobs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, field, fields

from sqlalchemy import Connection, delete, func, insert, select, update

from visavis.errors import UnknownGalleryError
from visavis.store.galleries import Gallery, gallery_with_id
from visavis.store.schema import jobs

RUNNING = "running"
"""The state of a job that is waited for or worked on; every other is final."""

FAILED = "failed"


@dataclass(frozen=True, slots=True)
class NewJob:
    """A row to come. id: as callers know it; source, options, channel: JSON; times: UTC, in seconds since 1970."""

    id: str
    kind: str
    by: str
    gallery_id: bytes | None
    gallery: str | None
    min_similarity: float | None
    token: str | None
    asked: bytes
    source: str = field(repr=False)
    options: str | None = field(repr=False)
    channel: str | None = field(repr=False)
    tag: str | None = field(repr=False)
    created_at: int


@dataclass(frozen=True, slots=True)
class Job:
    """A row of `jobs`. gallery: its name, also where it was deleted; gallery_id: None then. segments: how many are done; last_pts: of the last picture in them; film: JSON, once it is known."""

    number: int
    id: str
    kind: str
    state: str
    by: str
    gallery_id: bytes | None
    gallery: str | None
    min_similarity: float | None
    asked: bytes
    source: str = field(repr=False)
    options: str | None = field(repr=False)
    channel: str | None = field(repr=False)
    tag: str | None = field(repr=False)
    created_at: int
    ended_at: int | None
    message: str | None
    told: int
    beats: int
    segments: int
    last_pts: int | None
    people: int
    film: str | None


_READ = select(*(jobs.c[f.name] for f in fields(Job)))


def insert_job(connection: Connection, new: NewJob) -> None:
    """Add a job that runs."""
    begin = {"state": RUNNING, "told": int(new.channel is None), "beats": 0, "segments": 0, "people": 0}
    connection.execute(insert(jobs).values(**asdict(new), **begin))


def find_job(connection: Connection, job_id: str) -> Job | None:
    """The job of that id."""
    row = connection.execute(_READ.where(jobs.c.id == job_id)).one_or_none()
    return Job(*row) if row else None


def job_of_token(connection: Connection, by: str, kind: str, token: str) -> Job | None:
    """The job that this access key asked for with this token."""
    query = _READ.where(jobs.c.by == by, jobs.c.kind == kind, jobs.c.token == token)
    row = connection.execute(query).one_or_none()
    return Job(*row) if row else None


def jobs_of(connection: Connection, by: str, kind: str, before: int | None, limit: int) -> list[Job]:
    """The jobs of a kind that an access key asked for, the last first: at most `limit`, of those before the one of this number."""
    query = _READ.where(jobs.c.by == by, jobs.c.kind == kind).order_by(jobs.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(jobs.c.number < before)
    return [Job(*row) for row in connection.execute(query)]


def all_jobs(connection: Connection) -> list[Job]:
    """Every job, the first first."""
    return [Job(*row) for row in connection.execute(_READ.order_by(jobs.c.number))]


def open_jobs(connection: Connection) -> list[Job]:
    """The jobs that run, and those whose end nobody was told of yet; the first first."""
    query = _READ.where((jobs.c.state == RUNNING) | (jobs.c.told == 0)).order_by(jobs.c.number)
    return [Job(*row) for row in connection.execute(query)]


def count_running(connection: Connection) -> int:
    """How many jobs run."""
    return int(connection.execute(select(func.count()).where(jobs.c.state == RUNNING)).scalar_one())


def advance_job(connection: Connection, job: Job, *, last_pts: int, people: int) -> bool:
    """Say that the next segment is done; False where the job does not run any more, or somebody else did that segment."""
    there = (jobs.c.id == job.id) & (jobs.c.state == RUNNING) & (jobs.c.segments == job.segments)
    done = {"segments": job.segments + 1, "last_pts": last_pts, "people": people}
    return connection.execute(update(jobs).where(there).values(**done)).rowcount > 0


def note_progress(connection: Connection, job_id: str, *, segments: int, film: str) -> bool:
    """Say how far a job is that keeps what it makes elsewhere; False where it does not run any more."""
    there = (jobs.c.id == job_id) & (jobs.c.state == RUNNING)
    far = {"segments": segments, "film": film}
    return connection.execute(update(jobs).where(there).values(**far)).rowcount > 0


def describe_film(connection: Connection, job_id: str, film: str) -> None:
    """Note what the film of a job says of itself, as JSON."""
    connection.execute(update(jobs).where(jobs.c.id == job_id).values(film=film))


def end_job(connection: Connection, job_id: str, state: str, message: str | None, now: int) -> bool:
    """Put a job that runs into a final state; False where it does not run."""
    there = (jobs.c.id == job_id) & (jobs.c.state == RUNNING)
    ended = {"state": state, "message": message, "ended_at": now}
    return connection.execute(update(jobs).where(there).values(**ended)).rowcount > 0


def gallery_of(connection: Connection, job: Job) -> Gallery:
    """The gallery that a job was asked for with, and never another that has its name by now; raises UnknownGalleryError."""
    if job.gallery_id is None:
        raise UnknownGalleryError
    return gallery_with_id(connection, job.gallery_id)


def end_jobs_of(connection: Connection, gallery_id: bytes, message: str, now: int) -> None:
    """End the jobs of a gallery, which can be deleted then: of it they keep the name alone."""
    of_it = jobs.c.gallery_id == gallery_id
    ended = {"state": FAILED, "message": message, "ended_at": now}
    connection.execute(update(jobs).where(of_it, jobs.c.state == RUNNING).values(**ended))
    connection.execute(update(jobs).where(of_it).values(gallery_id=None, people=0))


def mark_told(connection: Connection, job_id: str) -> None:
    """Say that whoever asked for a job was told of its end."""
    connection.execute(update(jobs).where(jobs.c.id == job_id).values(told=1))


def beat(connection: Connection, job_ids: Collection[str]) -> None:
    """Say that these jobs are being worked on."""
    connection.execute(update(jobs).where(jobs.c.id.in_(job_ids)).values(beats=jobs.c.beats + 1))


def has_jobs_ended(connection: Connection, before: int) -> bool:
    """Whether there are jobs that ended before a time."""
    return (
        connection.execute(select(jobs.c.number).where(jobs.c.ended_at < before).limit(1)).first() is not None
    )


def delete_jobs_ended(connection: Connection, before: int) -> int:
    """Delete the jobs that ended before a time, with all that came of them; how many."""
    return connection.execute(delete(jobs).where(jobs.c.ended_at < before)).rowcount
