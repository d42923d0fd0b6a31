"""Looking through the film of a job, about ten seconds at a time. Each stretch is kept whole, with how far the job is, or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from visavis.audit.entry import Action
from visavis.errors import FilmTooLongError, JobElsewhereError, JobEndedError, VisavisError
from visavis.models.manifest import DEFAULT_RECOGNISER
from visavis.services import jobs
from visavis.services.film_faces import pack
from visavis.services.film_search import Sighting, propose
from visavis.services.identify import recognisers_searched
from visavis.services.photos import LEAST_QUALITY
from visavis.services.refusals import refusals_logged
from visavis.services.registry import Registry
from visavis.services.work import working
from visavis.store.film_faces import NewFilmFace, insert_film_faces
from visavis.store.galleries import Gallery
from visavis.store.jobs import Job, advance_job, describe_film, find_job, gallery_of

LOOK_EVERY_MS = 200
"""Of each fifth of a second, the first picture is looked at."""

SEGMENT_MS = 10_000
MAX_MS = 6 * 3_600_000
MOST_FACES = 100
"""As many faces of one picture are kept; the largest."""


_Pixels = tuple[int, NDArray[np.uint8]]
"""A picture's time in milliseconds, and its pixels."""


class Picture(Protocol):
    """A picture of a film, upright. timestamp_ms: from the film's beginning."""

    @property
    def pts(self) -> int:
        """Its place in the film; it rises from picture to picture."""

    @property
    def timestamp_ms(self) -> int:
        """When it is shown, in milliseconds from the film's beginning."""

    def rgb(self, width_px: int, height_px: int) -> NDArray[np.uint8]:
        """Its pixels, (height_px, width_px, 3)."""


class Film(Protocol):
    """A film that is open."""

    @property
    def shown(self) -> tuple[int, int]:
        """The width and height in which its upright pictures are shown, in square pixels: those in which faces are found."""

    def frames(self, after: int | None = None) -> Iterator[Picture]:
        """Its pictures in order, those whose place is later than `after`."""


@dataclass
class _Stretch:
    """What was seen in a segment. last_pts: the place of its last picture."""

    last_pts: int = 0
    sightings: list[Sighting] = field(default_factory=list)


class FilmWork:
    """A job on its film, which goes on where the job is. Whoever asked for the job is who acts.

    metadata: what the film says of itself, as JSON values; it is kept with the job. Raises UnknownJobError, UnknownGalleryError, FilmTooLongError and what the film raises.
    """

    def __init__(self, registry: Registry, job_id: str, film: Film, metadata: Mapping[str, Any]) -> None:
        if (metadata.get("duration_ms") or 0) > MAX_MS:
            raise FilmTooLongError
        job = jobs.find(registry, job_id)
        with registry.store.write() as connection:
            describe_film(connection, job_id, json.dumps(metadata))
            self._gallery = gallery_of(connection, job) if job.gallery else None
        self._registry = registry.acting_as(job.by)
        self._job = job
        self._size = film.shown
        self._pictures = film.frames(after=job.last_pts)
        self._next = next(self._pictures, None)

    def segment(self) -> bool:
        """Look through the next segment and keep what was found; whether there is another after it.

        Raises JobEndedError where the job does not run any more, JobElsewhereError where another process did this segment, UnknownGalleryError, FilmTooLongError, SearchRateError, what the film raises, and StoreError.
        """
        if self._next is None:
            return False
        if self._gallery is None:
            self._keep(self._look([]))
        else:
            with refusals_logged(self._registry, Action.IDENTIFY, self._gallery):
                recognisers = recognisers_searched(self._registry, self._gallery)
                self._keep_people(self._look(recognisers), self._gallery)
        return self._next is not None

    def _look(self, recognisers: Sequence[str]) -> _Stretch:
        """Look at the pictures up to the end of the next one's segment, side by side as far as there are cores."""
        stretch = _Stretch()

        def sightings(picture: _Pixels) -> list[Sighting]:
            return self._sightings(*picture, recognisers)

        for seen in self._registry.analyzer(DEFAULT_RECOGNISER).map(sightings, self._due(stretch)):
            if isinstance(seen, VisavisError):
                raise seen
            stretch.sightings += seen
        return stretch

    def _due(self, stretch: _Stretch) -> Iterator[_Pixels]:
        """The pictures to look at in the next one's segment; how far they go is noted."""
        picture, looked = self._next, -1
        assert picture is not None
        segment = picture.timestamp_ms // SEGMENT_MS
        while picture is not None and picture.timestamp_ms // SEGMENT_MS == segment:
            if picture.timestamp_ms >= MAX_MS:
                raise FilmTooLongError
            stretch.last_pts = picture.pts
            if picture.timestamp_ms // LOOK_EVERY_MS > looked:
                looked = picture.timestamp_ms // LOOK_EVERY_MS
                yield picture.timestamp_ms, picture.rgb(*self._size)
            self._next = picture = next(self._pictures, None)

    def _sightings(self, at_ms: int, pixels: NDArray[np.uint8], recognisers: Sequence[str]) -> list[Sighting]:
        """The faces of a picture, largest first; of a search, those that are good enough, with their templates."""
        faces = self._registry.analyzer(DEFAULT_RECOGNISER).detect(pixels)[:MOST_FACES]
        if self._gallery is None:
            return [Sighting(at_ms, face, ()) for face in faces]
        good = [face for face in faces if face.quality.score >= LEAST_QUALITY]
        made = [self._registry.analyzer(name).recognise(pixels, good) for name in recognisers]
        probes = zip(*([face.template for face in own if face.template] for own in made), strict=True)
        return [Sighting(at_ms, face, own) for face, own in zip(good, probes, strict=True)]

    def _keep(self, stretch: _Stretch) -> None:
        faces = [NewFilmFace(seen.at_ms, pack(seen.face)) for seen in stretch.sightings]
        with self._registry.store.write() as connection:
            done = _add(connection, self._job, stretch, faces, self._job.people)
        self._job = done

    def _keep_people(self, stretch: _Stretch, gallery: Gallery) -> None:
        if not stretch.sightings:
            self._keep(stretch)
            return
        least = self._job.min_similarity or 0.0
        search = propose(self._registry, gallery, least, stretch.sightings)
        with working(self._registry) as work:
            faces, people = search.found(work, gallery_of(work.connection, self._job), self._job)
            done = _add(work.connection, self._job, stretch, faces, people)
        self._job = done


def _add(
    connection: Connection, job: Job, stretch: _Stretch, faces: Sequence[NewFilmFace], people: int
) -> Job:
    """The job as it is when this is kept; it goes on only from where this process has left it."""
    if not advance_job(connection, job, last_pts=stretch.last_pts, people=people):
        now = find_job(connection, job.id)
        raise JobElsewhereError if now and now.state == jobs.State.RUNNING else JobEndedError
    insert_film_faces(connection, job.number, faces)
    return replace(job, segments=job.segments + 1, last_pts=stretch.last_pts, people=people)
