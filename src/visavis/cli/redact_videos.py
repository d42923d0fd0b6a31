"""The videos of `visavis redact`: one after the other, for each takes all cores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from visavis.cli.progress import progress
from visavis.cli.redacting import Asked, Done, ends_the_run
from visavis.errors import (
    CorruptVideoError,
    OutputUnwritableError,
    SparedMeanwhileError,
    UnreadableVideoError,
    VisavisError,
)
from visavis.redaction.inputs import Task
from visavis.redaction.outputs import Outputs
from visavis.redaction.videos import VideoRedaction
from visavis.redaction.watching import looker
from visavis.redaction.workshop import Workshop, name_of, sweep
from visavis.video.formats import video_format_of
from visavis.video.muxing import Audio
from visavis.video.source import Video


def redact_videos(asked: Asked, outputs: Outputs, workshops: Path, tasks: Iterable[Task]) -> Iterator[Done]:
    """What became of each video, in order; raises what would meet the next one as well. workshops: where unfinished ones lie."""
    sweep(workshops)
    for task in tasks:
        try:
            yield _redact(asked, outputs, workshops, task)
        except VisavisError as error:
            if ends_the_run(error):
                raise
            yield Done(task, "video", error)


def _redact(asked: Asked, outputs: Outputs, workshops: Path, task: Task) -> Done:
    origin = outputs.origin(task)
    workshop = Workshop(workshops / name_of(origin))
    if outputs.done(task):
        workshop.remove()  # where a run was cut off between the two
        return Done(task, "video", None)
    with workshop.held():
        try:
            done = _write(asked, outputs, workshop, task, origin)
        except VisavisError as error:
            if not _may_go_on(error):
                workshop.remove()
            raise
        workshop.remove()
    return done


def _may_go_on(error: VisavisError) -> bool:
    """Whether the same command may succeed later, and goes on then from what is finished."""
    passing = ends_the_run(error) or isinstance(error, OutputUnwritableError | UnreadableVideoError)
    return passing and not isinstance(error, SparedMeanwhileError)


def _write(asked: Asked, outputs: Outputs, workshop: Workshop, task: Task, origin: str) -> Done:
    written, video = video_format_of(task.target), Video(task.source)
    if outputs.origin(task) != origin:  # what the workshop holds is of another film
        raise CorruptVideoError("the video changed while it was redacted")
    watching = asked.reviewing.video(task.source, (video.width, video.height), asked.covering)
    redaction = VideoRedaction(
        video,
        looker(asked.analyzer, asked.sparing.spare),
        workshop,
        asked.covering,
        written,
        Audio(asked.audio),
        progress,
        watching,
    )
    with outputs.writing(
        task, origin
    ) as file:  # from here on: hours later is late to learn that it cannot be written
        done = redaction.cover()
        redaction.write(file)
        asked.sparing.recheck()
    return Done(task, "video", done, watching.moments(), watching.coverage, len(asked.covering.also))
