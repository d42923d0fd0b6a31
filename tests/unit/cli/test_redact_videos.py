"""Videos redacted one after the other: what ends the run, and what is kept for the next."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Protocol

import pytest
from commands import visavis_here
from films import Film

from visavis.analysis import Analyzer
from visavis.cli.redact_review import Reviewing
from visavis.cli.redact_videos import redact_videos
from visavis.cli.redacting import Asked, Done
from visavis.cli.sparing import Sparing
from visavis.errors import (
    CorruptVideoError,
    OutputExistsError,
    OutputFullError,
    OutputUnwritableError,
    RedactionRunningError,
    SparedMeanwhileError,
    UnreadableVideoError,
)
from visavis.redaction.covering import VideoCovering
from visavis.redaction.inputs import Task
from visavis.redaction.outputs import Outputs
from visavis.redaction.videos import RedactedVideo, VideoRedaction
from visavis.video.source import Video


class Run(Protocol):
    """See `run`."""

    def __call__(self, targets: Sequence[str] = ..., /) -> list[Done]: ...


class Consents:
    """Nobody is spared, but somebody withdraws when it is looked for the nth time."""

    def __init__(self) -> None:
        self.ends_at: int | None = None

    def recheck(self) -> None:
        if self.ends_at is not None:
            self.ends_at -= 1
            if self.ends_at <= 0:
                raise SparedMeanwhileError


@pytest.fixture
def consents() -> Consents:
    return Consents()


@pytest.fixture
def run(tmp_path: Path, analyzer: Analyzer, consents: Consents) -> Run:
    """Redacts two films, each to a file of the folder `out`; what is under way lies in `workshops`.

    It is given their names.
    """
    film = Film().bytes()
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(film)
    asked = Asked(analyzer, VideoCovering(), "keep", Sparing(recheck=consents.recheck), Reviewing(tmp_path))

    def redact(targets: Sequence[str] = ("a.mp4", "b.mp4")) -> list[Done]:
        names = zip(("a.mp4", "b.mp4"), targets, strict=False)
        tasks = [Task(tmp_path / source, tmp_path / "out" / target) for source, target in names]
        outputs = Outputs(tmp_path / "home", asked.settings_of_videos())
        return list(redact_videos(asked, outputs, tmp_path / "workshops", tasks))

    return redact


def full_on_the(nth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is room for the files before the nth."""
    room = iter(range(nth - 1))

    def sync(handle: int) -> None:
        if not stat.S_ISDIR(os.fstat(handle).st_mode) and next(room, None) is None:
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


@pytest.mark.parametrize("what", ["output", "source"])
def test_what_may_pass_leaves_what_is_finished(
    what: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share that is away for a moment, say."""
    write = VideoRedaction.write

    def lose(self: VideoRedaction, target: IO[bytes]) -> None:
        if what == "source":
            raise UnreadableVideoError
        write(self, target)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patched:
        patched.setattr(VideoRedaction, "write", lose)
        expected = UnreadableVideoError if what == "source" else OutputUnwritableError
        assert [type(one.outcome) for one in run()] == [expected, expected]
    assert len(list(tmp_path.glob("workshops/*/segment-*"))) == 2
    assert not list(tmp_path.glob("out/*"))
    monkeypatch.setattr(VideoRedaction, "_write_segment", None)
    assert all(isinstance(done.outcome, RedactedVideo) for done in run()), "nothing is written again"


def test_an_output_that_cannot_be_written_is_told_before_anything_is_looked_at(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").write_text("a file where the folder should be")
    monkeypatch.setattr(VideoRedaction, "cover", None)
    done = run(["deep/a.mp4", "deep/b.mp4"])
    assert [type(one.outcome) for one in done] == [OutputUnwritableError, OutputUnwritableError]


def test_a_video_that_fails_is_told_and_leaves_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(_: VideoRedaction, __: object) -> None:
        raise CorruptVideoError

    monkeypatch.setattr(VideoRedaction, "write", change)
    done = run()
    assert [type(one.outcome) for one in done] == [CorruptVideoError, CorruptVideoError]
    assert not list(tmp_path.glob("workshops/*"))


def test_a_video_that_another_run_is_at_is_left_to_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others: list[Done] = []
    write = VideoRedaction.write

    def meanwhile(self: VideoRedaction, target: IO[bytes]) -> None:
        monkeypatch.undo()
        others.extend(run())
        write(self, target)

    monkeypatch.setattr(VideoRedaction, "write", meanwhile)
    mine = run()
    assert [type(done.outcome) for done in others] == [RedactionRunningError, RedactedVideo]
    assert isinstance(mine[0].outcome, RedactedVideo), "its parts were not taken from it"
    assert isinstance(mine[1].outcome, OutputExistsError), "the other has written that one meanwhile"
    assert not list(tmp_path.glob("workshops/*"))


@pytest.mark.parametrize("other", ["other.mp4", "a.webm"])
def test_a_video_to_two_outputs_is_two_works(
    other: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One does not go on with what the other has written, of another format it may be, nor remove it."""
    with monkeypatch.context() as patched:
        full_on_the(3, patched)
        with pytest.raises(OutputFullError):
            run()
    run([other])
    assert sorted(path.name for path in tmp_path.glob("workshops/*/*")) == ["looks-000000", "segment-000000"]
    run(["a.mp4", other])
    films = [(tmp_path / "out" / name).read_bytes() for name in ("a.mp4", other)]
    assert films[0][4:8] == b"ftyp"
    assert (films[0] == films[1]) == other.endswith(".mp4")
    assert b"V_VP9" in films[1] or other.endswith(".mp4")


def test_a_video_during_which_somebody_withdrew_never_appears(
    run: Run, consents: Consents, tmp_path: Path
) -> None:
    """It is true of those after it, too, that the same command would not take them for done."""
    consents.ends_at = 2
    with pytest.raises(SparedMeanwhileError):
        run()
    assert [path.name for path in tmp_path.glob("out/*")] == ["a.mp4"]
    assert not list(tmp_path.glob("workshops/*")), "what was seen before is not gone on with"


def test_a_video_that_changes_before_it_is_opened_is_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept of it may be of what it was."""

    def change(path: Path) -> Video:
        os.utime(path, (1000, 1000))
        return Video(path)

    monkeypatch.setattr("visavis.cli.redact_videos.Video", change)
    assert type(run()[0].outcome) is CorruptVideoError
    assert not list(tmp_path.glob("out/*"))


def test_another_version_does_not_go_on_with_what_one_has_seen(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        full_on_the(3, patched)
        with pytest.raises(OutputFullError):
            run()
    kept = list(tmp_path.glob("workshops/*"))
    monkeypatch.setattr("visavis.redaction.workshop.version", lambda _: "another")
    assert all(isinstance(done.outcome, RedactedVideo) for done in run())
    assert list(tmp_path.glob("workshops/*")) == kept, "it goes after a week"


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
