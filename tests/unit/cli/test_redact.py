"""What `visavis redact` takes for done."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import IO

import pytest
from commands import refused, visavis_here
from films import Film
from PIL import Image
from sqlalchemy import insert

from visavis.cli.redact_words import counted, entry, say_what_was_done
from visavis.cli.redacting import Done
from visavis.cli.state import opened_registry
from visavis.redaction.inputs import Task
from visavis.redaction.styles import Style
from visavis.redaction.videos import RedactedVideo, VideoRedaction
from visavis.store.schema import erased


def test_another_gallery_of_the_name_is_not_taken_for_the_same(tmp_path: Path) -> None:
    photo, out = tmp_path / "photo.png", tmp_path / "out.png"
    Image.new("RGB", (64, 64)).save(photo)
    create = ("gallery", "create", "reunion", "--purpose", "pictures of the reunion")
    redact = ("redact", photo, out, "--keep", "reunion", "--json")
    assert visavis_here(*create).returncode == 0
    before = [json.loads(visavis_here(*redact).stdout)["files"][0]["done_before"] for _ in range(2)]
    assert before == [False, True]
    assert visavis_here("gallery", "delete", "reunion", "--yes").returncode == 0
    assert visavis_here(*create).returncode == 0
    (entry,) = json.loads(visavis_here(*redact).stdout)["files"]
    assert "There is a file of that name" in entry["error"]["message"]


def test_a_consent_that_ends_while_a_video_is_redacted_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film, out = Film().write(tmp_path / "film.mp4"), tmp_path / "out.mp4"
    write = VideoRedaction.write

    def erase_meanwhile(self: VideoRedaction, target: IO[bytes]) -> None:
        with opened_registry(None) as registry, registry.store.write() as connection:
            connection.execute(insert(erased).values(enrolled_number=1))
        write(self, target)

    monkeypatch.setattr(VideoRedaction, "write", erase_meanwhile)
    purpose = "pictures of the reunion"
    assert visavis_here("gallery", "create", "reunion", "--purpose", purpose).returncode == 0
    refused(
        visavis_here("redact", film, out, "--keep", "reunion"), "Somebody was erased from the gallery while"
    )
    assert not out.exists()
    assert visavis_here("redact", film, out).returncode == 0, "nobody is spared in it"


def test_a_photo_that_changes_after_it_was_read_is_not_taken_for_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, out = tmp_path / "photo.png", tmp_path / "out.png"
    Image.new("RGB", (64, 64)).save(photo)

    def change(path: Path) -> bytes:
        read = path.read_bytes()
        Image.new("RGB", (96, 96)).save(path)
        return read

    with monkeypatch.context() as patched:
        patched.setattr("visavis.cli.redacting.read_photo", change)
        assert visavis_here("redact", photo, out).returncode == 0
    again = visavis_here("redact", photo, out)
    assert again.returncode == 1
    assert "There is a file of that name" in again.stderr


def test_what_was_done_with_a_video_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    task = Task(tmp_path / "a.mp4", tmp_path / "b.mp4")
    (said,) = counted([entry(Done(task, "video", RedactedVideo(1200, 700, 500)))], counts)
    assert {what: said[what] for what in said if "frames" in what} == {
        "frames": 1200,
        "covered_frames": 700,
        "spared_frames": 500,
    }
    say_what_was_done(counts, [], Style.SOLID, {})
    assert capsys.readouterr().out == (
        "redacted 1 video, covered faces in 700 of 1,200 frames, 500 frames with somebody spared by consent\n"
    )
