"""The four operations on stored videos, on films that are only numbers."""

from __future__ import annotations

from typing import Any

import pytest
from people_films import FakeFilm, looked_through
from registries import NOW, PURPOSE, Clock, agree, enrolled
from wire_calls import KEY, Caller, refusal

from visavis.audit.entry import Action, Refusal
from visavis.rekognition.films import StoredFilm
from visavis.rekognition.operations import videos
from visavis.services import galleries, jobs
from visavis.services.access import AccessKey
from visavis.services.consents import withdraw
from visavis.services.log import latest_entries, log_size
from visavis.services.registry import Registry

PLACE = {"Bucket": "films", "Name": "a.mp4", "Version": "1"}
VIDEO = {"S3Object": PLACE}
CHANNEL = {"SNSTopicArn": "arn:aws:sns:local:123456789012:t", "RoleArn": "arn:aws:iam::123456789012:role/r"}
ENDED = {"JobId": "0" * 64}


@pytest.fixture(autouse=True)
def heads(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What S3 was asked for; everything is there."""
    asked: list[object] = []

    def find_film(s3_object: dict[str, str], region: str) -> StoredFilm:
        asked.append(s3_object)
        return StoredFilm(s3_object, region, '"e"', 1)

    monkeypatch.setattr(videos, "find_film", find_film)
    return asked


@pytest.fixture
def call(registry: Registry) -> Caller:
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben")
    enrolled(registry, "staff", "anna", "ben")
    return Caller(registry)


def test_faces_of_a_film(call: Caller, registry: Registry) -> None:
    job_id = call("StartFaceDetection", Video=VIDEO, JobTag="mine", FaceAttributes="ALL")["JobId"]
    waiting = call("GetFaceDetection", JobId=job_id)
    assert waiting == {"JobStatus": "IN_PROGRESS", "JobId": job_id, "Video": VIDEO, "JobTag": "mine"}
    looked_through(registry, job_id, FakeFilm(600, {0: ["anna", "zoe"], 400: []}))
    done = call("GetFaceDetection", JobId=job_id)
    assert done["JobStatus"] == "SUCCEEDED"
    assert done["VideoMetadata"] == {
        "Codec": "h264",
        "DurationMillis": 1_000,
        "Format": "QuickTime / MOV",
        "FrameRate": 5.0,
        "FrameHeight": 25,
        "FrameWidth": 400,
        "ColorRange": "LIMITED",
    }
    assert [face["Timestamp"] for face in done["Faces"]] == [0, 0, 200, 200]
    assert set(done["Faces"][0]["Face"]) == {"BoundingBox", "Confidence", "Landmarks", "Pose", "Quality"}
    assert done["Faces"][0]["Face"]["BoundingBox"] == pytest.approx(
        {"Left": 0.3, "Top": 0.3, "Width": 0.4, "Height": 0.5}
    )
    assert "NextToken" not in done


def test_people_of_a_film(call: Caller, registry: Registry) -> None:
    job_id = call("StartFaceSearch", Video=VIDEO, CollectionId="staff")["JobId"]
    looked_through(registry, job_id, FakeFilm(600, {0: ["zoe", "ben"], 200: ["anna", "ben"], 400: ["zoe"]}))
    persons = call("GetFaceSearch", JobId=job_id)["Persons"]
    assert [(p["Timestamp"], p["Person"]["Index"]) for p in persons] == [(0, 0), (200, 1), (200, 0)]
    assert [p["FaceMatches"][0]["Face"]["ExternalImageId"] for p in persons] == ["ben", "anna", "ben"]
    assert persons[0]["Person"]["BoundingBox"] == persons[0]["Person"]["Face"]["BoundingBox"]
    by_index = call("GetFaceSearch", JobId=job_id, SortBy="INDEX")["Persons"]
    assert [(p["Person"]["Index"], p["Timestamp"]) for p in by_index] == [(0, 0), (0, 200), (1, 200)]
    withdraw(registry, "ben", PURPOSE)
    assert [p["Person"]["Index"] for p in call("GetFaceSearch", JobId=job_id)["Persons"]] == [1]


def test_of_a_collection_that_was_deleted(call: Caller, registry: Registry) -> None:
    """A search that succeeded stays so, and says why it names nobody; one that runs fails. They are for the keys that they were for."""
    once = {"Video": VIDEO, "CollectionId": "staff", "NotificationChannel": CHANNEL}
    done, running = (call("StartFaceSearch", **once)["JobId"] for _ in range(2))
    looked_through(registry, done, FakeFilm(600, {0: ["anna"]}))
    token = call("GetFaceSearch", JobId=done, MaxResults=1)["NextToken"]
    for again in (False, True):
        if again:
            call("CreateCollection", CollectionId="staff", Tags={"visavis:purpose": PURPOSE})
            enrolled(registry, "staff", "anna")
        else:
            call("DeleteCollection", CollectionId="staff")
        before = log_size(registry)
        for more in ({}, {"NextToken": token}, {"SortBy": "INDEX"}):
            answer = call("GetFaceSearch", JobId=done, **more)
            assert (answer["JobStatus"], answer["Persons"]) == ("SUCCEEDED", [])
            assert answer["StatusMessage"] == "The gallery (collection) was deleted."
        answer = call("GetFaceSearch", JobId=running)
        assert (answer["JobStatus"], "Persons" in answer) == ("FAILED", False)
        assert answer["StatusMessage"] == "The gallery (collection) was deleted."
        assert log_size(registry) == before
    statuses = [videos.status_message(jobs.find(registry, one))["Status"] for one in (done, running)]
    assert statuses == ["SUCCEEDED", "FAILED"]
    elsewhere = Caller(registry, AccessKey("VSVSBBBBBBBBBBBBBBBB", galleries=("visitors",)))
    for one in (done, running):
        assert refusal(elsewhere, "GetFaceSearch", JobId=one).code == "AccessDeniedException"


def test_a_threshold(call: Caller, registry: Registry) -> None:
    for threshold, found in ((0, 1), (80, 0), (100, 0)):
        job_id = call("StartFaceSearch", Video=VIDEO, CollectionId="staff", FaceMatchThreshold=threshold)[
            "JobId"
        ]
        looked_through(registry, job_id, FakeFilm(100, {0: ["zoe"]}))
        assert len(call("GetFaceSearch", JobId=job_id)["Persons"]) == found


@pytest.mark.parametrize("kind", ["Detection", "Search"])
def test_pages(call: Caller, registry: Registry, clock: Clock, kind: str) -> None:
    start, get = f"StartFace{kind}", f"GetFace{kind}"
    more = {"CollectionId": "staff"} if kind == "Search" else {}
    job_id, other = (call(start, Video=VIDEO, **more)["JobId"] for _ in range(2))
    member = "Persons" if kind == "Search" else "Faces"
    for each in (job_id, other):
        looked_through(registry, each, FakeFilm(1_000, {0: ["anna"]}))
    first = call(get, JobId=job_id, MaxResults=3)
    token = first["NextToken"]
    assert len(token) <= 255
    rest = call(get, JobId=job_id, MaxResults=3, NextToken=token)
    assert [seen["Timestamp"] for seen in first[member] + rest[member]] == [0, 200, 400, 600, 800]
    assert "NextToken" not in rest
    assert len(call(get, JobId=job_id, MaxResults=2**31 - 1)[member]) == 5
    expected = "InvalidPaginationTokenException"
    assert refusal(call, get, JobId=other, NextToken=token).code == expected
    assert refusal(call, get, JobId=job_id, NextToken="nonsense").code == expected
    if kind == "Search":
        assert refusal(call, get, JobId=job_id, SortBy="INDEX", NextToken=token).code == expected
    clock.now += 86_400
    call(get, JobId=job_id, NextToken=token)
    clock.now += 1
    assert refusal(call, get, JobId=job_id, NextToken=token).code == expected


def test_results_are_clamped(call: Caller, registry: Registry) -> None:
    job_id = call("StartFaceDetection", Video=VIDEO)["JobId"]
    looked_through(registry, job_id, FakeFilm(202_000, {0: ["anna"]}, every_ms=200))
    page = call("GetFaceDetection", JobId=job_id, MaxResults=4_000)
    assert len(page["Faces"]) == len(call("GetFaceDetection", JobId=job_id)["Faces"]) == 1_000
    assert len(call("GetFaceDetection", JobId=job_id, NextToken=page["NextToken"])["Faces"]) == 10


def test_how_a_job_ended(call: Caller, registry: Registry) -> None:
    failed, cancelled = (call("StartFaceDetection", Video=VIDEO)["JobId"] for _ in range(2))
    jobs.fail(registry, failed, "The video is damaged or incomplete.")
    jobs.cancel(registry, cancelled)
    answer = call("GetFaceDetection", JobId=failed)
    assert (answer["JobStatus"], answer["StatusMessage"]) == ("FAILED", "The video is damaged or incomplete.")
    assert "Faces" not in answer
    answer = call("GetFaceDetection", JobId=cancelled)
    assert (answer["JobStatus"], answer["StatusMessage"]) == ("FAILED", "The job was cancelled.")


def test_a_job_of_the_other_kind_or_nobodys_is_not_found(call: Caller) -> None:
    detection = call("StartFaceDetection", Video=VIDEO)["JobId"]
    search = call("StartFaceSearch", Video=VIDEO, CollectionId="staff")["JobId"]
    for operation, job_id in (
        ("GetFaceDetection", search),
        ("GetFaceSearch", detection),
        ("GetFaceDetection", "0" * 64),
        ("GetFaceSearch", "x"),
    ):
        error = refusal(call, operation, JobId=job_id)
        assert (error.code, error.message) == ("ResourceNotFoundException", "Could not find JobId")


def test_a_token_is_for_one_job(call: Caller, heads: list[object]) -> None:
    once = {"Video": VIDEO, "ClientRequestToken": "t", "NotificationChannel": CHANNEL}
    first = call("StartFaceDetection", **once)
    assert call("StartFaceDetection", **once) == first
    assert len(heads) == 1, "S3 is not asked again: the film may be gone by now"
    error = refusal(call, "StartFaceDetection", **once | {"JobTag": "other"})
    assert error.code == "IdempotentParameterMismatchException"
    assert error.message == "The ClientRequestToken: t you have supplied is already in use."
    search = call("StartFaceSearch", Video=VIDEO, CollectionId="staff", ClientRequestToken="t")
    assert search != first


def test_the_twenty_first_job(call: Caller) -> None:
    for _ in range(20):
        call("StartFaceDetection", Video=VIDEO)
    assert refusal(call, "StartFaceDetection", Video=VIDEO).code == "LimitExceededException"
    assert (
        refusal(call, "StartFaceSearch", Video=VIDEO, CollectionId="staff").code == "LimitExceededException"
    )


def test_what_cannot_be_started(call: Caller) -> None:
    assert refusal(call, "StartFaceDetection", Video={}).code == "InvalidParameterException"
    assert (
        refusal(call, "StartFaceSearch", Video=VIDEO, CollectionId="nobody").code
        == "ResourceNotFoundException"
    )


def test_a_server_without_the_packages_for_video_says_so(call: Caller) -> None:
    for operation, more in (("StartFaceDetection", {}), ("StartFaceSearch", {"CollectionId": "staff"})):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("visavis.extras.find_spec", lambda _: None)
            error = refusal(call, operation, Video=VIDEO, **more)
        assert error.code == "AccessDeniedException"
        assert "packages that are not installed: av" in error.message
        assert "/operations#stored-video" in error.message


def test_a_job_is_for_the_keys_that_reach_its_gallery(call: Caller, registry: Registry) -> None:
    job_id = call("StartFaceSearch", Video=VIDEO, CollectionId="staff")["JobId"]
    looked_through(registry, job_id, FakeFilm(200, {0: ["anna"]}))
    elsewhere = Caller(registry, AccessKey("VSVSBBBBBBBBBBBBBBBB", galleries=("visitors",)))
    before = log_size(registry)
    assert refusal(elsewhere, "GetFaceSearch", JobId=job_id).code == "AccessDeniedException"
    assert (
        refusal(elsewhere, "StartFaceSearch", Video=VIDEO, CollectionId="staff").code
        == "AccessDeniedException"
    )
    entries = [numbered.entry for numbered in latest_entries(registry, log_size(registry) - before)]
    assert [(entry.action, entry.refusal, entry.by) for entry in entries] == [
        (Action.VIEW, Refusal.NOT_ALLOWED, "VSVSBBBBBBBBBBBBBBBB"),
        (Action.IDENTIFY, Refusal.NOT_ALLOWED, "VSVSBBBBBBBBBBBBBBBB"),
    ]
    watching = Caller(registry, AccessKey("VSVSCCCCCCCCCCCCCCCC", operations=("GetFace*",)))
    assert len(watching("GetFaceSearch", JobId=job_id)["Persons"]) == 1
    assert refusal(watching, "StartFaceDetection", Video=VIDEO).code == "AccessDeniedException"


def test_who_looked_is_logged(call: Caller, registry: Registry) -> None:
    job_id = call("StartFaceSearch", Video=VIDEO, CollectionId="staff")["JobId"]
    looked_through(registry, job_id, FakeFilm(200, {0: ["anna"]}))
    call("GetFaceSearch", JobId=job_id)
    entries = [numbered.entry for numbered in latest_entries(registry, 3)]
    assert [(entry.action, entry.by, len(entry.commitments)) for entry in entries] == [
        (Action.IDENTIFY, KEY.id, 0),
        (Action.IDENTIFY, KEY.id, 3),
        (Action.VIEW, KEY.id, 3),
    ]


def test_what_is_told_of_the_end(call: Caller, registry: Registry, clock: Clock) -> None:
    tagged: dict[str, Any] = {"JobTag": "mine", "NotificationChannel": CHANNEL}
    done = call("StartFaceDetection", Video=VIDEO, **tagged)["JobId"]
    failed = call("StartFaceSearch", Video=VIDEO, CollectionId="staff")["JobId"]
    clock.now += 60
    looked_through(registry, done, FakeFilm(200, {0: ["anna"]}))
    jobs.fail(registry, failed, "why")
    place = {"S3Bucket": "films", "S3ObjectName": "a.mp4", "S3Version": "1"}
    expected = {"JobId": done, "Status": "SUCCEEDED", "API": "StartFaceDetection", "JobTag": "mine"}
    assert videos.status_message(jobs.find(registry, done)) == expected | {
        "Timestamp": 1_000 * (NOW + 60),
        "Video": place,
    }
    message = videos.status_message(jobs.find(registry, failed))
    assert (message["Status"], message["API"], "JobTag" in message) == ("FAILED", "StartFaceSearch", False)
