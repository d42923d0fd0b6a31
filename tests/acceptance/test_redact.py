"""A folder of photos that one may publish."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from commands import refused, visavis_here
from films import Film
from PIL import Image

import visavis
from visavis.errors import OutputFullError, StoreBusyError, VisavisError, WeightsMissingError

DEFLATE: dict[str, dict[str, Any]] = {"a.tif": {"compression": "tiff_adobe_deflate"}}


@pytest.fixture
def folder(astronaut: Path, hopper: Path, tmp_path: Path) -> Path:
    """Two good photos, a bad one and a text."""
    deeper = tmp_path / "photos" / "deeper"
    deeper.mkdir(parents=True)
    (deeper / "astronaut.png").write_bytes(astronaut.read_bytes())
    (tmp_path / "photos" / "hopper.jpg").write_bytes(hopper.read_bytes())
    (tmp_path / "photos" / "bad.jpg").write_bytes(hopper.read_bytes()[:5000])
    (tmp_path / "photos" / "notes.txt").write_text("who is in them")
    return tmp_path / "photos"


def test_a_folder_becomes_one_to_publish(folder: Path, tmp_path: Path, analyzer: visavis.Analyzer) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    out = tmp_path / "out"
    run = visavis_here("redact", folder, out)
    assert run.returncode == 1, "one of the photos failed"
    assert "redacted 2 photos, covered 2 faces, 1 failed, 1 other files not copied" in run.stdout
    assert "bad.jpg: The photo is damaged" in run.stderr
    assert "notes.txt: not of a kind that visavis reads, not copied" in run.stderr
    written = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    assert written == ["deeper/astronaut.png", "hopper.jpg"]
    assert [analyzer.detect(out / name) for name in written] == [[], []]
    assert {path: path.read_bytes() for path in before} == before

    (folder / "bad.jpg").unlink()
    times = [(out / name).stat().st_mtime_ns for name in written]
    run = visavis_here("redact", folder, out, "--json")
    assert run.returncode == 0, run.stderr
    entries = json.loads(run.stdout)["files"]
    assert [entry["done_before"] for entry in entries] == [True, True]
    assert [(out / name).stat().st_mtime_ns for name in written] == times


def test_a_folder_that_cannot_be_read_fails_and_links_are_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = os.scandir

    def scandir(path: str) -> Any:
        if str(path).endswith("deeper"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scan(path)

    (folder / "bad.jpg").unlink()
    (folder / "link").symlink_to(tmp_path)
    monkeypatch.setattr(os, "scandir", scandir)
    run = visavis_here("redact", folder, tmp_path / "out")
    assert run.returncode == 1
    assert f"visavis: {folder / 'deeper'}: The folder cannot be read" in run.stderr
    assert f"visavis: {folder / 'link'}: a link or a special file, not copied" in run.stderr
    assert "redacted 1 photo, covered 1 face, 1 failed, 2 other files not copied" in run.stdout
    said = json.loads(visavis_here("redact", folder, tmp_path / "out", "--json").stdout)
    assert [entry["kind"] for entry in said["files"] if "error" in entry] == ["folder"]


def test_without_the_packages_for_videos_photos_are_redacted_all_the_same(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "bad.jpg").unlink()
    (folder / "film.mp4").write_bytes(b"a film")
    monkeypatch.setattr("visavis.extras.find_spec", lambda _: None)
    run = visavis_here("redact", folder, tmp_path / "out")
    assert run.returncode == 1
    assert "film.mp4: this needs packages that are not installed: av (`pip install" in run.stderr
    assert "redacted 2 photos, covered 2 faces" in run.stdout
    assert "1 failed" in run.stdout
    assert (tmp_path / "out" / "hopper.jpg").exists()
    refused(visavis_here("redact", folder / "film.mp4", tmp_path / "o.mp4"), "not installed: av")


@pytest.mark.parametrize("error", [OutputFullError, StoreBusyError, WeightsMissingError])
def test_what_is_of_no_photo_ends_the_run(
    error: type[VisavisError], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("visavis.analysis.Analyzer.candidates", fail)
    refused(visavis_here("redact", folder, tmp_path / "out"), error().message)


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_run_that_is_stopped_says_that_it_goes_on(
    words: tuple[str, ...], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("visavis.analysis.Analyzer.candidates", stop)
        run = visavis_here("redact", folder, tmp_path / "out", *words)
    assert (run.returncode, run.stdout) == (130, "")
    assert run.stderr == "visavis: stopped; the same command goes on from here\n"
    (folder / "bad.jpg").unlink()
    assert visavis_here("redact", folder, tmp_path / "out", *words).returncode == 0


def test_one_photo_corrected_by_hand(hopper: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.webp"
    run = visavis_here(
        "redact",
        hopper,
        out,
        "--keep-box",
        "200,150,150,150",
        "--also",
        "10,20,30,40",
        "--style",
        "blur",
        "--json",
    )
    assert run.returncode == 0, run.stderr
    (entry,) = json.loads(run.stdout)["files"]
    assert (entry["covered"], entry["kept"], entry["also"]) == (0, 1, 1)
    with Image.open(out) as opened:
        assert opened.format == "WEBP"


@pytest.mark.parametrize(
    ("name", "out", "said"),
    [
        ("notes.txt", "o.txt", "The file is not of a kind that visavis reads. (photos: JPEG, PNG"),
        ("notes.txt", "o.jpg", "The file is not of a kind that visavis reads."),
        ("film.avi", "o.mp4", "The file is not of a kind that visavis reads."),
        ("bad.mpo", "o.mpo", "The file is not of a kind that visavis reads."),
        ("notes.jpg", "o.txt", "This is not a photo"),
        ("camera.mpo", "o.mpo", "The photo cannot be written in the format that the output's ending names."),
    ],
)
def test_what_is_wrong_is_said_of_the_right_file(
    name: str, out: str, said: str, hopper: Path, tmp_path: Path
) -> None:
    photo = hopper.read_bytes() if name == "camera.mpo" else b"who is in them"
    (tmp_path / name).write_bytes(photo)
    run = visavis_here("redact", tmp_path / name, tmp_path / out)
    assert run.returncode == 1
    assert f"visavis: {tmp_path / name}: {said}" in run.stderr


def test_a_file_goes_to_a_file_and_a_folder_to_a_folder(hopper: Path, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "file").touch()
    for target in (tmp_path / "out", hopper.parent):
        refused(visavis_here("redact", hopper, target), "the output is a folder", "hint: name a new file")
    refused(visavis_here("redact", folder, tmp_path / "file"), "the input is a folder, and the output a file")


def test_a_state_folder_that_cannot_be_written_ends_the_run(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("VISAVIS_HOME", str(tmp_path / "file" / "home"))
    run = visavis_here("redact", folder, tmp_path / "out")
    refused(run, "the state folder cannot be written: not a directory", "hint: set VISAVIS_HOME")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "out"), [("a.tif", "o.tif"), ("a.gif", "o.png"), ("a.webp", "o.webp"), ("a.heic", "o.heic")]
)
def test_pages_that_are_left_out_are_told(name: str, out: str, tmp_path: Path) -> None:
    pages = [Image.new("RGB", (64, 48), colour) for colour in ("grey", "white", "red")]
    pillow_heif.register_heif_opener()
    pages[0].save(tmp_path / name, save_all=True, append_images=pages[1:], **DEFLATE.get(name, {}))
    pages[0].save(tmp_path / f"one-{name}", **DEFLATE.get(name, {}))
    run = visavis_here("redact", tmp_path / name, tmp_path / out, "--json")
    assert f"{name}: holds more pictures, pages say; the first alone was redacted and written" in run.stderr
    assert json.loads(run.stdout)["files"][0]["first_of_several"] is True
    with Image.open(tmp_path / out) as written:
        assert not getattr(written, "is_animated", False)
    run = visavis_here("redact", tmp_path / f"one-{name}", tmp_path / f"one-{out}", "--json")
    assert "more pictures" not in run.stderr


def test_boxes_covered_by_hand_are_told(hopper: Path, tmp_path: Path) -> None:
    run = visavis_here("redact", hopper, tmp_path / "o.jpg", "--also", "9,9,9,9", "--also", "50,9,9,9")
    assert run.stdout == "redacted 1 photo, covered 1 face, covered 2 boxes by hand\n"


def test_a_box_outside_of_the_picture_is_an_error(hopper: Path, tmp_path: Path) -> None:
    run = visavis_here("redact", hopper, tmp_path / "o.jpg", "--also", "9000,9,9,9")
    assert run.returncode == 1
    assert "box 1 of those to be covered by hand lies outside of the picture" in run.stderr
    assert not (tmp_path / "o.jpg").exists()


def test_nothing_is_overwritten(hopper: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(hopper.read_bytes())
    refused(visavis_here("redact", copy, copy), "The output is the input")
    run = visavis_here("redact", hopper, copy)
    assert run.returncode == 1
    assert "There is a file of that name" in run.stderr
    assert copy.read_bytes() == hopper.read_bytes()


@pytest.mark.parametrize(
    "words", [("--also", "1,2,3"), ("--keep-box", "1,2,0,4"), ("--also", "a,b,c,d"), ("--fpir", "1")]
)
def test_wrong_usage(words: tuple[str, str], hopper: Path, tmp_path: Path) -> None:
    assert visavis_here("redact", hopper, tmp_path / "o.jpg", *words).returncode == 2


@pytest.mark.parametrize("words", [("--fpir", "0.001"), ("--database-url", "sqlite:///a.db")])
def test_how_to_spare_without_whom_is_wrong_usage(
    words: tuple[str, str], hopper: Path, tmp_path: Path
) -> None:
    run = visavis_here("redact", hopper, tmp_path / "o.jpg", *words)
    assert run.returncode == 2
    assert f"{words[0]} is for --keep GALLERY" in run.stderr
    assert not (tmp_path / "o.jpg").exists()


def test_boxes_are_for_one_photo(folder: Path, tmp_path: Path) -> None:
    assert visavis_here("redact", folder, tmp_path / "out", "--also", "1,2,3,4").returncode == 2


@pytest.mark.slow
def test_people_who_agreed_are_spared_until_they_withdraw(
    astronaut: Path, hopper: Path, tmp_path: Path, analyzer: visavis.Analyzer
) -> None:
    purpose = "pictures of the reunion"
    wide, photo = Image.new("RGB", (1024, 600)), tmp_path / "photo.png"
    wide.paste(Image.open(astronaut).convert("RGB"), (0, 0))
    wide.paste(Image.open(hopper).convert("RGB"), (512, 0))
    wide.save(photo)
    for words in (
        ("gallery", "create", "reunion", "--purpose", purpose),
        ("consent", "grant", "--subject", "grace", "--purpose", purpose),
        ("enrol", "reunion", "grace", hopper),
    ):
        run = visavis_here(*words)
        assert run.returncode == 0, run.stderr
    out = tmp_path / "out.png"
    run = visavis_here("redact", photo, out, "--keep", "reunion", "--json")
    assert run.returncode == 0, run.stderr
    assert (
        json.loads(run.stdout)["files"][0] | {"spared": 1, "covered": 1} == json.loads(run.stdout)["files"][0]
    )
    (seen,) = analyzer.detect(out)
    assert seen.box.x > 512

    assert visavis_here("consent", "withdraw", "--subject", "grace", "--purpose", purpose).returncode == 0
    run = visavis_here("redact", photo, out, "--keep", "reunion")
    assert run.returncode == 1, "what shows her is not taken for done"
    run = visavis_here("redact", photo, tmp_path / "again.png", "--keep", "reunion")
    assert run.returncode == 0, run.stderr
    assert analyzer.detect(tmp_path / "again.png") == []
    refused(visavis_here("redact", photo, tmp_path / "third.png", "--keep", "nobody"), "no gallery")


def test_the_example_of_the_library_page_works(hopper: Path, tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "library.md").read_text("utf-8")
    (code,) = re.findall(r"## Redaction\n\n```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "party.jpg").write_bytes(hopper.read_bytes())
    Film().write(tmp_path / "speech.mp4")
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert re.fullmatch(r"[1-9]\d* of 20 frames have a cover\n", run.stdout)
    for name in ("party-to-publish.jpg", "speech-to-publish.mp4"):
        assert (tmp_path / name).stat().st_size
