"""Videos redacted through /v1: from one place on S3 to another, by workers that are killed on the way."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_stand_ins import bucket_of, stand_ins
from commands import python, visavis_here
from conftest import ROOT
from people_films import two_people, write_film
from registries import settings_at
from rest_calls import Rest

from visavis.errors import TargetExistsError
from visavis.rekognition import s3
from visavis.services.registry import opened

pytestmark = pytest.mark.slow

SCRIPT = ROOT / "tests" / "redaction_worker.py"
BUCKET = "reunion"
PATH = "/redactions/videos"
PURPOSE = "pictures of the reunion"
FRAMES = 25  # two whole parts, and half of one


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with stand_ins() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        s3._client.cache_clear()
        with bucket_of(environment, BUCKET) as own:
            yield own
        s3.connected("local").close()
        s3._client.cache_clear()


@pytest.fixture
def rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    """On a store with real models."""
    monkeypatch.setenv("VISAVIS_HOME", str(tmp_path))
    with opened(settings_at(tmp_path)) as registry:
        yield (made := Rest(registry))
        made.pool.shutdown()


def started(rest: Rest, name: str, **more: Any) -> str:
    body = {"source": {"bucket": BUCKET, "name": "a.mp4"}, "target": {"bucket": BUCKET, "name": name}}
    answer = rest.call("POST", PATH, json=body | more)
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["id"]
    return job_id


def stored(bucket: Any, name: str) -> bytes:
    data: bytes = bucket.get_object(Bucket=BUCKET, Key=name)["Body"].read()
    return data


def test_killed_workers_leave_the_same_video(
    bucket: Any, rest: Rest, tmp_path: Path, astronaut: Path, hopper: Path
) -> None:
    write_film(tmp_path / "a.mp4", two_people(astronaut, hopper, seconds=FRAMES, rate=1))
    bucket.upload_file(str(tmp_path / "a.mp4"), BUCKET, "a.mp4")
    agreed_and_enrolled(hopper)
    whole, everybody = started(rest, "whole.mp4", keep="reunion"), started(rest, "everybody.mp4")
    taken = started(rest, "taken.mp4")
    bucket.put_object(Bucket=BUCKET, Key="taken.mp4", Body=b"mine")
    assert_done(tmp_path)
    told = rest.get(f"{PATH}/{whole}")
    assert told["progress"] == {"frames": FRAMES, "looked_at": FRAMES, "written": FRAMES}
    assert (told["state"], told["covered_frames"], told["message"]) == ("succeeded", FRAMES, None)
    assert rest.get(f"{PATH}/{everybody}")["state"] == "succeeded"
    assert stored(bucket, "everybody.mp4") != stored(bucket, "whole.mp4"), "Grace was spared"
    assert rest.get(f"{PATH}/{taken}")["message"] == str(TargetExistsError())
    assert stored(bucket, "taken.mp4") == b"mine"
    again = started(rest, "again.mp4", keep="reunion")
    for dies in ("looked", "covered", "stored"):
        killed = python(SCRIPT, tmp_path, dies)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert rest.get(f"{PATH}/{again}")["state"] == "running"
        assert list((tmp_path / "jobs").iterdir()) != []
    assert_done(tmp_path)
    assert rest.get(f"{PATH}/{again}")["state"] == "succeeded"
    assert stored(bucket, "again.mp4") == stored(bucket, "whole.mp4")


def agreed_and_enrolled(photo: Path) -> None:
    """Grace, in the gallery `reunion`."""
    for words in (
        ("gallery", "create", "reunion", "--purpose", PURPOSE),
        ("consent", "grant", "--subject", "grace", "--purpose", PURPOSE),
        ("enrol", "reunion", "grace", photo),
    ):
        run = visavis_here(*words)
        assert run.returncode == 0, run.stderr


def assert_done(home: Path) -> None:
    """A worker does all there is to do, and leaves nothing."""
    done = python(SCRIPT, home)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list((home / "jobs").iterdir()) == []
