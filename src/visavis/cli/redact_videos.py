"""The videos of `visavis redact`: one after the other, for each takes all cores."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from visavis.analysis import Analyzer
from visavis.cli.progress import progress
from visavis.errors import VisavisError
from visavis.redaction.covering import VideoCovering
from visavis.redaction.outputs import Outputs, Task
from visavis.redaction.redact import Spare
from visavis.redaction.videos import RedactedVideo, VideoRedaction
from visavis.redaction.watching import looker
from visavis.redaction.workshop import Workshop, sweep
from visavis.video.formats import video_format_of
from visavis.video.muxing import Audio
from visavis.video.source import Video


@dataclass(frozen=True, slots=True)
class Videos:
    """How videos are redacted. workshops: the folder of what is not finished."""

    analyzer: Analyzer
    outputs: Outputs
    workshops: Path
    covering: VideoCovering
    audio: Audio
    spare: Spare | None

    def redact(self, tasks: Iterable[Task]) -> list[tuple[Task, RedactedVideo | VisavisError | None]]:
        """What became of each: None where it was done before."""
        sweep(self.workshops)
        return [(task, self._attempt(task)) for task in tasks]

    def _attempt(self, task: Task) -> RedactedVideo | VisavisError | None:
        try:
            return self._redact(task)
        except VisavisError as error:
            return error

    def _redact(self, task: Task) -> RedactedVideo | None:
        workshop = Workshop(self.workshops / self.outputs.origin(task.source))
        if self.outputs.done(task):
            workshop.remove()  # where a run was cut off between the two
            return None
        try:
            return self._write(task, workshop)
        except VisavisError:
            workshop.remove()
            raise

    def _write(self, task: Task, workshop: Workshop) -> RedactedVideo:
        written = video_format_of(task.target)
        look = looker(self.analyzer, self.spare)
        redaction = VideoRedaction(
            Video(task.source), look, workshop, self.covering, written, self.audio, progress
        )
        done = redaction.cover()
        with self.outputs.writing(task) as file:
            redaction.write(file)
        workshop.remove()
        return done
