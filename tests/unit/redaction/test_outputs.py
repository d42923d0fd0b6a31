"""Where redacted photos go, and that nothing is overwritten."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import pytest

from visavis.errors import (
    OutputExistsError,
    OutputFullError,
    OutputUnwritableError,
    StateUnwritableError,
)
from visavis.files import UNFINISHED
from visavis.redaction.inputs import Task
from visavis.redaction.outputs import Outputs

SUFFIXES = frozenset({".jpg"})


@pytest.fixture
def task(tmp_path: Path) -> Task:
    source = tmp_path / "in.jpg"
    source.write_bytes(b"source")
    return Task(source, tmp_path / "out" / "deep" / "out.jpg")


def write(outputs: Outputs, task: Task, redacted: bytes) -> None:
    outputs.write(task, outputs.origin(task), redacted)


def test_what_was_written_is_done_in_the_next_run_too(task: Task, tmp_path: Path) -> None:
    first = Outputs(tmp_path / "home", "solid")
    assert not first.done(task)
    write(first, task, b"redacted")
    assert task.target.read_bytes() == b"redacted"
    assert first.done(task)
    assert Outputs(tmp_path / "home", "solid").done(task)


def rewrite_source(task: Task) -> None:
    task.source.write_bytes(b"another photo")


def rewrite_target(task: Task) -> None:
    task.target.write_bytes(b"the photo itself")


def link_to_source(task: Task) -> None:
    task.target.unlink()
    task.target.symlink_to(task.source)


def keep_time(task: Task) -> None:
    """As a copy with its times kept: of another size."""
    before = task.target.stat()
    task.target.write_bytes(b"longer than before")
    os.utime(task.target, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("change", [rewrite_source, rewrite_target, link_to_source, keep_time])
def test_what_is_not_as_it_was_is_neither_done_nor_overwritten(
    change: object, task: Task, tmp_path: Path
) -> None:
    write(Outputs(tmp_path / "home", "solid"), task, b"redacted")
    assert callable(change)
    change(task)
    before = task.target.read_bytes()
    again = Outputs(tmp_path / "home", "solid")
    with pytest.raises(OutputExistsError):
        again.done(task)
    with pytest.raises(OutputExistsError):
        write(again, task, b"new")
    assert task.target.read_bytes() == before


def test_a_photo_that_is_changed_while_it_is_redacted_is_not_done(task: Task, tmp_path: Path) -> None:
    outputs = Outputs(tmp_path / "home", "solid")
    origin = outputs.origin(task)
    rewrite_source(task)
    outputs.write(task, origin, b"redacted as it was before")
    with pytest.raises(OutputExistsError):
        outputs.done(task)


def test_a_photo_that_is_not_there_is_no_other(task: Task, tmp_path: Path) -> None:
    outputs = Outputs(tmp_path / "home", "solid")
    write(outputs, task, b"redacted")
    task.source.unlink()
    with pytest.raises(OutputExistsError):
        outputs.done(task)


def test_other_settings_make_another_output(task: Task, tmp_path: Path) -> None:
    write(Outputs(tmp_path / "home", "solid"), task, b"redacted")
    with pytest.raises(OutputExistsError):
        Outputs(tmp_path / "home", "blur").done(task)


def test_a_file_that_was_there_before_is_never_done(task: Task, tmp_path: Path) -> None:
    task.target.parent.mkdir(parents=True)
    task.target.write_bytes(b"somebody's")
    outputs = Outputs(tmp_path / "home", "solid")
    with pytest.raises(OutputExistsError):
        write(outputs, task, b"redacted")
    assert task.target.read_bytes() == b"somebody's"
    assert list(task.target.parent.iterdir()) == [task.target], "nothing unfinished is left"
    with pytest.raises(OutputExistsError):
        Outputs(tmp_path / "home", "solid").done(task)


@pytest.mark.parametrize(
    "moment", ["pathlib.Path.hardlink_to", "visavis.redaction.outputs.Outputs._remember"]
)
def test_a_run_that_is_cut_off_goes_on(
    moment: str, task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(moment, cut)
        with pytest.raises(KeyboardInterrupt):
            write(Outputs(tmp_path / "home", "solid"), task, b"redacted")
    (tmp_path / "home").mkdir(exist_ok=True)
    with (tmp_path / "home" / "redactions.txt").open("a") as remembered:
        remembered.write("0a1b2")
    again = Outputs(tmp_path / "home", "solid")
    assert not again.done(task)
    write(again, task, b"redacted")
    assert Outputs(tmp_path / "home", "solid").done(task)


def test_what_is_remembered_names_nobody(task: Task, tmp_path: Path) -> None:
    write(Outputs(tmp_path / "home", "solid"), task, b"redacted")
    remembered = tmp_path / "home" / "redactions.txt"
    assert remembered.stat().st_mode & 0o777 == 0o600
    assert re.fullmatch(r"\n[0-9a-f]{32}\n", remembered.read_text())


def test_what_a_killed_run_left_is_removed_and_what_another_writes_stays(task: Task, tmp_path: Path) -> None:
    outputs = Outputs(tmp_path / "home", "solid")
    task.target.parent.mkdir(parents=True)
    left = task.target.parent / UNFINISHED.replace("*", "left")
    left.write_bytes(b"half a photo")
    others = Task(task.source, task.target.with_name("others.jpg"))
    with outputs.writing(others, outputs.origin(others)) as file:
        file.write(b"another")
        outputs.sweep([task])
        assert not left.exists()
        assert len(list(task.target.parent.iterdir())) == 1, "it is being written"
    assert list(task.target.parent.iterdir()) == [others.target]


def test_of_two_runs_at_once_one_writes_and_both_know_it_later(task: Task, tmp_path: Path) -> None:
    one, other = (Outputs(tmp_path / "home", "solid") for _ in range(2))

    def write_late() -> None:
        with one.writing(task, one.origin(task)) as file:
            file.write(b"redacted")
            write(other, task, b"redacted")

    with pytest.raises(OutputExistsError):
        write_late()
    assert list(task.target.parent.iterdir()) == [task.target]
    assert Outputs(tmp_path / "home", "solid").done(task)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_leaves_nothing(
    number: int, task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    outputs = Outputs(tmp_path / "home", "solid")
    with pytest.raises(OutputFullError):
        write(outputs, task, b"redacted")
    assert list(task.target.parent.iterdir()) == []
    assert not outputs.done(task)


def test_what_is_remembered_must_be_readable_and_writable(task: Task, tmp_path: Path) -> None:
    (tmp_path / "home" / "redactions.txt").mkdir(parents=True)
    with pytest.raises(StateUnwritableError, match="the state folder cannot be written: is a directory"):
        Outputs(tmp_path / "home", "solid")
    outputs = Outputs(tmp_path / "another", "solid")
    (tmp_path / "another" / "redactions.txt").unlink()
    (tmp_path / "another" / "redactions.txt").mkdir()
    with pytest.raises(StateUnwritableError):
        write(outputs, task, b"redacted")
    assert not task.target.exists()


def test_what_cannot_be_written_is_said(task: Task, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file where a folder should be")
    with pytest.raises(OutputUnwritableError):
        write(Outputs(tmp_path / "home", "solid"), task, b"redacted")
