"""Videos redacted one after the other: what ends the run, and what is kept for the next."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import visavis_here
from films import Film

from visavis.analysis import Analyzer
from visavis.cli.redact_review import Reviewing
from visavis.cli.redact_videos import redact_videos
from visavis.cli.redacting import Asked, Done
from visavis.errors import CorruptVideoError, OutputFullError
from visavis.redaction.covering import VideoCovering
from visavis.redaction.outputs import Outputs, Task
from visavis.redaction.videos import RedactedVideo, VideoRedaction

Run = Callable[[], list[Done]]


@pytest.fixture
def run(tmp_path: Path, analyzer: Analyzer) -> Run:
    """Redacts two films, each to a file of the folder `out`; what is under way lies in `workshops`."""
    film = Film().bytes()
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(film)
    tasks = [Task(tmp_path / name, tmp_path / "out" / name) for name in ("a.mp4", "b.mp4")]
    asked = Asked(analyzer, VideoCovering(), "keep", None, "", Reviewing(tmp_path))

    def redact() -> list[Done]:
        outputs = Outputs(tmp_path / "home", asked.settings_of_videos())
        return list(redact_videos(asked, outputs, tmp_path / "workshops", tasks))

    return redact


def full_on_the(nth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is room for the files before the nth."""
    room = iter(range(nth - 1))

    def sync(_: int) -> None:
        if next(room, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", sync)


@pytest.mark.parametrize(
    ("nth", "kept"), [(1, []), (2, ["looks-000000"]), (3, ["looks-000000", "segment-000000"])]
)
def test_a_full_disk_ends_the_run_which_goes_on_from_there(
    nth: int, kept: list[str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first file is what was seen, the second a part of the output, the third the output itself."""
    with monkeypatch.context() as patched:
        full_on_the(nth, patched)
        with pytest.raises(OutputFullError, match="no space left"):
            run()
    assert sorted(path.name for path in tmp_path.glob("workshops/*/*")) == kept
    assert not list(tmp_path.glob("out/*"))
    assert all(isinstance(done.outcome, RedactedVideo) for done in run())
    assert not list(tmp_path.glob("workshops/*")), "nothing is kept of what is done"


def test_a_video_that_fails_is_told_and_leaves_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(_: VideoRedaction, __: object) -> None:
        raise CorruptVideoError

    monkeypatch.setattr(VideoRedaction, "write", change)
    done = run()
    assert [type(one.outcome) for one in done] == [CorruptVideoError, CorruptVideoError]
    assert not list(tmp_path.glob("workshops/*"))


@pytest.mark.parametrize("box", ["96,0,9,9", "0,0,9,9@60-61", "0,0,9,9@0.001-0.002"])
def test_a_box_that_would_cover_nothing_is_an_error(box: str, tmp_path: Path) -> None:
    film, out = Film().write(tmp_path / "film.mp4"), tmp_path / "out.mp4"
    run = visavis_here("redact", film, out, "--also", box)
    assert (run.returncode, out.exists()) == (1, False)
    assert "of those to be covered by hand" in run.stderr


def test_boxes_covered_by_hand_are_told(tmp_path: Path) -> None:
    film, out = Film().write(tmp_path / "film.mp4"), tmp_path / "out.mp4"
    run = visavis_here("redact", film, out, "--also", "0,0,9,9@0-0.5")
    assert "covered 1 box by hand" in run.stdout
