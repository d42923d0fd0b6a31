"""Redactions of videos: jobs on films that lie on S3, whose results go there."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from visavis.audit.entry import Action
from visavis.extras import require_extra
from visavis.rekognition.deliveries import check_free
from visavis.rekognition.films import find_film
from visavis.server.rest.calls import Call, in_worker, permitted
from visavis.server.rest.video_documents import (
    JOB_ID,
    NewVideoRedaction,
    StartedVideoRedaction,
    VideoRedaction,
    VideoRedactionPage,
    VideoRedactionQuery,
)
from visavis.services import jobs
from visavis.services.galleries import find
from visavis.services.jobs import Kind, Wanted
from visavis.services.redact import check
from visavis.store.jobs import Job
from visavis.video.formats import video_format_of

router = APIRouter(tags=["redactions"])

JobId = Annotated[str, Path(pattern=f"^{JOB_ID}$")]


@router.post("/redactions/videos", operation_id="CreateVideoRedaction", status_code=202)
@in_worker
def create(
    call: Annotated[Call, Depends(permitted("CreateRedaction", Action.REDACT))], new: NewVideoRedaction
) -> StartedVideoRedaction:
    """Ask for a video on S3 to be written there once more, with all faces covered; a worker does it. The log has what `keep` needs."""
    require_extra("video", "av")
    if new.keep is not None:
        call.require_gallery(new.keep)
    if before := jobs.repeated(call.registry, Kind.REDACT, new.token, new.digest()):
        return StartedVideoRedaction(id=before)
    video_format_of(PurePath(new.target.name))
    if new.keep is not None:
        check(call.registry, find(call.registry, new.keep), new.fpir)
    film = find_film(new.source.s3_object(), call.region)
    check_free(new.target.s3_object(), call.region)
    wanted = Wanted(
        Kind.REDACT,
        film.as_json(),
        new.digest(),
        gallery=new.keep,
        options=new.options().as_json(),
        token=new.token,
    )
    return StartedVideoRedaction(id=jobs.start(call.registry, wanted))


@router.get("/redactions/videos", operation_id="ListVideoRedactions")
@in_worker
def list_redactions(
    call: Annotated[Call, Depends(permitted("CreateRedaction", Action.REDACT))],
    query: Annotated[VideoRedactionQuery, Query()],
) -> VideoRedactionPage:
    """List the jobs that the key itself asked for, the newest first, until 7 days after their end."""
    found = jobs.asked_for(call.registry, Kind.REDACT, query.after, query.limit + 1)
    page, more = found[: query.limit], len(found) > query.limit
    return VideoRedactionPage(
        redactions=list(map(VideoRedaction.of, page)), after=page[-1].id if more else None
    )


@router.get("/redactions/videos/{job_id}", operation_id="GetVideoRedaction")
@in_worker
def get(
    call: Annotated[Call, Depends(permitted("CreateRedaction", Action.REDACT))], job_id: JobId
) -> VideoRedaction:
    """Show how a job stands, until 7 days after its end."""
    return VideoRedaction.of(_reached(call, job_id))


@router.delete("/redactions/videos/{job_id}", operation_id="CancelVideoRedaction")
@in_worker
def cancel(
    call: Annotated[Call, Depends(permitted("CreateRedaction", Action.REDACT))], job_id: JobId
) -> VideoRedaction:
    """End a job that runs: it is cancelled, its worker stops after the 250 frames that it is at, and nothing of what it did is kept, but for a result that is being stored at that moment. One that has ended stays as it was."""
    job = _reached(call, job_id)
    jobs.cancel(call.registry, job.id)
    return VideoRedaction.of(jobs.find(call.registry, job.id))


def _reached(call: Call, job_id: str) -> Job:
    """A redaction that the key is for: one that spares people of a gallery is for the keys that reach the gallery."""
    job = jobs.find(call.registry, job_id, Kind.REDACT)
    if job.gallery is not None:
        call.require_gallery(job.gallery)
    return job
