"""Videos that one may publish."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import PATIENCE_S, visavis_here
from people_films import two_people, write_film

import visavis
from visavis.video.source import Video

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def film(astronaut: Path, hopper: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people side by side for three seconds."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    write_film(path, two_people(astronaut, hopper, 3))
    return path


def faces_in(path: Path, analyzer: visavis.Analyzer) -> list[int]:
    """How many faces are found in every fifth frame, looked at as a photo."""
    video = Video(path)
    frames = [frame.rgb(video.width, video.height) for frame in video.frames()]
    return [len(analyzer.detect(frame)) for frame in frames[::5]]


def test_a_folder_of_photos_and_videos(
    film: Path, hopper: Path, tmp_path: Path, analyzer: visavis.Analyzer
) -> None:
    folder, out, page = tmp_path / "in", tmp_path / "out", tmp_path / "review.html"
    folder.mkdir()
    (folder / "film.mp4").write_bytes(film.read_bytes())
    (folder / "bad.mkv").write_bytes(film.read_bytes()[:3000])
    (folder / "hopper.jpg").write_bytes(hopper.read_bytes())
    marked = tmp_path / "faces.csv"
    marked.write_text("file,frame,x,y,width,height\nfilm.mp4,0,120,55,35,40\nhopper.jpg,,180,120,170,200\n")
    assert set(faces_in(film, analyzer)) == {2}

    run = visavis_here("redact", folder, out, "--report", page, "--annotations", marked, "--json")
    assert run.returncode == 1, "one of the videos is damaged"
    said = json.loads(run.stdout)
    entries = {Path(entry["file"]).name: entry for entry in said["files"]}
    assert entries["film.mp4"]["kind"] == "video"
    assert entries["film.mp4"]["frames"] == entries["film.mp4"]["covered_frames"] == 30
    assert "error" in entries["bad.mkv"]
    assert said["missed"]["overall"]["faces"]["missed"] == 0
    assert said["missed"]["overall"]["faces"]["of"] == 2
    assert sorted(path.name for path in out.iterdir()) == ["film.mp4", "hopper.jpg"]
    assert set(faces_in(out / "film.mp4", analyzer)) == {0}
    assert page.read_text().startswith("<!doctype html>")

    again = json.loads(visavis_here("redact", folder, out, "--json").stdout)
    assert [entry.get("done_before") for entry in again["files"]] == [True, None, True]


def test_what_is_corrected_by_hand(film: Path, tmp_path: Path, analyzer: visavis.Analyzer) -> None:
    out = tmp_path / "out.webm"
    run = visavis_here("redact", film, out, "--keep-box", "0,0,320,320@0-1.4")
    assert run.returncode == 0, run.stderr
    assert faces_in(out, analyzer) == [1, 1, 1, 0, 0, 0], "the left one was kept for a while"
    assert visavis_here("redact", film, tmp_path / "o.mp4", "--also", "1,2,3,4@5").returncode == 2
    assert visavis_here("redact", film, tmp_path / "o.mp4", "--report", tmp_path / "o.mp4").returncode == 2


def test_somebody_who_agreed_is_spared(
    film: Path, hopper: Path, tmp_path: Path, analyzer: visavis.Analyzer
) -> None:
    purpose = "the film of the reunion"
    for words in (
        ("gallery", "create", "reunion", "--purpose", purpose),
        ("consent", "grant", "--subject", "grace", "--purpose", purpose),
        ("enrol", "reunion", "grace", hopper),
    ):
        run = visavis_here(*words)
        assert run.returncode == 0, run.stderr
    run = visavis_here("redact", film, tmp_path / "out.mp4", "--keep", "reunion")
    assert run.returncode == 0, run.stderr
    video = Video(tmp_path / "out.mp4")
    middle = [frame.rgb(video.width, video.height) for frame in video.frames()][12]
    (seen,) = analyzer.detect(middle)
    assert seen.box.x > 320, "she is on the right; the other one is covered"


def test_a_killed_run_goes_on_to_the_same_video(film: Path, tmp_path: Path) -> None:
    def started(name: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "visavis", "redact", str(film), str(tmp_path / f"{name}.mp4")]
        return subprocess.Popen(command, env=os.environ | {"VISAVIS_HOME": str(tmp_path / f"home-{name}")})

    def wait_for(pattern: str, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + PATIENCE_S
        while not list((tmp_path / "home-killed").glob(pattern)):
            assert process.poll() is None, "it ended before it was killed"
            assert time.monotonic() < until
            time.sleep(0.005)

    assert started("whole").wait() == 0
    for pattern in ("videos/*/looks-*", "videos/*/segment-*"):
        process = started("killed")
        wait_for(pattern, process)
        process.kill()
        process.wait()
        assert not (tmp_path / "killed.mp4").exists()
    assert started("killed").wait() == 0
    assert (tmp_path / "killed.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()
    assert not list((tmp_path / "home-killed" / "videos").iterdir()), "nothing is left of what was under way"
