"""What there is to redact in a folder, and what is left."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from visavis.errors import OutputPlaceError
from visavis.redaction.inputs import Task, tasks_of

SUFFIXES = frozenset({".jpg"})


def test_the_structure_is_kept_and_other_files_are_named(tmp_path: Path) -> None:
    for name in ("b.JPG", "a/b/c.jpg", "a/notes.txt", ".hidden"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    given = tasks_of(tmp_path / "in", tmp_path / "out", SUFFIXES)
    targets = [task.target.relative_to(tmp_path) for task in given.tasks]
    assert targets == [Path("out/a/b/c.jpg"), Path("out/b.JPG")]
    assert [path.name for path in given.others] == [".hidden", "notes.txt"]
    assert not given.unreadable


def test_links_to_folders_dangling_ones_and_special_files_are_named(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "in", tmp_path / "elsewhere.jpg"
    (folder / "deep").mkdir(parents=True)
    elsewhere.touch()
    (folder / "deep" / "folder.jpg").symlink_to(tmp_path)
    (folder / "nowhere.jpg").symlink_to(tmp_path / "nowhere")
    (folder / "loop.jpg").symlink_to(folder / "loop.jpg")
    (folder / "photo.jpg").symlink_to(elsewhere)
    os.mkfifo(folder / "pipe.jpg")
    given = tasks_of(folder, tmp_path / "out", SUFFIXES)
    assert [task.source.name for task in given.tasks] == ["photo.jpg"]
    assert [path.name for path in given.others] == ["folder.jpg", "loop.jpg", "nowhere.jpg", "pipe.jpg"]


def test_what_may_not_be_looked_at_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that may not be listed, and a photo in one that may be listed alone; the tests may run as root."""
    for name in ("in/closed/a.jpg", "in/open/b.jpg"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    scan, look = os.scandir, Path.stat

    def scandir(path: str) -> Any:
        if str(path).endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scan(path)

    def stat(path: Path, **how: bool) -> os.stat_result:
        if path.name == "b.jpg":
            raise PermissionError
        return look(path, **how)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(Path, "stat", stat)
    given = tasks_of(tmp_path / "in", tmp_path / "out", SUFFIXES)
    assert given.unreadable == [Task(tmp_path / "in" / "closed", tmp_path / "out" / "closed")]
    assert [task.source.name for task in given.tasks] == ["b.jpg"]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("in", "in"),
        ("in", "in/out"),
        ("in", "."),
        ("in/a.jpg", "in/a.jpg"),
        ("in", "link"),
        ("in/a.jpg", "hard"),
    ],
)
def test_the_output_is_never_the_input_by_whatever_name(source: str, target: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").touch()
    (tmp_path / "link").symlink_to(tmp_path / "in")
    (tmp_path / "hard").hardlink_to(tmp_path / "in" / "a.jpg")
    with pytest.raises(OutputPlaceError):
        tasks_of(tmp_path / source, tmp_path / target, SUFFIXES)
