"""Faces in stored videos: a call asks for a job, another asks what came of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from visavis.audit.entry import Action, Refusal
from visavis.errors import UnknownGalleryError
from visavis.extras import require_extra
from visavis.rekognition.arns import collection_arn
from visavis.rekognition.errors import (
    AccessDeniedException,
    InvalidPaginationTokenException,
    InvalidParameterException,
)
from visavis.rekognition.faces import Document, face_document, least_similarity, reference_document
from visavis.rekognition.films import find_film
from visavis.rekognition.pages import read_id_token, write_token
from visavis.rekognition.request import Request
from visavis.services import galleries, job_results, jobs
from visavis.services.job_results import BEGINNING, PersonSeen, Place
from visavis.services.jobs import Kind, State, Wanted
from visavis.services.work import working
from visavis.store.jobs import Job

MOST_RESULTS = 1_000
TOKEN_LIFETIME_S = 86_400

_STATUSES = {State.RUNNING: "IN_PROGRESS", State.SUCCEEDED: "SUCCEEDED"}
_STARTS = {Kind.DETECT: "StartFaceDetection", Kind.SEARCH: "StartFaceSearch"}


@dataclass(frozen=True, slots=True)
class _Size:
    """Of a film's upright pictures, in pixels."""

    width: int
    height: int


def start_face_detection(request: Request) -> Document:
    """Ask for the faces of a film. No template is made, so the log holds nothing of it."""
    return _start(request, Kind.DETECT)


def start_face_search(request: Request) -> Document:
    """Ask who of a gallery is in a film."""
    least = least_similarity(request.parameters.get("FaceMatchThreshold"), 80)
    return _start(request, Kind.SEARCH, gallery=request.parameters["CollectionId"], min_similarity=least)


def get_face_detection(request: Request) -> Document:
    """The faces of a film, in the order of time."""
    job = jobs.find(request.registry, request.parameters["JobId"], Kind.DETECT)
    if job.state != State.SUCCEEDED:
        return _described(job)
    after = _after(request, job)
    page = job_results.faces(request.registry, job, after, _limit(request))
    size = _size(job)
    faces = [{"Timestamp": seen.at_ms, "Face": face_document(seen.face, size)} for seen in page.seen]
    return _described(job) | {"Faces": faces, "NextToken": _token(request, job, page.next_after)}


def get_face_search(request: Request) -> Document:
    """The people of the gallery who were found in a film, and whose consent counts now."""
    job = jobs.find(request.registry, request.parameters["JobId"], Kind.SEARCH)
    _check_reach(request, job)
    if job.state != State.SUCCEEDED:
        return _described(job)
    after = _after(request, job)
    by_person = request.parameters.get("SortBy") == "INDEX"
    try:
        page = job_results.people(request.registry, job, after, _limit(request), by_person=by_person)
    except UnknownGalleryError:  # that nobody is named does not mean that nobody was found
        return _described(job) | {"StatusMessage": galleries.DELETED, "Persons": []}
    persons = [_person(seen, _size(job)) for seen in page.seen]
    return _described(job) | {"Persons": persons, "NextToken": _token(request, job, page.next_after)}


def status_message(job: Job) -> dict[str, Any]:
    """What is told of a job that has ended, by SNS."""
    message = {
        "JobId": job.id,
        "Status": _STATUSES.get(State(job.state), "FAILED"),
        "API": _STARTS[Kind(job.kind)],
        "JobTag": job.tag,
        "Timestamp": 1000 * (job.ended_at or 0),
        "Video": {f"S3{'ObjectName' if n == 'Name' else n}": v for n, v in _s3_object(job).items()},
    }
    return {name: value for name, value in message.items() if value is not None}


def _start(request: Request, kind: Kind, **search: Any) -> Document:
    require_extra("video", "av")
    parameters, registry = request.parameters, request.registry
    token = parameters.get("ClientRequestToken")
    asked = _digest(parameters)
    if before := jobs.repeated(registry, kind, token, asked):
        return {"JobId": before}
    if "S3Object" not in parameters["Video"]:
        raise InvalidParameterException("Requested video should contain s3 object.")
    film = find_film(parameters["Video"]["S3Object"], request.region)
    wanted = Wanted(
        kind,
        film.as_json(),
        asked,
        token=token,
        channel=parameters.get("NotificationChannel"),
        tag=parameters.get("JobTag"),
        **search,
    )
    return {"JobId": jobs.start(registry, wanted)}


def _described(job: Job) -> Document:
    """How a job stands, and of which film it is."""
    return {
        "JobStatus": _STATUSES.get(State(job.state), "FAILED"),
        "StatusMessage": job.message,
        "VideoMetadata": _metadata(job),
        "JobId": job.id,
        "Video": {"S3Object": _s3_object(job)},
        "JobTag": job.tag,
    }


def _metadata(job: Job) -> Document | None:
    if job.film is None:
        return None
    film = json.loads(job.film)
    return {
        "Codec": film["codec"],
        "DurationMillis": film["duration_ms"],
        "Format": film["format"],
        "FrameRate": film["frame_rate"],
        "FrameHeight": film["height"],
        "FrameWidth": film["width"],
        "ColorRange": film["color_range"],
    }


def _person(seen: PersonSeen, size: _Size) -> Document:
    face = face_document(seen.face, size)
    matches = [
        {"Similarity": similarity, "Face": reference_document(reference)}
        for reference, similarity in seen.matches
    ]
    person = {"Index": seen.person, "BoundingBox": face["BoundingBox"], "Face": face}
    return {"Timestamp": seen.at_ms, "Person": person, "FaceMatches": matches}


def _check_reach(request: Request, job: Job) -> None:
    """A job of a gallery is for the keys that reach the gallery."""
    if job.gallery is None or request.key.reaches(job.gallery):
        return
    with working(request.registry) as work:
        work.log(Action.VIEW, refusal=Refusal.NOT_ALLOWED)
    resource = collection_arn(request.region, job.gallery)
    raise AccessDeniedException(
        f"Access key {request.key.id} is not authorized to perform: rekognition:GetFaceSearch on resource: {resource}"
    )


def _limit(request: Request) -> int:
    asked: int = request.parameters.get("MaxResults", MOST_RESULTS)
    return min(asked, MOST_RESULTS)


def _after(request: Request, job: Job) -> Place:
    """Where the page begins that a token is for. Raises InvalidPaginationTokenException for one of another job or order, or one of yesterday."""
    text = read_id_token(request.parameters.get("NextToken"), *_place(request, job))
    if not text:
        return BEGINNING
    try:
        person, number, at = map(int, text.split("."))
    except ValueError:
        raise InvalidPaginationTokenException from None
    if max(person, number) >= 2**63 or request.registry.clock() - at > TOKEN_LIFETIME_S:
        raise InvalidPaginationTokenException
    return person, number


def _token(request: Request, job: Job, after: Place | None) -> str | None:
    if after is None:
        return None
    person, number = after
    return write_token(f"{person}.{number}.{request.registry.clock()}", *_place(request, job))


def _place(request: Request, job: Job) -> tuple[str, ...]:
    return job.kind, job.id, request.parameters.get("SortBy", "TIMESTAMP")


def _size(job: Job) -> _Size:
    film = json.loads(job.film or "{}")
    return _Size(*film.get("shown", (film["width"], film["height"])))


def _s3_object(job: Job) -> dict[str, str]:
    found: dict[str, str] = json.loads(job.source)["s3_object"]
    return found


def _digest(parameters: dict[str, Any]) -> bytes:
    asked = {name: value for name, value in parameters.items() if name != "ClientRequestToken"}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest()


HANDLERS = {
    "StartFaceDetection": start_face_detection,
    "GetFaceDetection": get_face_detection,
    "StartFaceSearch": start_face_search,
    "GetFaceSearch": get_face_search,
}
