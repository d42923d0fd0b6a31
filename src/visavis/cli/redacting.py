"""What `visavis redact` does with each file; photos are worked on side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from visavis.analysis import Analyzer
from visavis.cli.inputs import PHOTO_SUFFIXES
from visavis.cli.sparing import Sparing
from visavis.errors import (
    ClockError,
    KeyringError,
    ModelError,
    OutputFormatError,
    OutputFullError,
    SearchRateError,
    SparedMeanwhileError,
    StateUnwritableError,
    StoreError,
    UnknownGalleryError,
    UnsupportedFileError,
    UnsupportedImageError,
    VisavisError,
)
from visavis.imaging import Photo
from visavis.redaction.covering import Redacted, VideoCovering
from visavis.redaction.encoding import Format, format_of
from visavis.redaction.inputs import Task
from visavis.redaction.missed import Coverage
from visavis.redaction.moments import Moment
from visavis.redaction.outputs import Outputs
from visavis.redaction.redact import redact
from visavis.services.photos import read_photo

if TYPE_CHECKING:
    from visavis.cli.redact_review import Reviewing
    from visavis.redaction.videos import RedactedVideo

_OF_NO_FILE = (
    ClockError,
    KeyringError,
    ModelError,
    OutputFullError,
    SearchRateError,
    SparedMeanwhileError,
    StateUnwritableError,
    StoreError,
    UnknownGalleryError,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """How files are redacted."""

    analyzer: Analyzer
    covering: VideoCovering
    audio: str
    sparing: Sparing
    reviewing: Reviewing

    def settings_of_photos(self) -> str:
        """A text that differs where photos are redacted differently."""
        return f"{self.covering.at(0)} {self.sparing.mark}"

    def settings_of_videos(self) -> str:
        """The same of videos."""
        return f"{self.covering} {self.audio} {self.sparing.mark}"


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a file: None where that was done before. moments, coverage: what a review wants to know, where it can.

    also: how many boxes were covered by hand. first_of_several: whether the file has more pictures, which were not redacted.
    """

    task: Task
    kind: str
    outcome: Redacted | RedactedVideo | VisavisError | None
    moments: Sequence[Moment] | None = None
    coverage: Coverage | None = None
    also: int = 0
    first_of_several: bool = False


def ends_the_run(error: VisavisError) -> bool:
    """Whether the next file would fare no better."""
    return isinstance(error, _OF_NO_FILE)


def redact_photos(asked: Asked, outputs: Outputs, tasks: Sequence[Task]) -> Iterator[Done]:
    """What became of each photo, in order; raises what would meet the next one as well."""
    work = partial(_redact, asked, outputs)
    for task, done in zip(tasks, asked.analyzer.map(work, tasks), strict=True):
        if isinstance(done, VisavisError):
            if ends_the_run(done):
                raise done
            yield Done(task, "photo", done)
        else:
            yield done


def _redact(asked: Asked, outputs: Outputs, task: Task) -> Done:
    try:
        return _redact_photo(asked, outputs, task)
    except UnsupportedImageError:
        if task.source.suffix.lower() in PHOTO_SUFFIXES:
            raise
        raise UnsupportedFileError from None  # nothing but its being the input made it a photo


def _format_of(task: Task, photo: bytes) -> Format:
    """What a photo becomes. Raises OutputFormatError; where it is no photo, the ImageError that fits, whatever the output is called."""
    try:
        return format_of(task.target)
    except OutputFormatError:
        Photo(photo)
        raise


def _redact_photo(asked: Asked, outputs: Outputs, task: Task) -> Done:
    covering = asked.covering.at(0)
    if outputs.done(task):
        return Done(task, "photo", None, asked.reviewing.moments_of(asked.analyzer, task.source, covering))
    origin, photo = outputs.origin(task), read_photo(task.source)
    written = _format_of(task, photo)
    redacted = redact(asked.analyzer, photo, covering, spare=asked.sparing.spare, written=written)
    moments = asked.reviewing.moments_of(asked.analyzer, task.source, covering)
    coverage = asked.reviewing.coverage_of(task.source, photo, redacted)
    outputs.write(task, origin, redacted.photo)
    bare, more = replace(redacted, photo=b"", regions=()), Photo(photo).is_first_of_several()
    return Done(task, "photo", bare, moments, coverage, len(covering.also), more)
