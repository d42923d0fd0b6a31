"""Stored-video jobs: asking for one, finding it again, ending it, and forgetting it in the end.

A job is a row of the store and nothing else; whoever has time for it takes it from there (`visavis.jobs`). So it is asked for in one
transaction, with its leaf where it concerns people, and is not lost between two places.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Connection

from visavis.audit.entry import Action
from visavis.consent.times import SECONDS_PER_DAY
from visavis.errors import JobTokenError, TooManyJobsError, UnknownJobError
from visavis.services.galleries import find as find_gallery_named
from visavis.services.refusals import refusals_logged
from visavis.services.registry import Registry
from visavis.services.work import working
from visavis.store import jobs as rows
from visavis.store.film_faces import delete_film_faces
from visavis.store.galleries import Gallery, find_gallery
from visavis.store.jobs import Job, NewJob
from visavis.store.log import lock_head

MAX_RUNNING = 20
KEPT_S = 7 * SECONDS_PER_DAY
"""How long what came of a job is kept, from its end on, and with it the token that it was asked for with."""

_ID_BYTES = 32

Document = Mapping[str, object]


class Kind(StrEnum):
    """What a job does with a film."""

    DETECT = "detect"
    SEARCH = "search"
    REDACT = "redact"


_ACTIONS = {Kind.SEARCH: Action.IDENTIFY, Kind.REDACT: Action.REDACT}


class State(StrEnum):
    """How a job stands; all but RUNNING are final."""

    RUNNING = rows.RUNNING
    SUCCEEDED = "succeeded"
    FAILED = rows.FAILED
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. source: where the film lies, channel: who is to be told of the end, as JSON values for whoever fetches and tells.

    gallery: of a search, and of a redaction that spares its people. min_similarity (0 to 100): of a search. options: of a redaction. token: what the caller gives a call, to repeat it safely; asked: a hash of all else in it.
    """

    kind: Kind
    source: Document = field(repr=False)
    asked: bytes
    gallery: str | None = None
    min_similarity: float | None = None
    options: Document | None = field(default=None, repr=False)
    token: str | None = None
    channel: Document | None = field(default=None, repr=False)
    tag: str | None = field(default=None, repr=False)


def repeated(registry: Registry, kind: Kind, token: str | None, asked: bytes) -> str | None:
    """The id of the job that this caller asked for with this token; None where there is none.

    Raises JobTokenError where it asked for something else.
    """
    with registry.store.read() as connection:
        return _repeated(connection, registry.by, kind, token, asked)


def start(registry: Registry, wanted: Wanted) -> str:
    """Ask for a job; its id, or that of the job that was asked for with the same token before.

    Where a gallery is concerned, that it was asked for is logged. Raises TooManyJobsError, JobTokenError, UnknownGalleryError, StoreError.
    """
    if wanted.gallery is None:
        with registry.store.write() as connection:
            lock_head(connection)  # so that two at once are counted one after the other
            return _begin(connection, registry, wanted, None)
    gallery, action = find_gallery_named(registry, wanted.gallery), _ACTIONS[wanted.kind]
    with refusals_logged(registry, action, gallery), working(registry) as work:
        gallery = find_gallery(work.connection, wanted.gallery)
        job_id = _begin(work.connection, registry, wanted, gallery)
        work.log(action, where=gallery)
    return job_id


def find(registry: Registry, job_id: str, kind: Kind | None = None) -> Job:
    """The job of that id, of that kind where given; raises UnknownJobError."""
    with registry.store.read() as connection:
        job = rows.find_job(connection, job_id)
    if job is None or kind not in {None, job.kind}:
        raise UnknownJobError
    return job


def asked_for(registry: Registry, kind: Kind, after: str | None, limit: int) -> list[Job]:
    """The jobs of a kind that this caller asked for, the newest first: at most `limit`, of those that follow the one with the id `after`.

    Raises UnknownJobError where that is none of them.
    """
    with registry.store.read() as connection:
        last = rows.find_job(connection, after) if after is not None else None
        if after is not None and (last is None or (last.by, last.kind) != (registry.by, kind)):
            raise UnknownJobError
        return rows.jobs_of(connection, registry.by, kind, last.number if last else None, limit)


def every(registry: Registry) -> list[Job]:
    """Every job, the first first."""
    with registry.store.read() as connection:
        return rows.all_jobs(connection)


def succeed(registry: Registry, job_id: str) -> bool:
    """Say that a job that runs has come to its end; False where it does not run."""
    with registry.store.write() as connection:
        return rows.end_job(connection, job_id, State.SUCCEEDED, None, registry.clock())


def fail(registry: Registry, job_id: str, message: str) -> bool:
    """End a job that runs, with the reason for whoever asked; nothing of what was found is kept. False where it does not run."""
    return _end(registry, job_id, State.FAILED, message)


def cancel(registry: Registry, job_id: str) -> bool:
    """End a job that runs; nothing of what was found is kept. False where it has ended before. Raises UnknownJobError."""
    find(registry, job_id)
    return _end(registry, job_id, State.CANCELLED, "The job was cancelled.")


def forget_old(registry: Registry) -> int:
    """Delete the jobs that ended 7 days ago, with all that came of them; how many."""
    before = registry.clock() - KEPT_S
    with registry.store.read() as connection:
        if not rows.has_jobs_ended(connection, before):
            return 0
    with registry.store.write() as connection:
        forgotten = rows.delete_jobs_ended(connection, before)
    registry.store.overwrite_freed()
    return forgotten


def _end(registry: Registry, job_id: str, state: State, message: str) -> bool:
    with registry.store.write() as connection:
        ended = rows.end_job(connection, job_id, state, message, registry.clock())
        job = rows.find_job(connection, job_id)
        if ended and job:
            delete_film_faces(connection, job.number)
    return ended


def _begin(connection: Connection, registry: Registry, wanted: Wanted, gallery: Gallery | None) -> str:
    before = _repeated(connection, registry.by, wanted.kind, wanted.token, wanted.asked)
    if before is not None:
        return before
    if rows.count_running(connection) >= MAX_RUNNING:
        raise TooManyJobsError
    new = NewJob(
        id=secrets.token_hex(_ID_BYTES),
        kind=wanted.kind,
        by=registry.by,
        gallery_id=gallery.id if gallery else None,
        gallery=gallery.name if gallery else None,
        min_similarity=wanted.min_similarity,
        token=wanted.token,
        asked=wanted.asked,
        source=json.dumps(wanted.source),
        options=json.dumps(wanted.options) if wanted.options else None,
        channel=json.dumps(wanted.channel) if wanted.channel else None,
        tag=wanted.tag,
        created_at=registry.clock(),
    )
    rows.insert_job(connection, new)
    return new.id


def _repeated(connection: Connection, by: str, kind: Kind, token: str | None, asked: bytes) -> str | None:
    job = rows.job_of_token(connection, by, kind, token) if token is not None else None
    if job is None:
        return None
    if job.asked != asked:
        raise JobTokenError
    return job.id
