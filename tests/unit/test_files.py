"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from visavis.errors import OutputFullError, OutputUnwritableError
from visavis.files import held_folder, sweep, sync_folder, unwritable, whole_file, write_new_file


@pytest.mark.parametrize(("private", "mode"), [(False, 0o640), (True, 0o600)])
def test_who_may_read_it(private: bool, mode: int, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with whole_file(tmp_path / "new" / "file.txt", private=private) as file:
            file.write(b"whole")
        assert os.umask(0o027) == 0o027, "the mask is as it was"
    finally:
        os.umask(before)
    written = tmp_path / "new" / "file.txt"
    assert written.read_bytes() == b"whole"
    assert stat.S_IMODE(written.stat().st_mode) == mode


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt])
def test_nothing_is_left_of_half_a_file(interruption: type[BaseException], tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("before")

    def write_half() -> None:
        with whole_file(path) as file:
            file.write(b"half")
            raise interruption

    with pytest.raises(interruption):
        write_half()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("names", [True, False])
def test_a_new_file_replaces_nothing(names: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """names: whether the file system knows a second name for a file."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    if not names:
        monkeypatch.setattr(Path, "hardlink_to", refuse)
    path = tmp_path / "file.txt"
    with whole_file(path, new=True) as file:
        file.write(b"first")
    with pytest.raises(FileExistsError), whole_file(path, new=True) as file:
        file.write(b"second")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError), whole_file(tmp_path / "link", new=True) as file:
        file.write(b"third")
    assert path.read_bytes() == b"first"
    assert sorted(tmp_path.iterdir()) == [path, tmp_path / "link"]


def test_a_sweep_removes_what_nobody_writes_any_more(tmp_path: Path) -> None:
    left, visible = tmp_path / ".visavis-0123.part", tmp_path / "visavis-0123.part"
    left.touch()
    visible.touch()
    with whole_file(tmp_path / "file.txt") as file:
        sweep(tmp_path)
        assert not left.exists()
        file.write(b"whole")
    sweep(tmp_path)
    sweep(tmp_path / "absent")
    assert sorted(tmp_path.iterdir()) == [tmp_path / "file.txt", visible]


def test_who_is_swept_before_the_lock_begins_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []
    create = os.open

    def create_and_lose(path: Path, flags: int, mode: int = 0o777) -> int:
        handle = create(path, flags, mode)
        if flags & os.O_EXCL and not made:
            made.append(path)
            path.unlink()
        return handle

    monkeypatch.setattr(os, "open", create_and_lose)
    with whole_file(tmp_path / "file.txt") as file:
        file.write(b"whole")
    assert len(made) == 1
    assert list(tmp_path.iterdir()) == [tmp_path / "file.txt"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    sync_folder(tmp_path)
    sync_folder(tmp_path / "absent")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"), whole_file(tmp_path / "file" / "a.txt"):
        pass


def test_a_new_file_is_its_owners_alone_and_takes_no_other_place(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.txt"
    write_new_file(path, b"whole")
    assert path.read_bytes() == b"whole"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for taken in (path, tmp_path / "link", tmp_path):
        with pytest.raises(OSError, match="exists"):
            write_new_file(taken, b"other")
    assert path.read_bytes() == b"whole"
    assert not (tmp_path / "elsewhere").exists()


def test_nothing_is_left_of_half_a_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def find_no_room(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", find_no_room)
    with pytest.raises(OSError, match="No space"):
        write_new_file(tmp_path / "file.txt", b"whole")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, OutputFullError),
        (errno.EDQUOT, OutputFullError),
        (errno.EACCES, OutputUnwritableError),
        (errno.EROFS, OutputUnwritableError),
    ],
)
def test_a_full_disk_is_told_from_what_else_keeps_from_writing(
    number: int, kind: type[OutputUnwritableError]
) -> None:
    error = unwritable("the report", OSError(number, os.strerror(number)))
    assert type(error) is kind
    assert error.message == f"the report cannot be written: {os.strerror(number).lower()}"


def test_a_system_that_says_nothing() -> None:
    error = unwritable("the output", OSError())
    assert type(error) is OutputUnwritableError
    assert error.message == "the output cannot be written: no access"


def test_a_folder_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    with held_folder(folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        with pytest.raises(BlockingIOError), held_folder(folder):
            pass
    with held_folder(folder):
        shutil.rmtree(folder)
        with held_folder(folder):
            assert folder.is_dir(), "another, of the same name"


def test_who_removes_a_folder_and_lets_go_leaves_it_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is removed between being opened and being locked: what is held is the one that has its name afterwards."""
    real = os.open

    def open_late(path: Path, flags: int) -> int:
        monkeypatch.undo()
        handle = real(path, flags)
        path.rmdir()
        return handle

    monkeypatch.setattr(os, "open", open_late)
    with held_folder(tmp_path / "folder"), pytest.raises(BlockingIOError), held_folder(tmp_path / "folder"):
        pass


def test_a_process_that_dies_lets_go(tmp_path: Path) -> None:
    code = "import sys, pathlib, visavis.files as f\nwith f.held_folder(pathlib.Path(sys.argv[1])): print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        holder.stdout.readline()
        with pytest.raises(BlockingIOError), held_folder(tmp_path):
            pass
        holder.kill()
    with held_folder(tmp_path):
        pass


def test_where_folders_cannot_be_locked_nobody_is_kept_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", no_locks)
    with held_folder(tmp_path), held_folder(tmp_path):
        pass
