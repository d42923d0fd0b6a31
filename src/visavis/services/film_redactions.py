"""Films that are to be redacted: how, as their jobs keep it, and how far that is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from visavis.errors import JobEndedError
from visavis.redaction.corrections import read_correction
from visavis.redaction.covering import VideoCovering
from visavis.redaction.masks import Shape
from visavis.redaction.styles import Style
from visavis.services.redact import DEFAULT_MAX_FPIR
from visavis.services.registry import Registry
from visavis.store.jobs import Job, note_progress


@dataclass(frozen=True, slots=True)
class RedactionOptions:
    """How a film is redacted. target: where it goes, as JSON values for whoever stores it.

    keep_boxes, also: corrections as `read_correction` reads them. fpir: of sparing people of the job's gallery, if it has one.
    """

    target: Mapping[str, str] = field(repr=False)
    style: Style = Style.SOLID
    shape: Shape = Shape.ELLIPSE
    keep_boxes: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    fpir: float = DEFAULT_MAX_FPIR
    audio: Literal["keep", "drop"] = "keep"

    def as_json(self) -> dict[str, object]:
        """The same as JSON values."""
        return asdict(self)

    @classmethod
    def of(cls, job: Job) -> RedactionOptions:
        """Those of a job that is a redaction."""
        kept = json.loads(job.options or "")
        return cls(
            kept["target"],
            Style(kept["style"]),
            Shape(kept["shape"]),
            tuple(kept["keep_boxes"]),
            tuple(kept["also"]),
            kept["fpir"],
            kept["audio"],
        )

    @property
    def covering(self) -> VideoCovering:
        """What is to be covered."""
        keep, also = (tuple(map(read_correction, boxes)) for boxes in (self.keep_boxes, self.also))
        return VideoCovering(self.style, self.shape, keep, also)


@dataclass(frozen=True, slots=True)
class RedactionProgress:
    """How far a redaction is, in frames. frames: how many there are, until all were looked at what the file says, None where it says nothing.

    written: those of finished parts of the result; covered_frames, spared_frames: those with a cover, and those with somebody who is spared by consent,
    once it is done.
    """

    frames: int | None = None
    looked_at: int = 0
    written: int = 0
    covered_frames: int | None = None
    spared_frames: int | None = None

    @classmethod
    def of(cls, job: Job) -> RedactionProgress:
        """That of a job that is a redaction."""
        return cls(**json.loads(job.film or "{}"))

    def note(self, registry: Registry, job_id: str, segments: int) -> None:
        """Note it with the job. segments: how many parts of the work are done. Raises JobEndedError where it does not run any more, and StoreError."""
        with registry.store.write() as connection:
            if not note_progress(connection, job_id, segments=segments, film=json.dumps(asdict(self))):
                raise JobEndedError
