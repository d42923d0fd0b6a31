from __future__ import annotations

import stat
import threading
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import pytest
from aws_stand_ins import REGION, client, stand_ins

from visavis.errors import FilmUnreadableError, FilmUnwritableError
from visavis.rekognition import films, s3
from visavis.rekognition.errors import InvalidS3ObjectException, VideoTooLargeException
from visavis.rekognition.films import StoredFilm, fetch_film, find_film

PLACE = {"Bucket": "films", "Name": "a/é ?.mp4"}
FILM = bytes(range(256)) * 20_000  # 5 MB: several pieces


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    with stand_ins() as found:
        yield found


@pytest.fixture
def bucket(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of one's own, and a bucket with a film."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(films, "PAUSE_S", 0)
    monkeypatch.setattr(s3, "READ_SECONDS", 60)  # moto on a busy machine
    made: list[Any] = []
    make = s3._client.__wrapped__

    def make_and_remember(region: str) -> Any:
        made.append(make(region))
        return made[-1]

    monkeypatch.setattr(s3, "_client", lru_cache(maxsize=8)(make_and_remember))
    own = client("s3", environment)
    own.create_bucket(Bucket="films", CreateBucketConfiguration={"LocationConstraint": REGION})
    own.put_bucket_versioning(Bucket="films", VersioningConfiguration={"Status": "Enabled"})
    own.put_object(Bucket="films", Key=PLACE["Name"], Body=FILM)
    yield own
    listed = own.list_object_versions(Bucket="films")
    for version in listed.get("Versions", []) + listed.get("DeleteMarkers", []):
        own.delete_object(Bucket="films", Key=version["Key"], VersionId=version["VersionId"])
    own.delete_bucket(Bucket="films")
    for each in (own, *made):
        each.close()


@pytest.mark.usefixtures("bucket")
def test_a_film_is_found_and_fetched_into_a_file_of_its_owners(tmp_path: Path) -> None:
    found = find_film(PLACE, REGION)
    assert found.size == len(FILM)
    assert StoredFilm(**found.as_json()) == found
    assert "mp4" not in repr(found)
    file = tmp_path / "jobs" / "a.film"
    fetch_film(found, file)
    assert file.read_bytes() == FILM
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("begun", [0, 1, len(FILM) - 1, len(FILM)])
def test_what_is_there_already_is_gone_on_with(tmp_path: Path, begun: int) -> None:
    file = tmp_path / "a.film"
    file.write_bytes(FILM[:begun])
    fetch_film(find_film(PLACE, REGION), file)
    assert file.read_bytes() == FILM


@pytest.mark.parametrize("change", [{"Name": "b.mp4"}, {"Bucket": "others"}, {"Version": "1"}])
def test_what_is_not_there(bucket: Any, change: dict[str, str]) -> None:
    del bucket
    with pytest.raises(InvalidS3ObjectException) as caught:
        find_film(PLACE | change, REGION)
    assert caught.value.__suppress_context__


def test_a_version(bucket: Any, tmp_path: Path) -> None:
    first = bucket.head_object(Bucket="films", Key=PLACE["Name"])["VersionId"]
    bucket.put_object(Bucket="films", Key=PLACE["Name"], Body=b"another")
    fetch_film(find_film(PLACE | {"Version": first}, REGION), tmp_path / "a.film")
    assert (tmp_path / "a.film").read_bytes() == FILM


@pytest.mark.usefixtures("bucket")
def test_a_film_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films, "MAX_FILM_BYTES", len(FILM))
    find_film(PLACE, REGION)
    monkeypatch.setattr(films, "MAX_FILM_BYTES", len(FILM) - 1)
    with pytest.raises(VideoTooLargeException):
        find_film(PLACE, REGION)


def test_a_film_that_is_gone_or_another_one_by_now(bucket: Any, tmp_path: Path) -> None:
    found = find_film(PLACE, REGION)
    bucket.put_object(Bucket="films", Key=PLACE["Name"], Body=FILM[::-1])
    with pytest.raises(FilmUnreadableError) as caught:
        fetch_film(found, tmp_path / "a.film")
    assert caught.value.__suppress_context__
    bucket.delete_object(Bucket="films", Key=PLACE["Name"])
    with pytest.raises(FilmUnreadableError):
        fetch_film(found, tmp_path / "a.film")
    assert (tmp_path / "a.film").read_bytes() == b""


class Body:
    """A body that ends too early, as urllib3 gives it."""

    def __init__(self, data: bytes, stop: Callable[[], None]) -> None:
        self._data, self._stop = data, stop

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""

    def read1(self, _size: int) -> bytes:
        data, self._data = self._data, b""
        if not data:
            self._stop()
        return data


class Faulty:
    """An S3 that gives so many bytes a call, and then fails in this way."""

    def __init__(self, piece: int, stop: Callable[[], None], size: int = 10) -> None:
        self._piece, self._stop, self._film = piece, stop, FILM[:size]
        self.asked: list[str] = []

    def get_object(self, **asked: str) -> dict[str, Body]:
        assert asked["IfMatch"] == '"e"'
        self.asked.append(asked.get("Range", ""))
        start = int(asked.get("Range", "bytes=0-")[6:-1])
        return {"Body": Body(self._film[start : start + self._piece], self._stop)}


def fail() -> None:
    raise ConnectionResetError


STORED = StoredFilm(PLACE, REGION, '"e"', 10)


@pytest.mark.parametrize("stop", [fail, lambda: None])
def test_an_s3_that_stops_halfway_is_asked_for_the_rest(
    stop: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty = Faulty(3, stop)
    monkeypatch.setattr(films, "connected", lambda _: faulty)
    monkeypatch.setattr(films, "PAUSE_S", 0)
    fetch_film(STORED, tmp_path / "a.film")
    assert faulty.asked == ["", "bytes=3-", "bytes=6-", "bytes=9-"]


def test_an_s3_that_gives_nothing_more_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faulty = Faulty(0, fail)
    monkeypatch.setattr(films, "connected", lambda _: faulty)
    monkeypatch.setattr(films, "PAUSE_S", 0)
    with pytest.raises(FilmUnreadableError):
        fetch_film(STORED, tmp_path / "a.film")
    assert len(faulty.asked) == films.ATTEMPTS


def test_an_s3_that_gives_more_than_there_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films, "connected", lambda _: Faulty(11, fail, size=11))
    with pytest.raises(FilmUnreadableError):
        fetch_film(STORED, tmp_path / "a.film")


def test_an_s3_that_trickles_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films, "connected", lambda _: Faulty(1, fail))
    monkeypatch.setattr(films, "PAUSE_S", 0)
    monkeypatch.setattr(films, "GRACE_S", -1)
    with pytest.raises(FilmUnreadableError):
        fetch_film(STORED, tmp_path / "a.film")


def test_a_machine_without_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films, "connected", lambda _: Faulty(10, fail))
    with pytest.raises(FilmUnwritableError):
        fetch_film(STORED, tmp_path)
    full = Path("/dev/full")
    if full.exists():
        monkeypatch.setattr(films, "_appended", lambda _: full.open("wb", buffering=0))
        with pytest.raises(FilmUnwritableError):
            fetch_film(STORED, tmp_path / "a.film")


def test_nothing_waits_for_another(bucket: Any, tmp_path: Path) -> None:
    """Clients are shared between threads."""
    del bucket
    found = find_film(PLACE, REGION)
    threads = [threading.Thread(target=fetch_film, args=(found, tmp_path / f"{i}.film")) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {file.read_bytes() for file in tmp_path.glob("*.film")} == {FILM}
