"""What is kept of a video that is not finished."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import OutputFullError, OutputUnwritableError, RedactionRunningError
from visavis.redaction.cuts import SIGNATURE_COLUMNS, SIGNATURE_ROWS
from visavis.redaction.sightings import Look
from visavis.redaction.workshop import KEPT_S, Last, Part, Workshop, sweep


def look(count: int, time_ms: float) -> Look:
    random = np.random.default_rng(count)
    boxes = random.uniform(0, 100, (count, 4)).astype(np.float32)
    return Look(
        time_ms,
        boxes,
        boxes + 1,
        random.uniform(0, 1, count).astype(np.float32),
        random.uniform(0, 1, count) < 0.5,
        random.uniform(0, 1, count) < 0.5,
        random.integers(0, 256, SIGNATURE_ROWS * SIGNATURE_COLUMNS).astype(np.uint8),
    )


def same(one: Look, other: Look) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in type(one).__dataclass_fields__
    )


@given(st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=5), max_size=4))
def test_what_was_seen_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, counts: list[list[int]]
) -> None:
    workshop = Workshop(tmp_path_factory.mktemp("home") / "shop")
    parts = [
        Part([look(count, 40.0 * i) for i, count in enumerate(part)], 1000 + number)
        for number, part in enumerate(counts)
    ]
    for number, part in enumerate(parts):
        workshop.keep(number, part)
    again = list(workshop.read())
    assert [part.last_pts for part in again] == [part.last_pts for part in parts]
    for mine, theirs in zip(again, parts, strict=True):
        assert all(map(same, mine.looks, theirs.looks))
    last = Last(parts[-1].last_pts, parts[-1].looks[-1].time_ms) if parts else None
    assert workshop.looked_at() == (len(parts), last)
    workshop.remove()
    assert workshop.looked_at() == (0, None)


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path / "shop")
    workshop.keep(0, Part([look(1, 0)], 0))
    assert (tmp_path / "shop").stat().st_mode & 0o777 == 0o700
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in (tmp_path / "shop").iterdir())


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "shop").write_text("a file")
    with pytest.raises(OutputUnwritableError):
        Workshop(tmp_path / "shop").keep(0, Part([look(1, 0)], 0))


def test_a_full_disk_is_told_as_one_and_leaves_no_half_of_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputFullError, match="the state folder cannot be written: no space left"):
        Workshop(tmp_path / "shop").keep(0, Part([look(1, 0)], 0))
    assert list((tmp_path / "shop").iterdir()) == []


def test_what_a_killed_run_left_goes_after_a_week(tmp_path: Path) -> None:
    old, new = Workshop(tmp_path / "old"), Workshop(tmp_path / "new")
    for workshop in (old, new):
        workshop.keep(0, Part([look(2, 0)], 0))
    for path in (tmp_path / "old", *(tmp_path / "old").iterdir()):
        os.utime(path, (1000, 1000))
    sweep(tmp_path, now=1000 + KEPT_S)
    assert old.looked_at()[0] == 1
    sweep(tmp_path, now=1001 + KEPT_S)
    assert old.looked_at()[0] == 0
    assert new.looked_at()[0] == 1
    sweep(tmp_path / "none")


def test_one_run_at_a_time_has_it(tmp_path: Path) -> None:
    with Workshop(tmp_path / "shop").held():
        with pytest.raises(RedactionRunningError), Workshop(tmp_path / "shop").held():
            pass
        os.utime(tmp_path / "shop", (1000, 1000))
        sweep(tmp_path)
        assert (tmp_path / "shop").exists(), "a run that takes more than a week"
    sweep(tmp_path)
    assert not (tmp_path / "shop").exists()


def test_a_workshop_that_cannot_be_held_is_told(tmp_path: Path) -> None:
    (tmp_path / "shop").write_text("a file")
    with pytest.raises(OutputUnwritableError, match="the state folder"), Workshop(tmp_path / "shop").held():
        pass


def test_what_is_no_workshop_keeps_none_from_being_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stray file, and a folder that is gone, or another's, by the time it is looked at."""
    names = ("a", "b", "c", "d")
    for name in names:
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1000, 1000))
    for name in (".DS_Store", "a-file", "z-file"):
        (tmp_path / name).touch()
    stat = Path.stat

    def gone(path: Path, **how: bool) -> os.stat_result:
        if path.name in ("a", "c"):
            raise FileNotFoundError
        return stat(path, **how)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "stat", gone)
        sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".DS_Store", "a", "a-file", "c", "z-file"]
    sweep(tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
