"""What a program that was written for Rekognition does: one story over all of its operations for faces, told by any client."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aws_stand_ins import Topic
from contract_clients import Client, Document
from wire_calls import Refused

PURPOSE = "entry to the workshop"
SUBJECTS = ("eileen", "grace")
BUCKET = "photos"
FILM, NO_FILM = "both.mp4", "text.mp4"
PATIENCE_S = 240
UNKNOWN = str(UUID(int=1))


@dataclass(frozen=True, slots=True)
class Photos:
    """The files of the photos. Each has one face, but `both` has Grace's and, smaller, Eileen's, and `nobody` none.

    In BUCKET, too, under their names there; an object `huge` is larger than an image may be.
    """

    eileen: Path
    eileen_mirrored: Path
    eileen_smaller: Path
    grace: Path
    grace_cropped: Path
    both: Path
    nobody: Path
    no_photo: Path


@dataclass(frozen=True, slots=True)
class Cinema:
    """A film of Eileen and Grace, in BUCKET under the name FILM; NO_FILM there is none. version: of the film; topic: where ends are told."""

    version: str
    topic: Topic


@dataclass
class Told:
    """A client, and what it was told. answers: of each operation in turn; refusals: operation, error and message."""

    client: Client
    photos: Photos
    cinema: Cinema
    answers: list[tuple[str, Document]] = field(default_factory=list)
    refusals: list[tuple[str, str, str]] = field(default_factory=list)

    def __call__(self, operation: str, **parameters: object) -> Document:
        answer = self.client(operation, parameters)
        self.answers.append((operation, answer))
        return answer

    def refused(self, error: str, operation: str, **parameters: object) -> None:
        with pytest.raises(Refused) as caught:
            self.client(operation, parameters)
        assert caught.value.code == error, caught.value
        self.refusals.append((operation, error, caught.value.message))


def tell(told: Told) -> None:
    """The whole story. It leaves nothing behind but its traces in the log."""
    arn = make_collections(told)
    tag(told, arn)
    eileens, graces = index(told)
    group(told, eileens, graces)
    look_for_faces(told, eileens[0])
    look_for_users(told, graces[0])
    compare_and_detect(told)
    look_through_films(told)
    be_refused(told, arn)
    take_apart(told, eileens, graces)


def make_collections(told: Told) -> str:
    arn: str = told(
        "CreateCollection", CollectionId="staff", Tags={"visavis:purpose": PURPOSE, "floor": "2"}
    )["CollectionArn"]
    told("CreateCollection", CollectionId="visitors", Tags={"visavis:purpose": PURPOSE})
    first = told("ListCollections", MaxResults=1)
    told("ListCollections", MaxResults=1, NextToken=first["NextToken"])
    assert told("ListCollections")["CollectionIds"] == ["staff", "visitors"]
    return arn


def tag(told: Told, arn: str) -> None:
    told("TagResource", ResourceArn=arn, Tags={"door": "east", "floor": "3"})
    told("UntagResource", ResourceArn=arn, TagKeys=["door"])
    assert told("ListTagsForResource", ResourceArn=arn)["Tags"] == {"visavis:purpose": PURPOSE, "floor": "3"}


def index(told: Told) -> tuple[list[str], list[str]]:
    """The ids of Eileen's faces, and of Grace's."""
    photos = told.photos
    eileens = [
        _indexed(told, "eileen:badge", photos.eileen, DetectionAttributes=["ALL"]),
        _indexed(told, "eileen:door", photos.eileen_mirrored),
    ]
    graces = [
        _indexed(told, "grace", photos.grace, QualityFilter="HIGH"),
        _indexed(told, "grace:with-eileen", photos.both, MaxFaces=1),
    ]
    assert (
        told("IndexFaces", CollectionId="staff", ExternalImageId="grace", Image={"Bytes": photos.nobody})[
            "FaceRecords"
        ]
        == []
    )
    first = told("ListFaces", CollectionId="staff", MaxResults=3)
    rest = told("ListFaces", CollectionId="staff", MaxResults=3, NextToken=first["NextToken"])
    assert [face["FaceId"] for face in first["Faces"] + rest["Faces"]] == eileens + graces
    assert told("DescribeCollection", CollectionId="staff")["FaceCount"] == 4
    return eileens, graces


def _indexed(told: Told, external_id: str, photo: Path, **more: object) -> str:
    answer = told(
        "IndexFaces", CollectionId="staff", ExternalImageId=external_id, Image={"Bytes": photo}, **more
    )
    face_id: str = answer["FaceRecords"][0]["Face"]["FaceId"]
    return face_id


def look_for_faces(told: Told, eileens: str) -> None:
    photos = told.photos
    assert _indexed(told, "eileen:badge", photos.eileen) == eileens, "a photo that is there already"
    (match,) = told("SearchFaces", CollectionId="staff", FaceId=eileens)["FaceMatches"]
    assert match["Face"]["ExternalImageId"] == "eileen:door"
    for image in (
        {"Bytes": photos.eileen_smaller},
        {"S3Object": {"Bucket": BUCKET, "Name": photos.eileen_smaller.name}},
    ):
        found = told("SearchFacesByImage", CollectionId="staff", Image=image, FaceMatchThreshold=90)
        assert {match["Face"]["ExternalImageId"] for match in found["FaceMatches"]} == {
            "eileen:badge",
            "eileen:door",
        }


def group(told: Told, eileens: list[str], graces: list[str]) -> None:
    for user in ("e-1", "g-1"):
        told("CreateUser", CollectionId="staff", UserId=user)
    users = {"CollectionId": "staff"}
    associated = told("AssociateFaces", **users, UserId="e-1", FaceIds=[*eileens, graces[0]])
    assert [face["FaceId"] for face in associated["AssociatedFaces"]] == eileens
    told("AssociateFaces", **users, UserId="g-1", FaceIds=graces, UserMatchThreshold=90)
    assert (
        told("AssociateFaces", **users, UserId="g-1", FaceIds=[eileens[0], UNKNOWN])["AssociatedFaces"] == []
    )
    first = told("ListUsers", **users, MaxResults=1)
    told("ListUsers", **users, MaxResults=1, NextToken=first["NextToken"])
    faces = told("ListFaces", **users, UserId="e-1")["Faces"]
    assert [face["FaceId"] for face in faces] == eileens
    assert told("DescribeCollection", **users)["UserCount"] == 2


def look_for_users(told: Told, graces: str) -> None:
    photos, collection = told.photos, {"CollectionId": "staff"}
    told("SearchUsers", **collection, UserId="e-1")
    told("SearchUsers", **collection, UserId="e-1", UserMatchThreshold=0)
    assert told("SearchUsers", **collection, FaceId=graces)["UserMatches"][0]["User"]["UserId"] == "g-1"
    for photo in (photos.grace_cropped, photos.both):
        image = {"Bytes": photo}
        (match,) = told("SearchUsersByImage", **collection, Image=image)["UserMatches"]
        assert match["User"]["UserId"] == "g-1"
    told("SearchUsersByImage", **collection, Image={"Bytes": photos.nobody})


def compare_and_detect(told: Told) -> None:
    photos = told.photos
    compared = told("CompareFaces", SourceImage={"Bytes": photos.eileen}, TargetImage={"Bytes": photos.both})
    assert (len(compared["FaceMatches"]), len(compared["UnmatchedFaces"])) == (1, 1)
    told(
        "CompareFaces",
        SourceImage={"S3Object": {"Bucket": BUCKET, "Name": photos.eileen.name}},
        TargetImage={"Bytes": photos.grace},
        SimilarityThreshold=0,
        QualityFilter="LOW",
    )
    detected = told("DetectFaces", Image={"Bytes": photos.both}, Attributes=["ALL"])
    assert len(detected["FaceDetails"]) == 2


def look_through_films(told: Told) -> None:
    film = {"S3Object": {"Bucket": BUCKET, "Name": FILM, "Version": told.cinema.version}}
    no_film = {"S3Object": {"Bucket": BUCKET, "Name": NO_FILM}}
    once = {"Video": film, "JobTag": "door", "ClientRequestToken": str(uuid4())}
    more: dict[str, Any] = {
        "Detection": {"FaceAttributes": "ALL"},
        "Search": {"CollectionId": "staff", "FaceMatchThreshold": 90},
    }
    jobs = {}
    for kind, own in more.items():
        start, tagged = f"StartFace{kind}", once | own | {"NotificationChannel": told.cinema.topic.channel}
        jobs[kind] = told(start, **tagged)["JobId"]
        assert told(start, **tagged)["JobId"] == jobs[kind]
        told.refused("IdempotentParameterMismatchException", start, **tagged | {"JobTag": "window"})
        failed = told(start, **{**own, "Video": no_film})["JobId"]
        assert ended(told, kind, jobs[kind])["JobStatus"] == "SUCCEEDED"
        assert ended(told, kind, failed)["JobStatus"] == "FAILED"
    get = "GetFaceDetection"
    first = told(get, JobId=jobs["Detection"], MaxResults=1)
    rest = told(get, JobId=jobs["Detection"], NextToken=first["NextToken"])
    assert len(first["Faces"] + rest["Faces"]) == 2 * 5, "two faces, five times a second"
    get = "GetFaceSearch"
    first = told(get, JobId=jobs["Search"], MaxResults=3, SortBy="INDEX")
    rest = told(get, JobId=jobs["Search"], NextToken=first["NextToken"], SortBy="INDEX")
    persons = first["Persons"] + rest["Persons"]
    assert [person["Person"]["Index"] for person in persons] == [0] * 5 + [1] * 5
    assert {match["Face"]["UserId"] for person in persons[:5] for match in person["FaceMatches"]} in (
        {"e-1"},
        {"g-1"},
    )


def ended(told: Told, kind: str, job_id: str) -> Document:
    """Wait for the end of a job; how it stands then."""
    end = time.monotonic() + PATIENCE_S
    while told.client(f"GetFace{kind}", {"JobId": job_id, "MaxResults": 1})["JobStatus"] == "IN_PROGRESS":
        assert time.monotonic() < end, "a job does not end"
        time.sleep(0.3)
    return told(f"GetFace{kind}", JobId=job_id)


def be_refused(told: Told, arn: str) -> None:
    """Every documented error that a caller can cause but ThrottlingException."""
    photos, staff = told.photos, {"CollectionId": "staff"}
    told.refused("ResourceNotFoundException", "DescribeCollection", CollectionId="nobody")
    told.refused("ResourceAlreadyExistsException", "CreateCollection", CollectionId="staff")
    told.refused("ConflictException", "CreateUser", **staff, UserId="e-1")
    told.refused("InvalidPaginationTokenException", "ListFaces", **staff, NextToken="next")
    token = str(uuid4())
    told("CreateUser", **staff, UserId="once", ClientRequestToken=token)
    again = {**staff, "UserId": "twice", "ClientRequestToken": token}
    told.refused("IdempotentParameterMismatchException", "CreateUser", **again)
    told("DeleteUser", **staff, UserId="once")
    tags = {f"tag-{number}": "" for number in range(200)}
    told.refused("ServiceQuotaExceededException", "TagResource", ResourceArn=arn, Tags=tags)
    nobody = {"Image": {"Bytes": photos.nobody}}
    told.refused("AccessDeniedException", "IndexFaces", **staff, ExternalImageId="anna", **nobody)
    told.refused("InvalidParameterException", "IndexFaces", **staff, **nobody)
    told.refused("InvalidParameterException", "SearchFacesByImage", **staff, **nobody)
    told.refused("InvalidImageFormatException", "DetectFaces", Image={"Bytes": photos.no_photo})
    for name, error in (("huge", "ImageTooLargeException"), ("nothing", "InvalidS3ObjectException")):
        told.refused(error, "DetectFaces", Image={"S3Object": {"Bucket": BUCKET, "Name": name}})
    told.refused("AccessDeniedException", "RecognizeCelebrities", **nobody)
    nothing = {"S3Object": {"Bucket": BUCKET, "Name": "nothing"}}
    told.refused("InvalidS3ObjectException", "StartFaceDetection", Video=nothing)
    told.refused(
        "ResourceNotFoundException",
        "StartFaceSearch",
        Video={"S3Object": {"Bucket": BUCKET, "Name": FILM}},
        CollectionId="nobody",
    )
    told.refused("ResourceNotFoundException", "GetFaceDetection", JobId="0" * 64)
    told.refused("ResourceNotFoundException", "GetFaceSearch", JobId="0" * 64)


def take_apart(told: Told, eileens: list[str], graces: list[str]) -> None:
    collection = {"CollectionId": "staff"}
    failed = told("DeleteFaces", **collection, FaceIds=[eileens[0], UNKNOWN])["UnsuccessfulFaceDeletions"]
    assert len(failed) == 2
    told("DisassociateFaces", **collection, UserId="e-1", FaceIds=[*eileens, graces[0], UNKNOWN])
    assert told("DeleteFaces", **collection, FaceIds=eileens)["DeletedFaces"] == eileens
    told("DeleteUser", **collection, UserId="e-1")
    told("DeleteUser", **collection, UserId="g-1")
    for name in ("staff", "visitors"):
        told("DeleteCollection", CollectionId=name)
    assert told("ListCollections")["CollectionIds"] == []
