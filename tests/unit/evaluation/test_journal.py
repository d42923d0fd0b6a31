"""What an unfinished run keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from visavis.errors import EvaluationError
from visavis.evaluation.journal import Entry, Journal


def journal(path: Path, run: str = "mine") -> Journal:
    return Journal(path, {"run": run}, lambda entry: "value" in entry)


def filled(path: Path) -> dict[str, Entry]:
    with journal(path) as open_journal:
        for i in range(5):
            open_journal.write(f"step {i}", {"value": i})
    return {f"step {i}": {"value": i} for i in range(5)}


def test_steps_are_known_again(tmp_path: Path) -> None:
    entries = filled(tmp_path / "a" / "journal")
    assert journal(tmp_path / "a" / "journal").known == entries
    assert (tmp_path / "a" / "journal").stat().st_mode & 0o777 == 0o600
    with journal(tmp_path / "a" / "journal") as again:
        again.write("step 5", {"value": 5})
    assert len(journal(tmp_path / "a" / "journal").known) == 6
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["journal"]


def test_every_cut_keeps_the_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    filled(path)
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        read = journal(path)
        whole = data[: length + (data[length : length + 1] == b"\n")].count(b"\n")
        assert len(read.known) == max(0, whole - 1), length
        assert read.of_another == 0


def test_steps_of_another_run(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    filled(path)
    other = journal(path, "other")
    assert (other.known, other.of_another) == ({}, 5)
    assert len(journal(path).known) == 5, "reading alone forgets nothing"
    with other:
        pass
    assert journal(path).of_another == 0
    assert not journal(path, "other").known


def test_lines_that_say_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_text('{"run": "mine"}\n{"key": 3, "value": 1}\n{"key": "a"}\n[]\n{"key": "b", "value": 1}\n')
    assert journal(path).known == {"b": {"value": 1}}


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EvaluationError, match="cannot be written"), journal(tmp_path / "file" / "journal"):
        pass
