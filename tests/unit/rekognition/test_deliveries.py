from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_stand_ins import REGION, bucket_of, stand_ins
from botocore.exceptions import ClientError

from visavis.errors import TargetExistsError, TargetUnwritableError
from visavis.rekognition import deliveries, s3
from visavis.rekognition.deliveries import check_free, deliver

PLACE = {"Bucket": "results", "Name": "a/é ?.mp4"}
RESULT = bytes(range(256)) * 5_000


@pytest.fixture(scope="module")
def bucket() -> Iterator[Any]:
    """A client of one's own, and a bucket."""
    with pytest.MonkeyPatch.context() as patched, stand_ins() as environment:
        for name, value in environment.items():
            patched.setenv(name, value)
        patched.setattr(s3, "READ_SECONDS", 60)  # moto on a busy machine
        s3._client.cache_clear()
        with bucket_of(environment, "results") as own:
            yield own
        s3.connected(REGION).close()
        s3._client.cache_clear()


@pytest.fixture(autouse=True)
def empty(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "PAUSE_S", 0)
    bucket.delete_object(Bucket="results", Key=PLACE["Name"])


@pytest.fixture
def result(tmp_path: Path) -> Path:
    (tmp_path / "result").write_bytes(RESULT)
    return tmp_path / "result"


def stored(bucket: Any) -> Any:
    found = bucket.get_object(Bucket="results", Key=PLACE["Name"])
    return found["Body"].read(), found["ContentType"], found["Metadata"]


def test_what_is_delivered_is_there_and_may_be_again(bucket: Any, result: Path) -> None:
    check_free(PLACE, REGION)
    for _ in range(2):
        deliver(result, "video/mp4", PLACE, REGION, "mark")
    assert stored(bucket) == (RESULT, "video/mp4", {"visavis-job": "mark"})
    with pytest.raises(TargetExistsError):
        check_free(PLACE, REGION)


def test_nothing_is_ever_overwritten(bucket: Any, result: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.put_object(Bucket="results", Key=PLACE["Name"], Body=b"mine")
    with pytest.raises(TargetExistsError):
        deliver(result, "video/mp4", PLACE, REGION, "mark")
    monkeypatch.setattr(deliveries, "_mark_at", lambda *_: None)  # it came a moment later
    with pytest.raises(TargetExistsError) as caught:
        deliver(result, "video/mp4", PLACE, REGION, "mark")
    assert caught.value.__suppress_context__
    assert stored(bucket)[0] == b"mine"


def test_another_jobs_result_stays(result: Path) -> None:
    deliver(result, "video/mp4", PLACE, REGION, "another")
    with pytest.raises(TargetExistsError):
        deliver(result, "video/mp4", PLACE, REGION, "mark")


def test_where_nothing_can_be_stored(result: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TargetUnwritableError) as caught:
        deliver(result, "video/mp4", PLACE | {"Bucket": "nobodys"}, REGION, "mark")
    assert caught.value.__suppress_context__
    monkeypatch.setattr(deliveries, "MAX_BYTES", len(RESULT) - 1)
    with pytest.raises(TargetUnwritableError, match="larger"):
        deliver(result, "video/mp4", PLACE, REGION, "mark")


@pytest.mark.parametrize("fails", [1, 3, 4])
def test_s3_is_given_it_again_after_a_failure(
    fails: int, bucket: Any, result: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[object] = []
    store = deliveries._stored

    def failing(*given: Any) -> bool:
        attempts.append(given)
        return len(attempts) > fails and store(*given)

    monkeypatch.setattr(deliveries, "_stored", failing)
    if fails < deliveries.ATTEMPTS:
        deliver(result, "video/mp4", PLACE, REGION, "mark")
        assert stored(bucket)[0] == RESULT
    else:
        with pytest.raises(TargetUnwritableError):
            deliver(result, "video/mp4", PLACE, REGION, "mark")


def test_where_s3_does_not_say_what_is_there_nothing_is_put(
    bucket: Any, result: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that heeds no If-None-Match would overwrite it."""

    class Forbidden:
        def head_object(self, **_: object) -> None:
            raise ClientError({"ResponseMetadata": {"HTTPStatusCode": 403}}, "HeadObject")

    monkeypatch.setattr(deliveries, "connected", lambda _: Forbidden())
    check_free(PLACE, REGION)
    with pytest.raises(TargetUnwritableError):
        deliver(result, "video/mp4", PLACE, REGION, "mark")
    with pytest.raises(ClientError):
        stored(bucket)


def test_s3_that_is_not_there(result: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    s3._client.cache_clear()
    check_free(PLACE, REGION)
    with pytest.raises(TargetUnwritableError):
        deliver(result, "video/mp4", PLACE, REGION, "mark")
    s3.connected(REGION).close()
    s3._client.cache_clear()
