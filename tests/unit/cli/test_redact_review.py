"""The page of a redaction, as the command line writes it."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from commands import visavis_here
from PIL import Image

from visavis.cli.redact_review import Reviewing
from visavis.errors import OutputFullError, UnreadableImageError
from visavis.redaction.styles import Style


def test_a_full_disk_is_told_as_one_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputFullError, match="the report cannot be written: no space left"):
        Reviewing(tmp_path, tmp_path / "page.html").write([], Style.SOLID)
    assert list(tmp_path.iterdir()) == []


def test_a_photo_that_cannot_be_looked_at_again_is_told_and_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, out, page = tmp_path / "in.png", tmp_path / "out.png", tmp_path / "r.html"
    Image.new("RGB", (64, 48)).save(photo)

    def gone(_: Path) -> bytes:
        raise UnreadableImageError

    with monkeypatch.context() as patched:
        patched.setattr("visavis.cli.redact_review.read_photo", gone)
        run = visavis_here("redact", photo, out, "--report", page, "--json")
    assert (run.returncode, out.exists()) == (1, False)
    assert json.loads(run.stdout)["files"][0]["error"]["message"] == UnreadableImageError().message
    assert visavis_here("redact", photo, out).returncode == 0
    with monkeypatch.context() as patched:
        patched.setattr("visavis.cli.redact_review.read_photo", gone)
        run = visavis_here("redact", photo, out, "--report", page)
    assert (run.returncode, "Traceback" in run.stderr) == (1, False)


def test_a_report_is_written_beside_what_has_its_name(tmp_path: Path) -> None:
    photo, page = tmp_path / "in.png", tmp_path / "r.html"
    Image.new("RGB", (64, 48)).save(photo)
    page.write_text("somebody's")
    (tmp_path / "r-2.html").symlink_to(tmp_path / "nowhere")
    run = visavis_here("redact", photo, tmp_path / "out.png", "--report", page)
    assert run.stdout.splitlines()[-1] == f"what to look at: {tmp_path / 'r-3.html'}"
    run = visavis_here("redact", photo, tmp_path / "out.png", "--report", page, "--json")
    assert json.loads(run.stdout)["report"] == str(tmp_path / "r-4.html")
    assert page.read_text() == "somebody's"
    assert not (tmp_path / "nowhere").exists()
    for name in ("r-3.html", "r-4.html"):
        assert (tmp_path / name).read_text().startswith("<!doctype html>")
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ("", "missed 1 of 1 marked faces"),
        (
            "b.png,,1,2,9,9\nin.png,3,1,2,9,9\nin.png,,900,2,9,9\n",
            "missed 1 of 1 marked faces, 3 not measured",
        ),
    ],
)
def test_marked_faces_that_were_not_measured_are_told(others: str, said: str, tmp_path: Path) -> None:
    photo, marked = tmp_path / "in.png", tmp_path / "faces.csv"
    Image.new("RGB", (64, 48)).save(photo)
    marked.write_text(f"file,frame,x,y,width,height\nin.png,,1,2,30,30\n{others}")
    run = visavis_here("redact", photo, tmp_path / "out.png", "--annotations", marked)
    assert run.stdout.splitlines()[-1] == said
