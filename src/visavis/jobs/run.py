"""A job from its first segment to its end, in steps that may each be repeated."""

from __future__ import annotations

import json
from collections.abc import Callable

from visavis.errors import (
    ClockError,
    JobElsewhereError,
    JobEndedError,
    KeyringError,
    StoreError,
    UnknownGalleryError,
    UnknownJobError,
    VisavisError,
)
from visavis.jobs import films, redactions
from visavis.jobs.redactions import RedactionWork
from visavis.rekognition.notifications import publish
from visavis.rekognition.operations.videos import status_message
from visavis.services import jobs
from visavis.services.film_work import FilmWork
from visavis.services.registry import Registry
from visavis.store.jobs import mark_told

FAILED = "The service failed."
"""What whoever asked is told where it is a mistake of ours, or of this machine."""

_PASSING = (StoreError, KeyringError, ClockError)
"""What may be well again in a moment: a step that raised one of these is repeated."""

Report = Callable[[str, Exception], None]
"""Told what happened, in a fixed text, and the error."""


class JobRun:
    """A job that is being done. report: told of failures that are not the film's."""

    def __init__(self, registry: Registry, job_id: str, report: Report) -> None:
        self._registry = registry
        self._job_id = job_id
        self._report = report
        self._work: FilmWork | RedactionWork | None = None

    def segment(self) -> bool:
        """Do the next segment, whichever the store says that is; whether there is another. What is wrong with the film ends the job.

        Raises StoreError, KeyringError and ClockError; then it can be repeated.
        """
        try:
            if self._work is None:
                self._work = self._begin()
            return self._work is not None and self._work.segment()
        except _PASSING:
            self._work = None  # which has gone further than the store
            raise
        except JobElsewhereError:
            self._work = None  # to go on where the other is, should that be one who was taken for dead
            return True
        except (JobEndedError, UnknownJobError, UnknownGalleryError):
            return False
        except VisavisError as error:
            jobs.fail(self._registry, self._job_id, error.message)
        except Exception as error:  # noqa: BLE001  a mistake of ours: the job fails, and nothing else does
            self._report("a job failed", error)
            jobs.fail(self._registry, self._job_id, FAILED)
        return False

    def end(self) -> None:
        """Say that the job has succeeded, unless it has ended otherwise, and remove its film."""
        self._work = None
        jobs.succeed(self._registry, self._job_id)
        films.remove(self._registry, self._job_id)

    def _begin(self) -> FilmWork | RedactionWork | None:
        job = jobs.find(self._registry, self._job_id)
        if job.state != jobs.State.RUNNING:
            return None
        begin = redactions.begin if job.kind == jobs.Kind.REDACT else films.begin
        return begin(self._registry, job)


def tell(registry: Registry, job_id: str) -> None:
    """Publish that a job has ended, and note that it was done. Raises NotToldError; then it can be repeated."""
    try:
        job = jobs.find(registry, job_id)
    except UnknownJobError:
        return
    if job.channel is not None and not job.told:
        publish(json.loads(job.channel), status_message(job))
    give_up_telling(registry, job_id)


def give_up_telling(registry: Registry, job_id: str) -> None:
    """Note that nothing more is to be told of a job."""
    with registry.store.write() as connection:
        mark_told(connection, job_id)
