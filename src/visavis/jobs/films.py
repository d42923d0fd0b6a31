"""The films of jobs on this machine: fetched when a job begins, and gone when it has ended."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from visavis.errors import FilmUnwritableError, JobElsewhereError
from visavis.files import held_folder
from visavis.rekognition.films import StoredFilm, fetch_film
from visavis.services import jobs
from visavis.services.film_work import Film, FilmWork
from visavis.services.jobs import State
from visavis.services.registry import Registry
from visavis.store.jobs import Job

FOLDER = "jobs"

PAUSE_S = 5.0
"""Before it is looked again whether a process that was taken for dead has let go of a job."""

_FORMATS = MappingProxyType({"mov": "QuickTime / MOV", "matroska": "Matroska / WebM", "gif": "GIF"})
_FULL = 2  # as FFmpeg counts; where a film says nothing of it, players take it for limited


def file_of(registry: Registry, job_id: str) -> Path:
    """Where the film of a job lies, in the state folder; its owner alone may read it."""
    return registry.settings.home / FOLDER / f"{job_id}.film"


def workshop_of(registry: Registry, job_id: str) -> Path:
    """The folder of what a redaction has finished, beside its film."""
    return registry.settings.home / FOLDER / f"{job_id}.parts"


def begin(registry: Registry, job: Job) -> FilmWork:
    """Fetch the film of a job, unless it is here already, and go on where the job is.

    Raises FilmUnreadableError, FilmUnwritableError, FilmTooLongError, JobElsewhereError, the VideoError that fits.
    """
    fetch(registry, job)
    film, metadata = open_film(file_of(registry, job.id))
    return FilmWork(registry, job.id, film, metadata)


def fetch(registry: Registry, job: Job) -> StoredFilm:
    """See that the film of a job is on this machine. Raises FilmUnreadableError, FilmUnwritableError, JobElsewhereError."""
    film = StoredFilm(**json.loads(job.source))
    with alone(registry, job.id):
        fetch_film(film, file_of(registry, job.id))
    return film


@contextmanager
def alone(registry: Registry, job_id: str) -> Iterator[None]:
    """Have the files of a job for this process alone until the block ends.

    Raises FilmUnwritableError, and JobElsewhereError, after a pause, where a process that was taken for dead is still at them.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(held_folder(workshop_of(registry, job_id)))
        except BlockingIOError:
            time.sleep(PAUSE_S)
            raise JobElsewhereError from None
        except OSError:
            raise FilmUnwritableError from None
        yield


def open_film(file: Path) -> tuple[Film, Mapping[str, Any]]:
    """A film, and what it says of itself as JSON values."""
    from visavis.video.source import Video

    film = Video(file)
    return film, {
        "codec": film.codec,
        "format": _FORMATS.get(film.kind, film.kind),
        "duration_ms": film.duration_ms,
        "frame_rate": film.frame_rate,
        "width": film.width,
        "height": film.height,
        "shown": list(film.shown),
        "color_range": "FULL" if film.colour.range == _FULL else "LIMITED",
    }


def remove(registry: Registry, job_id: str) -> None:
    """See that the film of a job is not on this machine, and nothing that was made of it."""
    _remove(file_of(registry, job_id), workshop_of(registry, job_id))


def remove_left_over(registry: Registry) -> None:
    """See that no film is on this machine but those of jobs that run, or that a process is still at: one may have died before it removed one."""
    found = list((registry.settings.home / FOLDER).glob("*"))
    running = {job.id for job in jobs.every(registry) if job.state == State.RUNNING}
    for job_id in {place.stem for place in found} - running:
        with suppress(OSError), held_folder(workshop_of(registry, job_id)):
            remove(registry, job_id)


def _remove(*places: Path) -> None:
    for place in places:
        if place.is_dir():
            shutil.rmtree(place, ignore_errors=True)
        else:
            with suppress(OSError):
                place.unlink()
