"""Redactions of videos over HTTP: what is asked for, and how it stands; nobody works on it here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from registries import NOW, PURPOSE, agree, enrolled
from rest_calls import KEY, Rest

from visavis.audit.entry import Action
from visavis.errors import TargetExistsError
from visavis.rekognition.errors import InvalidS3ObjectException, VideoTooLargeException
from visavis.rekognition.films import StoredFilm
from visavis.server.rest import video_redactions
from visavis.services import galleries, jobs
from visavis.services.access import AccessKey
from visavis.services.film_redactions import RedactionOptions, RedactionProgress
from visavis.services.jobs import MAX_RUNNING, Kind, State, Wanted
from visavis.services.log import log_size
from visavis.services.registry import Registry

PATH = "/redactions/videos"
SOURCE = {"bucket": "films", "name": "a.mp4", "version": "1"}
TARGET = {"bucket": "to-publish", "name": "a.webm"}
BODY: dict[str, Any] = {"source": SOURCE, "target": TARGET}
ONCE: dict[str, Any] = {"token": "t"}
VISITORS = AccessKey("VSVSVISITORS", galleries=("visitors",))


@pytest.fixture(autouse=True)
def asked_of_s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """The films are there, and at the targets is nothing."""
    asked: list[object] = []

    def find_film(place: dict[str, str], region: str) -> StoredFilm:
        asked.append(place)
        return StoredFilm(place, region, '"e"', 1)

    monkeypatch.setattr(video_redactions, "find_film", find_film)
    monkeypatch.setattr(video_redactions, "check_free", lambda place, _region: asked.append(place))
    yield asked
    assert all(isinstance(place, dict) and {"Bucket", "Name"} <= place.keys() for place in asked)


@pytest.fixture
def staff(rest: Rest) -> Rest:
    galleries.create(rest.registry, "staff", PURPOSE)
    agree(rest.registry, "anna")
    enrolled(rest.registry, "staff", "anna")
    return rest


def start(rest: Rest, key: AccessKey = KEY, **body: Any) -> str:
    answer = rest.call("POST", PATH, key, json=BODY | body)
    assert answer.status_code == 202, answer.text
    assert answer.json().keys() == {"id"}
    job_id: str = answer.json()["id"]
    return job_id


def test_from_the_call_to_the_end(rest: Rest, asked_of_s3: list[object]) -> None:
    job_id = start(rest)
    assert asked_of_s3 == [
        {"Bucket": "films", "Name": "a.mp4", "Version": "1"},
        {"Bucket": "to-publish", "Name": "a.webm"},
    ]
    told = rest.get(f"{PATH}/{job_id}")
    nothing = {"ended_at": None, "keep": None, "covered_frames": None, "spared_frames": None, "message": None}
    begun = {"id": job_id, "state": "running", "created_at": "2026-09-21T14:13:20Z"}
    assert told == begun | nothing | {"progress": {"frames": None, "looked_at": 0, "written": 0}}
    RedactionProgress(500, 250, 0).note(rest.registry, job_id, 1)
    assert rest.get(f"{PATH}/{job_id}")["progress"] == {"frames": 500, "looked_at": 250, "written": 0}
    assert jobs.find(rest.registry, job_id).segments == 1
    RedactionProgress(480, 480, 480, 17, 9).note(rest.registry, job_id, 4)
    running = rest.get(f"{PATH}/{job_id}")
    assert running["covered_frames"] is running["spared_frames"] is None
    jobs.succeed(rest.registry, job_id)
    done = rest.get(f"{PATH}/{job_id}")
    assert (done["state"], done["covered_frames"], done["spared_frames"]) == ("succeeded", 17, 9)
    assert done["progress"]["frames"] == 480
    assert done["ended_at"] == begun["created_at"]
    assert log_size(rest.registry) == 0


def test_what_is_asked_for_is_kept_with_the_job(staff: Rest) -> None:
    asked: dict[str, Any] = {
        "style": "blur",
        "shape": "box",
        "keep_boxes": ["1,2,3,4"],
        "also": ["5,6,7,8@1:02-1:05.5"],
        "fpir": 0.01,
        "audio": "drop",
    }
    job = jobs.find(staff.registry, start(staff, keep="staff", **asked), Kind.REDACT)
    options = RedactionOptions.of(job)
    assert json.loads(json.dumps(options.as_json())) == asked | {
        "target": {"Bucket": "to-publish", "Name": "a.webm"}
    }
    (keep,), (also,) = options.covering.keep, options.covering.also
    assert (keep.is_timed, also.from_ms, also.until_ms) == (False, 62_000, 65_500)
    assert (job.gallery, job.by, job.created_at, job.channel) == ("staff", KEY.id, NOW, None)
    assert "films" not in repr(job)
    assert "publish" not in repr(job) + repr(options)
    entry = staff.last().entry
    assert (entry.action, entry.gallery, entry.by) == (Action.REDACT, "staff", KEY.id)


def test_why_it_failed(rest: Rest) -> None:
    job_id = start(rest)
    jobs.fail(rest.registry, job_id, "The video is damaged or incomplete.")
    told = rest.get(f"{PATH}/{job_id}")
    assert (told["state"], told["message"]) == ("failed", "The video is damaged or incomplete.")


def test_it_can_be_cancelled_until_it_has_ended(rest: Rest) -> None:
    job_id, done = start(rest), start(rest)
    jobs.succeed(rest.registry, done)
    for _ in range(2):
        answer = rest.call("DELETE", f"{PATH}/{job_id}")
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert jobs.find(rest.registry, job_id).state == State.CANCELLED
    assert rest.call("DELETE", f"{PATH}/{done}").json()["state"] == "succeeded"


@pytest.mark.parametrize("limit", [1, 2, 5, 1_000])
def test_the_jobs_of_a_key_are_listed_a_page_at_a_time(limit: int, staff: Rest) -> None:
    """Each as it is shown by itself; nobody else's, and none of another kind."""
    source = {"s3_object": {"Bucket": "films", "Name": "a"}, "region": "local", "etag": "", "size": 1}
    other = AccessKey("VSVSOTHER")
    assert staff.get(PATH) == {"redactions": [], "after": None}
    ids = [start(staff, keep="staff" if number % 2 else None) for number in range(5)]
    theirs = start(staff, other, keep="staff")
    detection = jobs.start(staff.registry.acting_as(KEY.id), Wanted(Kind.DETECT, source, b""))
    jobs.cancel(staff.registry, ids[3])
    told: list[dict[str, Any]] = []
    after: dict[str, Any] = {}
    while True:
        page = staff.get(PATH, **after, limit=limit)
        told += page["redactions"]
        assert len(page["redactions"]) <= limit
        if page["after"] is None:
            break
        after = {"after": page["after"]}
    assert told == [staff.get(f"{PATH}/{job_id}") for job_id in reversed(ids)]
    assert [one["id"] for one in staff.get(PATH, other)["redactions"]] == [theirs]
    for unknown in (theirs, detection, "0" * 64):
        staff.refused(404, "unknown-job", "GET", f"{PATH}?after={unknown}")


@pytest.mark.parametrize("query", ["after=%00", "after=", "limit=0", "limit=1001", "limit=x", "by=anna"])
def test_what_part_of_the_list_cannot_be_asked(query: str, sqlite_rest: Rest) -> None:
    assert "anna" not in sqlite_rest.refused(400, "bad-request", "GET", f"{PATH}?{query}")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_what_no_database_can_be_asked_for(method: str, rest: Rest) -> None:
    for name in ("%00", "a" * 129, "%E2%80%AE", "..%2f"):
        assert rest.call(method, f"{PATH}/{name}").status_code in {400, 404}


def test_a_token_gives_the_same_job_again(rest: Rest, asked_of_s3: list[object]) -> None:
    job_id = start(rest, **ONCE)
    assert start(rest, **ONCE) == job_id
    assert len(asked_of_s3) == 2, "the target may be there by now"
    rest.refused(409, "job-token", "POST", PATH, json=BODY | ONCE | {"style": "blur"})
    other = AccessKey("VSVSOTHER")
    assert start(rest, other, **ONCE) != job_id


def test_the_twenty_first_job_of_any_kind_is_refused(rest: Rest) -> None:
    source = {"s3_object": {"Bucket": "films", "Name": "a"}, "region": "local", "etag": "", "size": 1}
    jobs.start(rest.registry, Wanted(Kind.DETECT, source, b""))
    for _ in range(MAX_RUNNING - 1):
        start(rest)
    rest.refused(429, "too-many-jobs", "POST", PATH, json=BODY)


def test_a_job_of_another_kind_is_not_found(rest: Rest, registry: Registry) -> None:
    source = {"s3_object": {"Bucket": "films", "Name": "a"}, "region": "local", "etag": "", "size": 1}
    detection = jobs.start(registry, Wanted(Kind.DETECT, source, b""))
    for method in ("GET", "DELETE"):
        for unknown in (detection, "0" * 64, "anna"):
            said = rest.refused(404, "unknown-job", method, f"{PATH}/{unknown}")
            assert "anna" not in said
    assert jobs.find(registry, detection).state == State.RUNNING


def test_a_key_is_for_the_jobs_of_its_galleries(staff: Rest) -> None:
    job_id = start(staff, keep="staff")
    for name in ("staff", "not-there"):
        staff.refused(403, "not-allowed", "POST", PATH, VISITORS, json=BODY | {"keep": name})
        assert staff.last_is_refusal(Action.REDACT)
    for method in ("GET", "DELETE"):
        staff.refused(403, "not-allowed", method, f"{PATH}/{job_id}", VISITORS)
        assert staff.last_is_refusal(Action.REDACT)
    staff.refused(403, "not-allowed", "GET", PATH, AccessKey("VSVSWATCHER", operations=("Get*", "List*")))
    assert staff.get(f"{PATH}/{job_id}", AccessKey("VSVSSTAFF", galleries=("staff",)))["keep"] == "staff"
    assert staff.get(f"{PATH}/{start(staff, VISITORS)}", VISITORS)["state"] == "running"
    staff.refused(404, "unknown-gallery", "POST", PATH, json=BODY | {"keep": "not-there"})
    staff.refused(400, "search-rate", "POST", PATH, json=BODY | {"keep": "staff", "fpir": 1e-9})


def test_a_job_whose_gallery_was_deleted(staff: Rest) -> None:
    """It fails, unless it has ended; and it is for the keys that it was for."""
    running, done = (start(staff, keep="staff") for _ in range(2))
    jobs.succeed(staff.registry, done)
    galleries.delete(staff.registry, "staff")
    told = [staff.get(f"{PATH}/{job_id}") for job_id in (running, done)]
    assert [(one["state"], one["message"], one["keep"]) for one in told] == [
        ("failed", "The gallery (collection) was deleted.", "staff"),
        ("succeeded", None, "staff"),
    ]
    for job_id in (running, done):
        staff.refused(403, "not-allowed", "GET", f"{PATH}/{job_id}", VISITORS)


@pytest.mark.parametrize(
    ("name", "error", "refusal"),
    [
        ("find_film", InvalidS3ObjectException(), (400, "invalid-s3-object")),
        ("find_film", VideoTooLargeException(), (400, "video-too-large")),
        ("check_free", TargetExistsError(), (409, "target-exists")),
    ],
)
def test_what_s3_has_not_or_has(
    name: str,
    error: Exception,
    refusal: tuple[int, str],
    sqlite_rest: Rest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(video_redactions, name, fail)
    sqlite_rest.refused(*refusal, "POST", PATH, json=BODY)
    assert jobs.every(sqlite_rest.registry) == []


def test_a_server_without_the_packages_for_video_says_so(
    sqlite_rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visavis.extras.find_spec", lambda _: None)
    said = sqlite_rest.refused(501, "missing-extra", "POST", PATH, json=BODY)
    assert said.endswith("not installed: av")


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("bad-request", {"source": None}),
        ("bad-request", {"source": SOURCE | {"path": "/anna"}}),
        ("bad-request", {"source": SOURCE | {"bucket": "an na"}}),
        ("bad-request", {"target": TARGET | {"version": "1"}}),
        ("bad-request", {"target": TARGET | {"name": ""}}),
        ("video-format", {"target": TARGET | {"name": "anna.avi"}}),
        ("video-format", {"target": TARGET | {"name": ".mp4"}}),
        ("bad-request", {"style": "anna"}),
        ("bad-request", {"keep": "an na"}),
        ("bad-request", {"fpir": 1}),
        ("bad-request", {"also": ["anna,2,3,4"]}),
        ("bad-request", {"also": ["1,2,3,4@5-4"]}),
        ("bad-request", {"also": ["1,2,3,4"] * 501}),
        ("bad-request", {"keep_boxes": "1,2,3,4"}),
        ("bad-request", {"audio": "anna"}),
        ("bad-request", {"token": "an na"}),
        ("bad-request", {"keeps": "anna"}),
    ],
)
def test_what_cannot_be_asked(code: str, body: dict[str, Any], sqlite_rest: Rest) -> None:
    said = sqlite_rest.refused(400, code, "POST", PATH, json=BODY | body)
    assert "anna" not in said
    assert jobs.every(sqlite_rest.registry) == []
