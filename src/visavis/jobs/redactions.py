"""Films of jobs redacted: fetched, covered part by part in a folder of the job's, and stored where they are wanted.

What is finished lies in that folder alone, so a process that goes on with the job goes on there, and one on another machine begins anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath

from visavis.errors import (
    FilmUnwritableError,
    SparedMeanwhileError,
)
from visavis.jobs.films import alone, fetch, file_of, workshop_of
from visavis.models.manifest import DEFAULT_RECOGNISER
from visavis.redaction import videos
from visavis.redaction.redact import Spare
from visavis.redaction.videos import VideoRedaction
from visavis.redaction.watching import looker
from visavis.redaction.workshop import Workshop, name_of
from visavis.rekognition.deliveries import deliver
from visavis.services.film_redactions import RedactionOptions, RedactionProgress
from visavis.services.redact import check, check_unchanged, mark_of, spared
from visavis.services.registry import Registry
from visavis.store.galleries import Gallery
from visavis.store.jobs import Job, gallery_of
from visavis.video.formats import video_format_of
from visavis.video.muxing import Audio
from visavis.video.source import Video

TRIES = 3
"""How often a film is redacted, at most, in which somebody was spared whose consent may have ended before it was done."""


def begin(registry: Registry, job: Job) -> RedactionWork:
    """Fetch the film of a job, unless it is here already.

    Raises FilmUnreadableError, FilmUnwritableError, JobElsewhereError, the VideoError that fits.
    """
    film = fetch(registry, job)
    return RedactionWork(registry, job, Video(file_of(registry, job.id)), film.region)


class RedactionWork:
    """A redaction that is being done; whoever asked for it is who acts. region: in which the target is looked for."""

    def __init__(self, registry: Registry, job: Job, video: Video, region: str) -> None:
        self._registry = registry.acting_as(job.by)
        self._own = registry
        self._job = job
        self._video = video
        self._region = region
        self._options = RedactionOptions.of(job)
        self._folder = workshop_of(registry, job.id)

    def segment(self) -> bool:
        """Do what is left of the redaction, and store the result; there is never more to do then. Where a consent ends meanwhile it is done anew.

        Raises JobEndedError where the job does not run any more, which is seen after each part; JobElsewhereError, after a pause, where a process
        that was taken for dead is still at it; TargetExistsError, TargetUnwritableError, FilmUnwritableError, OutputFullError, OutputUnwritableError,
        UnknownGalleryError, SearchRateError, SparedMeanwhileError, CorrectionError, the VideoError that fits, and StoreError.
        """
        with alone(self._own, self._job.id):
            self._redact_in_some_tries()
        return False

    def _redact_in_some_tries(self) -> None:
        for _ in range(TRIES - 1):
            with suppress(SparedMeanwhileError):
                return self._redact()
        return self._redact()

    def _redact(self) -> None:
        gallery = self._gallery()
        mark = mark_of(self._registry, gallery) if gallery else ""
        workshop = Workshop(self._folder / name_of(mark))
        workshop.remove_others()  # who has left since is open in what they hold
        progress = _Noted(self._registry, self._job.id, workshop)
        redaction = self._redaction(workshop, progress, self._spare(gallery))
        done = redaction.cover()
        result = self._write(redaction)
        progress.note()
        if gallery:
            check_unchanged(self._own, gallery, mark)
        job_mark = hashlib.sha256(
            self._job.id.encode()
        ).hexdigest()  # others may be told of what S3 keeps with it
        deliver(result, redaction.written.media_type, self._options.target, self._region, job_mark)
        progress.note(covered_frames=done.covered_frames, spared_frames=done.spared_frames)

    def _redaction(self, workshop: Workshop, progress: _Noted, spare: Spare | None) -> VideoRedaction:
        return VideoRedaction(
            self._video,
            looker(self._registry.analyzer(DEFAULT_RECOGNISER), spare),
            workshop,
            self._options.covering,
            video_format_of(PurePath(self._options.target["Name"])),
            Audio(self._options.audio),
            progress,
        )

    def _gallery(self) -> Gallery | None:
        if self._job.gallery is None:
            return None
        with self._registry.store.read() as connection:
            return gallery_of(connection, self._job)

    def _spare(self, gallery: Gallery | None) -> Spare | None:
        """Who is not covered: whose consent counts when a frame is looked at."""
        if gallery is None:
            return None
        check(self._registry, gallery, self._options.fpir)
        return partial(spared, self._registry, gallery, max_fpir=self._options.fpir)

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
