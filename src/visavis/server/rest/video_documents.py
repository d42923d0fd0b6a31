"""What /v1 takes and tells of redactions of videos."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from visavis.redaction.corrections import read_correction
from visavis.redaction.masks import Shape
from visavis.redaction.styles import Style
from visavis.server.rest.documents import Asked, Time, Told
from visavis.services.film_redactions import RedactionOptions, RedactionProgress
from visavis.services.jobs import State
from visavis.services.redact import DEFAULT_MAX_FPIR
from visavis.store.jobs import Job

MAX_BOXES = 500

JOB_ID = "[0-9A-Za-z_-]{1,128}"
"""What an id may look like; not every text can be asked a database for."""

_ID = "0" * 64


def _correction(text: str) -> str:
    read_correction(text)
    return text


Corrections = Annotated[
    list[
        Annotated[
            str,
            Field(max_length=100, examples=["120,80,90,110@1:02-1:05.5"]),
            AfterValidator(_correction),
        ]
    ],
    Field(max_length=MAX_BOXES),
]
"""Boxes as text, X,Y,W,H or X,Y,W,H@FROM-UNTIL, in pixels of the upright video."""


class Target(Asked):
    """A place on S3."""

    bucket: str = Field(pattern="^[0-9A-Za-z._-]{3,255}$")
    name: str = Field(min_length=1, max_length=1024)

    def s3_object(self) -> dict[str, str]:
        """The wire's structure of it."""
        return {name.capitalize(): value for name, value in self.model_dump(exclude_none=True).items()}


class Source(Target):
    """A film on S3."""

    version: Annotated[str, Field(min_length=1, max_length=1024)] | None = None


class NewVideoRedaction(Asked):
    """A video to redact, and how."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "source": {"bucket": "films", "name": "speech.mp4"},
                    "target": {"bucket": "to-publish", "name": "speech.mp4"},
                    "keep": "reunion",
                    "also": ["120,80,90,110@1:02-1:05.5"],
                    "audio": "drop",
                }
            ]
        }
    )

    source: Source
    target: Target = Field(
        description="Where the result goes: nothing may be there. The name's ending, .mp4, .m4v, .mov, .mkv, .webm or .gif, says what is written."
    )
    style: Style = Field(
        Style.SOLID,
        description="What pixelate and blur hide can be guessed back; solid leaves nothing of it.",
    )
    shape: Shape = Shape.ELLIPSE
    keep: Annotated[str, Field(pattern="^[A-Za-z0-9_.-]{1,255}$")] | None = Field(
        None,
        description="A gallery: people whose consent to its purpose counts when they are looked at are not covered.",
    )
    fpir: Annotated[float, Field(gt=0, lt=1)] = Field(
        DEFAULT_MAX_FPIR,
        description="With `keep`: how often, at most, a stranger's face may be taken for one of them, and stay uncovered.",
    )
    keep_boxes: Corrections = Field(
        [], description="The face whose middle lies in X,Y,W,H is not covered, with @FROM-UNTIL meanwhile."
    )
    also: Corrections = Field(
        [],
        description="X,Y,W,H is covered besides, with @FROM-UNTIL meanwhile. The job fails where that is nothing of the video.",
    )
    audio: Literal["keep", "drop"] = Field(
        "keep", description="What becomes of the sound. A voice tells who speaks."
    )
    token: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,64}$")] | None = Field(
        None, description="The same call with the same token gives the same job again."
    )

    def options(self) -> RedactionOptions:
        """All but the film and the gallery."""
        boxes = {"keep_boxes": tuple(self.keep_boxes), "also": tuple(self.also)}
        target = self.target.s3_object()
        return RedactionOptions(target, self.style, self.shape, **boxes, fpir=self.fpir, audio=self.audio)

    def digest(self) -> bytes:
        """Differs where anything but the token does."""
        return hashlib.sha256(self.model_dump_json(exclude={"token"}).encode()).digest()


class StartedVideoRedaction(Told):
    """A job that was begun."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"id": _ID}]})

    id: str


class VideoRedactionQuery(Asked):
    """Which part of the list."""

    after: Annotated[str, Field(pattern=f"^{JOB_ID}$")] | None = Field(
        None, description="Only what follows the job with this id."
    )
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class Progress(Told):
    """How far it is, in frames."""

    frames: int | None = Field(
        description="How many there are; until all were looked at, about; null where the file does not say."
    )
    looked_at: int
    written: int = Field(description="Those that are covered where they are to be; this follows the looking.")


class VideoRedaction(Told):
    """How a job stands."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": _ID,
                    "state": "running",
                    "created_at": "2026-10-05T12:00:00Z",
                    "keep": "reunion",
                    "progress": {"frames": 45_000, "looked_at": 12_500, "written": 0},
                }
            ]
        }
    )

    id: str
    state: State
    created_at: Time
    ended_at: Time | None = None
    keep: str | None = None
    progress: Progress
    covered_frames: int | None = Field(
        None, description="In how many frames anything is covered, once it has succeeded."
    )
    spared_frames: int | None = Field(
        None, description="In how many frames somebody is spared by consent, once it has succeeded."
    )
    message: str | None = Field(None, description="Why it did not succeed.")

    @classmethod
    def of(cls, job: Job) -> VideoRedaction:
        """A job as the services find it."""
        far, succeeded = RedactionProgress.of(job), job.state == State.SUCCEEDED
        return cls(
            id=job.id,
            state=State(job.state),
            created_at=job.created_at,
            ended_at=job.ended_at,
            keep=job.gallery,
            progress=Progress.model_validate(far),
            covered_frames=far.covered_frames if succeeded else None,
            spared_frames=far.spared_frames if succeeded else None,
            message=job.message,
        )


class VideoRedactionPage(Told):
    """Jobs, the newest first. after: what to ask with for those that follow; null at the end."""

    redactions: list[VideoRedaction]
    after: str | None
