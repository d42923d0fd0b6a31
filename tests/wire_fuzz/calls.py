"""Calls that the server answers well, for mutations to begin with, and the world that they are made in."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import quote

from registries import PURPOSE, photo_of

from visavis.rekognition.arns import ACCOUNT
from visavis.rekognition.pages import write_token
from wire_fuzz.requests import DEAD_KEYS, Draft, call_headers

MARK = "quartz"
"""Stands in each name and photo that is sent: the server's log must never have it."""

GALLERY = f"staff-{MARK}"
OTHER_GALLERY = f"visitors-{MARK}"
PEOPLE = (f"anna-{MARK}", f"bo-{MARK}", f"cy-{MARK}")
STRANGER = f"nobody-{MARK}"
"""Whose consent nobody ever records, unless a mutation does."""
USER = f"user-{MARK}"
ARN = f"arn:aws:rekognition:local:{ACCOUNT}:collection/{GALLERY}"
TOKEN = f"a-token-{MARK}"

Document = dict[str, Any]


NAMES = (
    *(GALLERY, OTHER_GALLERY, *PEOPLE, STRANGER, USER, ARN, PURPOSE, TOKEN, *(key.id for key in DEAD_KEYS)),
    write_token(1, "ListUsers", GALLERY),
    write_token(2, "ListFaces", GALLERY, ""),
    write_token(2**63, "ListUsers", GALLERY),
    write_token(-1, "ListFaces", GALLERY, ""),
    write_token("00" * 16, "ListCollections"),
    base64.urlsafe_b64encode(b"[1]").decode(),
    base64.urlsafe_b64encode(b"[" * 180).decode(),
    f"arn:aws:rekognition:local:{ACCOUNT}:collection/",
    f"arn:aws:rekognition:eu-west-1:{ACCOUNT}:collection/{OTHER_GALLERY}",
    f"arn:aws:s3:::{MARK}",
)
"""Texts that mean something to the server, for where another is expected."""


@dataclass(slots=True)
class World:
    """What is in the store, as far as whoever calls knows. face_ids: of PEOPLE, in their order; redaction_id: of a job on a video, which runs."""

    face_ids: list[str] = field(default_factory=list)
    redaction_id: str = ""

    def names(self) -> list[str]:
        """NAMES, and ids that the server made up."""
        return [*NAMES, *self.face_ids, self.redaction_id]


class RestCall(NamedTuple):
    """A call to /v1. query: names and values; body: None for none."""

    method: str
    path: str
    query: Document
    body: Document | None = None


_JOB = f"job-{MARK}"
_FILM = {
    "Video": {"S3Object": {"Bucket": MARK, "Name": f"{MARK}.mp4", "Version": "1"}},
    "NotificationChannel": {
        "SNSTopicArn": f"arn:aws:sns:local:{ACCOUNT}:{MARK}",
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{MARK}",
    },
}


@cache
def _photo(*people: str) -> bytes:
    return photo_of(*people)


def image_of(photo: bytes) -> Document:
    """An Image, as JSON has it."""
    return {"Bytes": base64.b64encode(photo).decode()}


def wire_calls(world: World) -> dict[str, Document]:
    """Parameters of each operation that is served."""
    on, anna = {"CollectionId": GALLERY}, image_of(_photo(PEOPLE[0]))
    ids, user = {"FaceIds": world.face_ids[:2]}, {"UserId": USER, "ClientRequestToken": TOKEN}
    return {
        "CreateCollection": {"CollectionId": f"new-{MARK}", "Tags": {"visavis:purpose": PURPOSE, "a": MARK}},
        "DeleteCollection": {"CollectionId": OTHER_GALLERY},
        "DescribeCollection": on,
        "ListCollections": {"MaxResults": 1, "NextToken": write_token("00" * 16, "ListCollections")},
        "DetectFaces": {"Image": anna, "Attributes": ["ALL"]},
        "CompareFaces": {
            "SourceImage": anna,
            "TargetImage": image_of(_photo(*PEOPLE)),
            "SimilarityThreshold": 80.5,
            "QualityFilter": "AUTO",
        },
        "IndexFaces": {
            **on,
            "Image": anna,
            "ExternalImageId": f"{PEOPLE[0]}:badge",
            "DetectionAttributes": ["DEFAULT"],
            "MaxFaces": 1,
            "QualityFilter": "LOW",
        },
        "SearchFacesByImage": {
            **on,
            "Image": anna,
            "MaxFaces": 2,
            "FaceMatchThreshold": 70,
            "QualityFilter": "NONE",
        },
        "SearchUsersByImage": {
            **on,
            "Image": anna,
            "MaxUsers": 2,
            "UserMatchThreshold": 70,
            "QualityFilter": "HIGH",
        },
        "ListFaces": {**on, "MaxResults": 2, "NextToken": write_token(0, "ListFaces", GALLERY, "")},
        "DeleteFaces": {**on, **ids},
        "SearchFaces": {**on, "FaceId": world.face_ids[0], "MaxFaces": 2, "FaceMatchThreshold": 0},
        "CreateUser": {**on, "UserId": f"new-{MARK}", "ClientRequestToken": f"new-{TOKEN}"},
        "DeleteUser": {**on, **user},
        "ListUsers": {**on, "MaxResults": 1, "NextToken": write_token(0, "ListUsers", GALLERY)},
        "AssociateFaces": {**on, **ids, **user, "UserMatchThreshold": 75},
        "DisassociateFaces": {**on, **ids, **user},
        "SearchUsers": {**on, "UserId": USER, "MaxUsers": 2, "UserMatchThreshold": 10},
        "TagResource": {"ResourceArn": ARN, "Tags": {"visavis:fpir": "0.01", MARK: ""}},
        "UntagResource": {"ResourceArn": ARN, "TagKeys": ["visavis:fpir", MARK]},
        "ListTagsForResource": {"ResourceArn": ARN},
        "StartFaceDetection": {**_FILM, "FaceAttributes": "ALL", "JobTag": MARK},
        "GetFaceDetection": {"JobId": _JOB, "MaxResults": 2},
        "StartFaceSearch": {**_FILM, **on, "FaceMatchThreshold": 70, "ClientRequestToken": TOKEN},
        "GetFaceSearch": {
            "JobId": _JOB,
            "SortBy": "INDEX",
            "NextToken": write_token("0.1.2", "search", _JOB, "INDEX"),
        },
    }


_PERSON = {"subject": PEOPLE[1], "purpose": PURPOSE}
_ANSWER = {
    **_PERSON,
    "until": "2027-12-31",
    "given_at": "2026-01-01T00:00:00Z",
    "consented_by": "guardian",
    "notice_version": MARK,
    "language": "pt-BR",
    "evidence_sha256": "0f" * 32,
}

_REDACTION = {
    "source": {"bucket": MARK, "name": f"{MARK}.mp4", "version": "1"},
    "target": {"bucket": MARK, "name": f"{MARK}-to-publish.webm"},
}
_VIDEOS = "/v1/redactions/videos"

_REST_CALLS = (
    RestCall("POST", "/v1/consents", {}, _ANSWER),
    RestCall("POST", "/v1/consents/requests", {}, {**_ANSWER, "subject": f"asked-{MARK}"}),
    RestCall("POST", "/v1/consents/refusals", {}, {**_ANSWER, "subject": f"no-{MARK}"}),
    RestCall("POST", "/v1/consents/withdrawals", {}, _PERSON),
    RestCall("GET", "/v1/consents", {"limit": "3", "purpose": PURPOSE, "state": "given"}),
    RestCall("GET", "/v1/consents", {"after": "00000000-0000-0000-0000-000000000000"}),
    RestCall("GET", "/v1/consent", _PERSON),
    RestCall("GET", "/v1/consent/receipt", _PERSON),
    RestCall("GET", "/v1/galleries", {}),
    RestCall("GET", f"/v1/galleries/{GALLERY}", {}),
    RestCall("POST", "/v1/galleries", {}, {"name": f"new-{MARK}", "purpose": PURPOSE, "recogniser": MARK}),
    RestCall("DELETE", f"/v1/galleries/{OTHER_GALLERY}", {}),
    RestCall("GET", "/v1/audit/checkpoint", {}),
    RestCall("GET", "/v1/audit/key", {}),
    RestCall("GET", "/v1/audit/entries", {"after": "3", "limit": "5"}),
    RestCall("GET", "/v1/audit/proofs/inclusion", {"leaf": "2", "size": "9"}),
    RestCall("GET", "/v1/audit/proofs/consistency", {"first": "4", "second": "9"}),
    RestCall("GET", "/v1/keys", {}),
    RestCall(
        "POST", "/v1/keys", {}, {"operations": ["List*"], "galleries": [GALLERY], "expires_at": "2026-12-31"}
    ),
    RestCall("DELETE", f"/v1/keys/{DEAD_KEYS[0].id}", {}),
    RestCall("POST", _VIDEOS, {}, _REDACTION),
    RestCall(
        "POST",
        _VIDEOS,
        {},
        {
            **_REDACTION,
            "style": "pixelate",
            "shape": "box",
            "keep": GALLERY,
            "fpir": 0.01,
            "keep_boxes": ["1,2,30.5,40"],
            "also": ["120,80,90,110@1:02-1:05.5", "0,0,9,9@0-0.1"],
            "audio": "drop",
            "token": TOKEN,
        },
    ),
    RestCall("GET", _VIDEOS, {"limit": "3"}),
    RestCall("GET", "/v1/openapi.json", {}),
)


def rest_calls(world: World) -> tuple[RestCall, ...]:
    """Calls to /v1."""
    redaction = f"{_VIDEOS}/{world.redaction_id}"
    return (
        *_REST_CALLS,
        RestCall("GET", _VIDEOS, {"after": world.redaction_id}),
        RestCall("GET", redaction, {}),
        RestCall("DELETE", redaction, {}),
    )


EXPORTS = (
    RestCall("GET", "/v1/audit/export", {}),
    RestCall("GET", "/v1/consent/export", {"subject": PEOPLE[1]}),
)
"""Calls whose answers grow with all that was done before."""


def call_draft(operation: str, parameters: Document) -> Draft:
    """A call on the wire."""
    return Draft(headers=call_headers(operation), body=json.dumps(parameters).encode())


def rest_draft(call: RestCall) -> Draft:
    """A call to /v1."""
    headers = {} if call.body is None else {"content-type": "application/json"}
    body = b"" if call.body is None else json.dumps(call.body).encode()
    return Draft(call.method, call.path, urllib.parse.urlencode(call.query, quote_via=quote), headers, body)


def story(world: World, photos: Mapping[str, bytes]) -> Generator[Draft, Document, None]:
    """Calls that make the world anew, whatever is left of it; each must succeed, and its answer is sent back. photos: of people."""
    listed = yield call_draft("ListCollections", {})
    for name in listed["CollectionIds"]:
        yield call_draft("DeleteCollection", {"CollectionId": name})
    for name in (GALLERY, OTHER_GALLERY):
        tags = {"visavis:purpose": PURPOSE}
        yield call_draft("CreateCollection", {"CollectionId": name, "Tags": tags})
    world.face_ids.clear()
    for person, photo in photos.items():
        yield rest_draft(RestCall("POST", "/v1/consents", {}, {"subject": person, "purpose": PURPOSE}))
        named = {"CollectionId": GALLERY, "ExternalImageId": person, "Image": image_of(photo)}
        indexed = yield call_draft("IndexFaces", named)
        world.face_ids.append(indexed["FaceRecords"][0]["Face"]["FaceId"])
    user = {"CollectionId": GALLERY, "UserId": USER}
    yield call_draft("CreateUser", user)
    yield call_draft("AssociateFaces", {**user, "FaceIds": world.face_ids[:1]})
    asked = yield rest_draft(RestCall("POST", _VIDEOS, {}, {**_REDACTION, "keep": GALLERY, "fpir": 0.01}))
    world.redaction_id = asked["id"]
    probe = {"CollectionId": GALLERY, "Image": image_of(next(iter(photos.values())))}
    found = yield call_draft("SearchFacesByImage", probe)
    assert found["FaceMatches"][0]["Face"]["ExternalImageId"] == next(iter(photos)), "nobody is found"
