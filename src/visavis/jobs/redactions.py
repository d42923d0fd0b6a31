"""Films of jobs redacted: fetched, covered part by part in a folder of the job's, and stored where they are wanted.

What is finished lies in that folder alone, so a process that goes on with the job goes on there, and one on another machine begins anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath

from visavis.errors import FilmUnwritableError
from visavis.jobs.films import file_of, workshop_of
from visavis.models.manifest import DEFAULT_RECOGNISER
from visavis.redaction import videos
from visavis.redaction.by_hand import ByHand
from visavis.redaction.redact import Spare
from visavis.redaction.videos import VideoRedaction
from visavis.redaction.watching import looker
from visavis.redaction.workshop import Workshop
from visavis.rekognition.deliveries import deliver
from visavis.rekognition.films import StoredFilm, fetch_film
from visavis.services.film_redactions import RedactionOptions, RedactionProgress
from visavis.services.redact import check_in, spared_in
from visavis.services.registry import Registry
from visavis.store.jobs import Job, gallery_of
from visavis.video.formats import video_format_of
from visavis.video.muxing import Audio
from visavis.video.source import Video


def begin(registry: Registry, job: Job) -> RedactionWork:
    """Fetch the film of a job, unless it is here already.

    Raises FilmUnreadableError, FilmUnwritableError, the VideoError that fits.
    """
    film, file = StoredFilm(**json.loads(job.source)), file_of(registry, job.id)
    fetch_film(film, file)
    return RedactionWork(registry.acting_as(job.by), job, Video(file), film.region)


class RedactionWork:
    """A redaction that is being done; whoever asked for it is who acts. region: in which the target is looked for."""

    def __init__(self, registry: Registry, job: Job, video: Video, region: str) -> None:
        self._registry = registry
        self._job = job
        self._video = video
        self._region = region
        self._options = RedactionOptions.of(job)
        self._folder = workshop_of(registry, job.id)

    def segment(self) -> bool:
        """Do what is left of the redaction, and store the result; there is never more to do then.

        Raises JobEndedError where the job does not run any more, which is seen after each part; TargetExistsError, TargetUnwritableError,
        FilmUnwritableError, OutputFullError, OutputUnwritableError, UnknownGalleryError, SearchRateError, CorrectionError, the VideoError that fits, and StoreError.
        """
        progress = _Noted(self._registry, self._job.id, Workshop(self._folder))
        by_hand = ByHand(self._video, self._options.covering)
        redaction = self._redaction(progress, by_hand)
        done = redaction.cover()
        by_hand.check()
        result = self._write(redaction)
        progress.note()
        mark = hashlib.sha256(
            self._job.id.encode()
        ).hexdigest()  # others may be told of what S3 keeps with it
        deliver(result, redaction.written.media_type, self._options.target, self._region, mark)
        progress.note(covered_frames=done.covered_frames)
        return False

    def _redaction(self, progress: _Noted, by_hand: ByHand) -> VideoRedaction:
        return VideoRedaction(
            self._video,
            looker(self._registry.analyzer(DEFAULT_RECOGNISER), self._spare()),
            Workshop(self._folder),
            self._options.covering,
            video_format_of(PurePath(self._options.target["Name"])),
            Audio(self._options.audio),
            progress,
            by_hand,
        )

    def _spare(self) -> Spare | None:
        """Who is not covered: whose consent counts when a frame is looked at."""
        if self._job.gallery is None:
            return None
        with self._registry.store.read() as connection:
            gallery = gallery_of(connection, self._job)
        check_in(self._registry, gallery, self._options.fpir)
        return partial(spared_in, self._registry, gallery, max_fpir=self._options.fpir)

    def _write(self, redaction: VideoRedaction) -> Path:
        """The parts and the sound in one file."""
        result = self._folder / "result"
        try:
            with result.open("w+b") as file:
                redaction.write(file)
        except OSError:
            raise FilmUnwritableError from None
        return result


class _Noted:
    """Notes with its job how far a redaction is, after each part."""

    def __init__(self, registry: Registry, job_id: str, workshop: Workshop) -> None:
        self._registry = registry
        self._job_id = job_id
        self._far = RedactionProgress(looked_at=sum(len(part.looks) for part in workshop.read()))

    @contextmanager
    def __call__(self, what: str, total: int) -> Iterator[Callable[[], None]]:
        """See `videos.Progress`."""
        if what == "looking":
            expected = self._far.looked_at + total if total > 0 else None
            self._far = replace(self._far, frames=expected)
            self.note()
            yield self._looked
            self.note(frames=self._far.looked_at)
        else:
            yield self._wrote

    def note(self, **far: int) -> None:
        """Note this as well; raises JobEndedError and StoreError."""
        self._far = replace(self._far, **far)
        parts = [-(-frames // videos.PART_FRAMES) for frames in (self._far.looked_at, self._far.written)]
        self._far.note(self._registry, self._job_id, sum(parts))

    def _looked(self) -> None:
        self._far = replace(self._far, looked_at=self._far.looked_at + 1)
        if self._far.looked_at % videos.PART_FRAMES == 0:
            self.note()

    def _wrote(self) -> None:
        self.note(written=min(self._far.written + videos.PART_FRAMES, self._far.looked_at))
