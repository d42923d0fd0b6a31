"""Each error that an operation documents is raised by boto3 as the class that its model has for it, over HTTP.

What no caller can cause in an operation here is raised in its place: programs have a handler for it, which must be reached.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any
from unittest import mock
from zlib import crc32

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from http_calls import now
from people_films import FakeFilm, looked_through
from PIL import Image
from registries import PURPOSE, Clock, agree, enrolled, photo_of, registry_at
from served import served

from visavis.rekognition import errors, service
from visavis.rekognition.arns import collection_arn
from visavis.rekognition.errors import InvalidS3ObjectException, VideoTooLargeException
from visavis.rekognition.films import StoredFilm
from visavis.rekognition.model import SERVED
from visavis.rekognition.model import service as model
from visavis.rekognition.operations import videos
from visavis.rekognition.request import Request
from visavis.server.limits import Limits
from visavis.server.serve import create_app
from visavis.services import access
from visavis.services.access import NewKey
from visavis.services.jobs import MAX_RUNNING
from visavis.services.registry import Registry

Parameters = dict[str, Any]


class Way(Enum):
    """How an error comes about in a call that would be well."""

    WITHOUT_RIGHTS = auto()
    """The key is not for this operation."""
    WITHOUT_RATE = auto()
    """The server takes no calls at all."""
    BROKEN = auto()
    """The operation fails by a mistake of ours."""
    RAISED = auto()
    """The operation raises this error, as it never does of itself."""


Causes = dict[str, Parameters | Way]
"""By error: what to change in a call, or the way."""


def photo(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, "JPEG")
    return file.getvalue()


def start_of_png(width: int, height: int) -> bytes:
    """A PNG of that size, up to its first pixel."""
    sizes = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    head = b"IHDR" + sizes + bytes([8, 2, 0, 0, 0])
    check = crc32(head).to_bytes(4, "big")
    return b"\x89PNG\r\n\x1a\n" + (len(head) - 4).to_bytes(4, "big") + head + check + bytes(4) + b"IDAT"


REGION = "local"
ARN = {"ResourceArn": collection_arn(REGION, "staff")}
NO_ARN = {"ResourceArn": collection_arn(REGION, "nobody")}
STAFF = {"CollectionId": "staff"}
NO_COLLECTION = {"CollectionId": "nobody"}
USER = STAFF | {"UserId": "u-1"}
TOKEN = "a-token"  # noqa: S105  it keeps nothing secret
USED = {"UserId": "u-2", "ClientRequestToken": TOKEN}
FULL = "u-full"
FACE = "00000000-0000-0000-0000-000000000001"
FILM = {"Video": {"S3Object": {"Bucket": "films", "Name": "a.mp4"}}}
DETECTION, SEARCH = "the detection", "the search"
"""For the ids of jobs that are done, which nobody knows before."""
ANNA = {"Bytes": photo_of("anna")}
BAD_PAGE = {"NextToken": "next"}

CALLS: Mapping[str, Parameters] = {
    "CompareFaces": {"SourceImage": ANNA, "TargetImage": ANNA},
    "DetectFaces": {"Image": ANNA},
    "IndexFaces": STAFF | {"ExternalImageId": "anna", "Image": ANNA},
    "SearchFacesByImage": STAFF | {"Image": ANNA},
    "SearchUsersByImage": STAFF | {"Image": ANNA},
    "CreateCollection": {"CollectionId": "visitors", "Tags": {"visavis:purpose": PURPOSE}},
    "DeleteCollection": STAFF,
    "DescribeCollection": STAFF,
    "ListCollections": {},
    "DeleteFaces": STAFF | {"FaceIds": [FACE]},
    "ListFaces": STAFF,
    "SearchFaces": STAFF | {"FaceId": FACE},
    "CreateUser": USER,
    "DeleteUser": USER,
    "ListUsers": STAFF,
    "AssociateFaces": USER | {"FaceIds": [FACE]},
    "DisassociateFaces": USER | {"FaceIds": [FACE]},
    "SearchUsers": STAFF | {"FaceId": FACE},
    "TagResource": ARN | {"Tags": {"floor": "2"}},
    "UntagResource": ARN | {"TagKeys": ["floor"]},
    "ListTagsForResource": ARN,
    "StartFaceDetection": FILM,
    "GetFaceDetection": {"JobId": DETECTION},
    "StartFaceSearch": STAFF | FILM,
    "GetFaceSearch": {"JobId": SEARCH},
}
"""A call of each operation, and nothing wrong with it but that the face may not be there."""

EVERYWHERE: Causes = {
    "AccessDeniedException": Way.WITHOUT_RIGHTS,
    "ThrottlingException": Way.WITHOUT_RATE,
    "InternalServerError": Way.BROKEN,
    "ProvisionedThroughputExceededException": Way.RAISED,
}


def of_image(parameter: str) -> Causes:
    """What is wrong with images."""
    return {
        "InvalidParameterException": {parameter: {"Bytes": photo(100, 79)}},
        "InvalidImageFormatException": {parameter: {"Bytes": b"not a photo"}},
        "ImageTooLargeException": {parameter: {"Bytes": start_of_png(20_000, 20_000)}},
        "InvalidS3ObjectException": {parameter: {"S3Object": {"Bucket": "without-a-name"}}},
    }


MISSING: Causes = {"ResourceNotFoundException": NO_COLLECTION}
NEVER_INVALID: Causes = {"InvalidParameterException": Way.RAISED}
REUSED: Causes = {"IdempotentParameterMismatchException": USED}


def film_called(name: str) -> Parameters:
    return {"Video": {"S3Object": {"Bucket": "films", "Name": name}}}


OF_A_START: Causes = {
    "IdempotentParameterMismatchException": {"ClientRequestToken": TOKEN, "JobTag": "other"},
    "InvalidParameterException": {"Video": {}},
    "InvalidS3ObjectException": film_called("nothing"),
    "VideoTooLargeException": film_called("huge"),
    "LimitExceededException": {},
}
OF_A_GET: Causes = NEVER_INVALID | {
    "InvalidPaginationTokenException": BAD_PAGE,
    "ResourceNotFoundException": {"JobId": "0" * 64},
}

OWN: Mapping[str, Causes] = {
    "CompareFaces": of_image("SourceImage"),
    "DetectFaces": of_image("Image"),
    "IndexFaces": of_image("Image") | MISSING | {"ServiceQuotaExceededException": Way.RAISED},
    "SearchFacesByImage": of_image("Image") | MISSING,
    "SearchUsersByImage": of_image("Image") | MISSING,
    "CreateCollection": {
        "InvalidParameterException": {"Tags": {}},
        "ResourceAlreadyExistsException": STAFF,
        "ServiceQuotaExceededException": Way.RAISED,
    },
    "DeleteCollection": MISSING | NEVER_INVALID,
    "DescribeCollection": MISSING | NEVER_INVALID,
    "ListCollections": NEVER_INVALID
    | {"InvalidPaginationTokenException": BAD_PAGE, "ResourceNotFoundException": Way.RAISED},
    "DeleteFaces": MISSING | NEVER_INVALID,
    "ListFaces": MISSING | NEVER_INVALID | {"InvalidPaginationTokenException": BAD_PAGE},
    "SearchFaces": MISSING | {"InvalidParameterException": {"FaceId": FACE}},
    "CreateUser": MISSING
    | NEVER_INVALID
    | REUSED
    | {"ConflictException": {}, "ServiceQuotaExceededException": Way.RAISED},
    "DeleteUser": MISSING | NEVER_INVALID | REUSED | {"ConflictException": Way.RAISED},
    "ListUsers": MISSING | NEVER_INVALID | {"InvalidPaginationTokenException": BAD_PAGE},
    "AssociateFaces": MISSING
    | NEVER_INVALID
    | REUSED
    | {"ConflictException": Way.RAISED, "ServiceQuotaExceededException": {"UserId": FULL}},
    "DisassociateFaces": MISSING | NEVER_INVALID | REUSED | {"ConflictException": Way.RAISED},
    "SearchUsers": MISSING | {"InvalidParameterException": {"UserId": "u-1"}},
    "TagResource": {
        "ResourceNotFoundException": NO_ARN,
        "InvalidParameterException": {"Tags": {"visavis:purpose": "another"}},
        "ServiceQuotaExceededException": {"Tags": {f"tag-{number}": "" for number in range(200)}},
    },
    "UntagResource": {
        "ResourceNotFoundException": NO_ARN,
        "InvalidParameterException": {"TagKeys": ["visavis:purpose"]},
    },
    "ListTagsForResource": NEVER_INVALID | {"ResourceNotFoundException": NO_ARN},
    "StartFaceDetection": OF_A_START,
    "GetFaceDetection": OF_A_GET,
    "StartFaceSearch": OF_A_START | MISSING,
    "GetFaceSearch": OF_A_GET,
}
"""What is more than everywhere."""

DOCUMENTED = [
    (operation, shape.name)
    for operation in sorted(SERVED)
    for shape in model().operation_model(operation).error_shapes
]


@dataclass(frozen=True, slots=True)
class Clients:
    """boto3's clients: of a key for everything, of a key for nothing here, and of a server that takes no calls.

    extra_face: one more than a user may have, where it has them. jobs: the ids of two that are done.
    """

    able: Any
    without_rights: Any
    without_rate: Any
    extra_face: str
    jobs: Mapping[str, str]


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    limits, none = Limits(calls_per_second=10_000), Limits(calls_per_second=0)
    with (
        mock.patch.object(videos, "find_film", find_film),
        registry_at(tmp_path_factory.mktemp("registry"), clock=Clock(now())) as registry,
    ):
        key, useless = access.create(registry), access.create(registry, operations=["GetKey"])
        app, still = create_app(registry, limits), create_app(registry, none)
        with served(app, limits) as server, served(still, none) as still_server:
            able = client(server.endpoint, key)
            face, jobs_done = fill(registry, able), films_looked_through(registry, able)
            without_rights, without_rate = (
                client(server.endpoint, useless),
                client(still_server.endpoint, key),
            )
            yield Clients(able, without_rights, without_rate, face, jobs_done)
        app.close()
        still.close()


def client(endpoint: str, key: NewKey) -> Any:
    return boto3.client(
        "rekognition",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=key.key.id,
        aws_secret_access_key=key.secret,
        config=Config(retries={"total_max_attempts": 1}),
    )


def fill(registry: Registry, able: Any) -> str:
    """A collection, a user with as many faces as it may have, and tokens that were used; the id of a face in no user."""
    able.create_collection(**STAFF, Tags={"visavis:purpose": PURPOSE})
    agree(registry, "anna")
    *ids, spare = [str(done.reference_id) for done in enrolled(registry, "staff", "anna", photos=range(101))]
    once: Parameters = STAFF | {"ClientRequestToken": TOKEN}
    for user in ("gone", FULL):
        able.create_user(**STAFF, UserId=user)
    able.create_user(**once, UserId="u-1")
    able.delete_user(**once, UserId="gone")
    able.associate_faces(**once, UserId=FULL, FaceIds=ids)
    able.disassociate_faces(**once, UserId="u-1", FaceIds=[FACE])
    return spare


def find_film(s3_object: dict[str, str], region: str) -> StoredFilm:
    """Looks for no film anywhere: by its name it is there, or not, or too large."""
    if s3_object["Name"] == "nothing":
        raise InvalidS3ObjectException
    if s3_object["Name"] == "huge":
        raise VideoTooLargeException
    return StoredFilm(s3_object, region, "", 1)


def films_looked_through(registry: Registry, able: Any) -> dict[str, str]:
    """Two jobs that are done, and then as many as may run at once."""
    done = {
        DETECTION: able.start_face_detection(**FILM, ClientRequestToken=TOKEN)["JobId"],
        SEARCH: able.start_face_search(**STAFF, **FILM, ClientRequestToken=TOKEN)["JobId"],
    }
    for job_id in done.values():
        looked_through(registry, job_id, FakeFilm(100, {0: ["anna"]}))
    for _ in range(MAX_RUNNING):
        able.start_face_detection(**FILM)
    return done


def test_there_is_a_cause_for_each_documented_error() -> None:
    assert OWN.keys() == CALLS.keys() == SERVED
    assert {(operation, error) for operation in OWN for error in EVERYWHERE | OWN[operation]} == set(
        DOCUMENTED
    )


@pytest.mark.parametrize(("operation", "error"), DOCUMENTED)
def test_each_documented_error_is_raised_as_its_class(
    clients: Clients, operation: str, error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cause = (EVERYWHERE | OWN[operation])[error]
    parameters, caller = CALLS[operation], clients.able
    if cause is Way.WITHOUT_RIGHTS:
        caller = clients.without_rights
    elif cause is Way.WITHOUT_RATE:
        caller = clients.without_rate
    elif isinstance(cause, Way):
        fail_with(RuntimeError() if cause is Way.BROKEN else getattr(errors, error)(), operation, monkeypatch)
    else:
        parameters = {**parameters, **cause}
    if parameters.get("UserId") == FULL:
        parameters = {**parameters, "FaceIds": [clients.extra_face]}
    if "JobId" in parameters:
        parameters = {**parameters, "JobId": clients.jobs.get(parameters["JobId"], parameters["JobId"])}
    with pytest.raises(getattr(caller.exceptions, error)):
        getattr(caller, xform_name(operation))(**parameters)


def fail_with(error: Exception, operation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(request: Request) -> Parameters:
        del request
        raise error

    monkeypatch.setattr(service, "HANDLERS", {operation: fail})
