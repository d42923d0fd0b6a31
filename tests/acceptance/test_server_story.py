"""A program for Amazon's service runs against ours with only the address changed; who withdraws is not found once more, and the log proves all of it."""

from __future__ import annotations

import csv
import json
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session
from commands import python, visavis
from conftest import DATA
from PIL import Image, ImageOps
from server_process import PATIENCE_S, ServerProcess, server_process, use

STORY = Path(__file__).parents[1] / "rekognition_story.py"
PURPOSE = "entry to the workshop"
PEOPLE = 20


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerProcess]:
    monkeypatch.setenv("VISAVIS_DEFAULT_PURPOSE", PURPOSE)
    with server_process() as process:
        use(process, monkeypatch)
        yield process


@pytest.fixture
def portraits(tmp_path: Path, astronaut: Path, hopper: Path) -> Path:
    """The two portraits, each with another picture made of it: smaller, mirrored and cut."""
    for name, photo in (("eileen", astronaut), ("grace", hopper)):
        folder = tmp_path / "people" / name
        folder.mkdir(parents=True)
        shutil.copy(photo, folder / f"1{photo.suffix}")
        picture = ImageOps.mirror(Image.open(photo).convert("RGB"))
        picture.crop((20, 10, picture.width - 30, picture.height - 40)).resize((400, 440)).save(
            folder / "2.jpg"
        )
    return tmp_path / "people"


def consent_to_all(people: Path, *but: str) -> None:
    """Record everybody's consent by a command beside the server, but for a few."""
    names = [person.name for person in people.iterdir() if person.name not in but]
    file = people.parent / "people.csv"
    file.write_text("subject,purpose\n" + "".join(f"{name},{PURPOSE}\n" for name in names))
    done = visavis("consent", "import", file)
    assert done.returncode == 0, done.stderr


def story(people: Path, *steps: str) -> Any:
    run = python(STORY, people, *steps)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def withdraw(name: str) -> None:
    done = visavis("consent", "withdraw", "--subject", name, "--purpose", PURPOSE)
    assert done.returncode == 0, done.stderr


class Searcher(threading.Thread):
    """Searches for one photo until told to stop. searches: of each, when it began, by the machine's monotonic clock, and whom it found."""

    def __init__(self, photo: bytes) -> None:
        super().__init__(daemon=True)
        self.searches: list[tuple[float, list[str]]] = []
        self._photo = photo
        self._client = boto3.Session().client("rekognition")
        self._over = threading.Event()
        self._grown = threading.Condition()

    def run(self) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            found = self._client.search_faces_by_image(CollectionId="staff", Image={"Bytes": self._photo})
            with self._grown:
                names = [match["Face"]["ExternalImageId"].partition(":")[0] for match in found["FaceMatches"]]
                self.searches.append((began, names))
                self._grown.notify_all()

    def wait_for(self, count: int, since: float = 0.0) -> None:
        """Wait for so many searches that began since then."""
        with self._grown:
            assert self._grown.wait_for(
                lambda: sum(began >= since for began, _ in self.searches) >= count, PATIENCE_S
            )

    def stop(self) -> None:
        self._over.set()
        self.join(PATIENCE_S)


def assert_gone_once_withdrawn(name: str, photo: bytes, tries: int) -> None:
    """While two clients search without a pause, a command in another process ends a consent: not one search that begins after it finds the person."""
    searchers = [Searcher(photo), Searcher(photo)]
    for searcher in searchers:
        searcher.start()
    for searcher in searchers:
        searcher.wait_for(3)
    withdraw(name)
    returned = time.monotonic()
    for searcher in searchers:
        searcher.wait_for(tries // 2, since=returned)
    for searcher in searchers:
        searcher.stop()
    searches = [search for searcher in searchers for search in searcher.searches]
    before = [found for began, found in searches if began < returned]
    after = [found for began, found in searches if began >= returned]
    assert before[0] == [name]
    assert len(after) >= tries
    assert not any(name in found for found in after)


@pytest.mark.slow
@pytest.mark.usefixtures("server")
def test_two_portraits(portraits: Path) -> None:
    consent_to_all(portraits, "eileen")
    enrolled = story(portraits, "enrol")["enrol"]
    assert enrolled["refused"] == {"eileen": "AccessDeniedException"}
    assert [*enrolled["indexed"]] == ["grace"]
    assert (enrolled["faces"], enrolled["count"]) == (1, 1)
    assert enrolled["tags"] == {"door": "north", "visavis:purpose": PURPOSE}
    told = story(portraits, "search", "group")
    assert told["search"] == {"eileen": [[]], "grace": [["grace"]]}
    assert told["group"]["by_image"] == told["group"]["by_face"] | {"grace": ["user-grace"]}
    assert told["group"]["similarities"]["grace"] > 99
    assert told["group"]["details"] == {"grace": 1}
    assert_gone_once_withdrawn("grace", (portraits / "grace" / "2.jpg").read_bytes(), 20)
    assert story(portraits, "end")["end"] == {"users": 0, "faces": 0, "collections": []}


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.usefixtures("server")
def test_twenty_people(tmp_path: Path) -> None:
    """Photos of LFW: nobody is taken for somebody else, and nearly every photo finds its person."""
    people = photos_of_lfw(tmp_path / "people")
    stranger = sorted(person.name for person in people.iterdir())[7]
    consent_to_all(people, stranger)
    enrolled = story(people, "enrol")["enrol"]
    assert enrolled["refused"] == {stranger: "AccessDeniedException"}
    assert all(len(ids) == 1 for ids in enrolled["indexed"].values())
    assert len(enrolled["indexed"]) == enrolled["faces"] == PEOPLE - 1
    told = story(people, "search", "group")
    assert told["search"].pop(stranger) == [[]] * (len([*(people / stranger).iterdir()]) - 1)
    searches = Counter(
        ("found" if found == [name] else "missed" if not found else "mistaken")
        for name, photos in told["search"].items()
        for found in photos
    )
    print(f"{PEOPLE - 1} people: {dict(searches)}")
    assert searches["mistaken"] == 0
    assert searches["missed"] <= 0.1 * searches.total()
    assert sum(found == [f"user-{name}"] for name, found in told["group"]["by_image"].items()) >= PEOPLE - 3
    found_again = next(name for name, photos in told["search"].items() if photos[0] == [name])
    assert_gone_once_withdrawn(found_again, sorted((people / found_again).iterdir())[1].read_bytes(), 100)
    assert story(people, "end")["end"] == {"users": PEOPLE - 2, "faces": PEOPLE - 2, "collections": []}


def photos_of_lfw(folder: Path) -> Path:
    """Folders of the first people of whom there are two to four photos."""
    with (DATA / "protocols" / "lfw_images.csv").open(newline="") as file:
        photos: dict[str, list[str]] = {}
        for row in csv.DictReader(file):
            photos.setdefault(row["subject"], []).append(row["image"])
    for name in [name for name, images in sorted(photos.items()) if 2 <= len(images) <= 4][:PEOPLE]:
        (folder / name).mkdir(parents=True)
        for image in photos[name]:
            shutil.copy(DATA / image, folder / name)
    return folder


@pytest.mark.slow
def test_consent_over_http(server: ServerProcess, hopper: Path, tmp_path: Path) -> None:
    """What Rekognition has no words for, signed as boto3 signs: a consent makes a person indexable, its withdrawal ends it, the log proves both."""
    client = boto3.Session().client("rekognition")
    client.create_collection(CollectionId="staff")
    image = {"Bytes": hopper.read_bytes()}
    about_grace = {"subject": "grace", "purpose": PURPOSE}
    with pytest.raises(client.exceptions.AccessDeniedException):
        client.index_faces(CollectionId="staff", ExternalImageId="grace", Image=image)
    granted = ask(server, "POST", "/v1/consents", about_grace)
    assert granted["consent"]["state"] == "given"
    client.index_faces(CollectionId="staff", ExternalImageId="grace", Image=image)
    assert len(client.search_faces_by_image(CollectionId="staff", Image=image)["FaceMatches"]) == 1
    withdrawn = ask(server, "POST", "/v1/consents/withdrawals", about_grace)
    assert withdrawn["consent"]["state"] == "withdrawn"
    assert not client.search_faces_by_image(CollectionId="staff", Image=image)["FaceMatches"]
    with pytest.raises(client.exceptions.AccessDeniedException):
        client.index_faces(CollectionId="staff", ExternalImageId="grace", Image=image)

    log, key = tmp_path / "log.jsonl", ask(server, "GET", "/v1/audit/key").decode().strip()
    log.write_bytes(ask(server, "GET", "/v1/audit/export"))
    verified = visavis("audit", "verify", log, "--key", key, "--json")
    assert verified.returncode == 0, verified.stderr
    assert "grace" not in log.read_text("utf-8")
    for name, told in (("granted", granted), ("withdrawn", withdrawn)):
        (tmp_path / name).write_bytes(told["receipt"].encode())
        assert visavis("consent", "verify", tmp_path / name, "--key", key).returncode == 0
    log.write_bytes(log.read_bytes().replace(b'"withdraw"', b'"identify"', 1))
    assert visavis("audit", "verify", log, "--key", key).returncode == 1


def ask(server: ServerProcess, method: str, path: str, body: dict[str, str] | None = None) -> Any:
    """The answer to a signed call: JSON read, other bytes as they are."""
    data = json.dumps(body).encode() if body else b""
    request = AWSRequest(method, f"{server.endpoint}{path}", {"Content-Type": "application/json"}, data)
    SigV4Auth(boto3.Session().get_credentials(), "visavis", "local").add_auth(request)
    answer = URLLib3Session().send(request.prepare())
    assert answer.status_code == 200, answer.text
    return (
        json.loads(answer.content) if answer.headers["content-type"] == "application/json" else answer.content
    )
