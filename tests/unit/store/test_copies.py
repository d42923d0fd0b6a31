"""Copies of whole databases: all of one state, in a file that is whole or not there, on either kind and back."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people_films import FakeFilm, asked, looked_through
from registries import PURPOSE, agree, enrolled
from sqlalchemy import delete, select, text

from visavis.errors import BackupError, NewerStoreError, NotABackupError, VisavisError
from visavis.services import access, consents, galleries, tags, users
from visavis.services.registry import Registry
from visavis.store import copies, schema
from visavis.store.copies import copy_rows, open_copy, write_copy
from visavis.store.database import Database
from visavis.store.migrate import HEADS, prepare

NOW = 1_790_000_000


@pytest.fixture
def full(registry: Registry) -> Registry:
    """A store with something in every table, whose last numbers are erased."""
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben", "cleo")
    references = enrolled(registry, "staff", "anna", "ben", "cleo", photos=(0, 1))
    for name in ("a", "b"):
        users.create(registry, "staff", name)
    users.delete(registry, "staff", "b")
    users.associate(registry, "staff", "a", [references[0].reference_id])
    tags.put(registry, "staff", {"team": "a"})
    consents.withdraw(registry, "cleo", PURPOSE)
    access.create(registry)
    looked_through(registry, asked(registry, "staff"), FakeFilm(400, {0: ["anna", "ben"]}))
    return registry


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    """A store without rows, on SQLite."""
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    prepare(database, "store")
    yield database
    database.close()


@pytest.fixture
def copied(empty: Database, tmp_path: Path) -> Path:
    """Its copy."""
    write_copy(empty, "store", tmp_path / "copy", NOW)
    return tmp_path / "copy"


def rows_of(database: Database, name: str) -> dict[str, list[Any]]:
    with database.read() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table))))
            for table in HEADS[name][1].sorted_tables
        }


@pytest.fixture
def _two_rows_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "_ROWS", 2)


@pytest.mark.parametrize("to", ["sqlite", "postgresql"])
@pytest.mark.parametrize("name", list(HEADS))
@pytest.mark.usefixtures("_two_rows_at_a_time")
def test_there_and_back(
    full: Registry,
    name: str,
    to: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    database = full.store if name == "store" else full.keyring.database
    write_copy(database, name, tmp_path / "copy", NOW)
    if to == "sqlite":
        target = Database(f"sqlite:///{tmp_path / 'target.db'}")
    else:
        target = Database(request.getfixturevalue("postgresql_server").new_database())
    prepare(target, name)
    with open_copy(tmp_path / "copy", name) as (copy, made_at), target.write() as connection:
        copy_rows(copy, connection, HEADS[name][1])
    assert made_at == NOW
    found = rows_of(target, name)
    assert found == rows_of(database, name)
    assert {table for table, rows in found.items() if not rows} <= {"former_logs"}
    if name == "store":
        assert numbers_after(target) == numbers_after(database) == (7, 4, 3)
    target.close()


def numbers_after(database: Database) -> tuple[int, int, int]:
    """What the tables count next: of references and users, though the last are gone, and of erasures."""
    with database.write() as connection:
        kept = connection.execute(select(schema.enrolled)).mappings().first()
        assert kept is not None
        row = {**kept, "id": b"next", "label": "next"}
        del row["number"]
        enrolled_number = connection.execute(
            schema.enrolled.insert().values(**row).returning(schema.enrolled.c.number)
        ).scalar_one()
        erased_number = connection.execute(
            schema.erased.insert().values(enrolled_number=99).returning(schema.erased.c.number)
        ).scalar_one()
        user_number = connection.execute(
            schema.users.insert()
            .values(gallery_id=row["gallery_id"], name="next")
            .returning(schema.users.c.number)
        ).scalar_one()
        connection.execute(delete(schema.enrolled).where(schema.enrolled.c.id == b"next"))
    return enrolled_number, erased_number + 1, user_number


def test_a_copy_is_one_file_of_its_owner(full: Registry, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "100% ?#"
    write_copy(full.store, "store", folder / "copy", NOW)
    assert [path.name for path in folder.iterdir()] == ["copy"]
    assert stat.S_IMODE((folder / "copy").stat().st_mode) == 0o600
    with open_copy(folder / "copy", "store") as (copy, _):
        assert copy.execute(select(schema.galleries.c.name)).scalar() == "staff"
    assert [path.name for path in folder.iterdir()] == ["copy"]


def test_nothing_is_written_over(empty: Database, tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("mine")
    with pytest.raises(BackupError, match="already"):
        write_copy(empty, "store", tmp_path / "copy", NOW)
    assert (tmp_path / "copy").read_text() == "mine"
    assert not (tmp_path / "copy.draft").exists()


def test_what_an_earlier_attempt_left_is_not_in_the_way(empty: Database, tmp_path: Path) -> None:
    for name in ("copy.draft", "copy.draft-wal", "copy.draft-shm"):
        (tmp_path / name).write_bytes(b"half of it" * 1000)
    write_copy(empty, "store", tmp_path / "copy", NOW)
    assert not list(tmp_path.glob("copy.*"))
    with open_copy(tmp_path / "copy", "store"):
        pass


def test_a_place_where_nothing_can_be_written(empty: Database, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BackupError, match="cannot be written"):
        write_copy(empty, "store", tmp_path / "file" / "copy", NOW)
    with pytest.raises(BackupError, match="cannot be written"):
        write_copy(empty, "store", tmp_path / ("long" * 100), NOW)


def test_a_copy_that_finds_no_room(empty: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_out_of_room(_: Any, target: Any, __: Any) -> None:
        target.execute(text("PRAGMA max_page_count = 1"))
        target.execute(text("CREATE TABLE filling AS SELECT hex(randomblob(10000)) AS it"))

    monkeypatch.setattr(copies, "copy_rows", run_out_of_room)
    with pytest.raises(BackupError, match="no room"):
        write_copy(empty, "store", tmp_path / "copy", NOW)
    assert not list(tmp_path.glob("copy*"))


def test_a_copy_that_is_interrupted(empty: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(copies, "copy_rows", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_copy(empty, "store", tmp_path / "copy", NOW)
    assert not list(tmp_path.glob("copy*"))


def refuse(file: Path, name: str = "store") -> NotABackupError:
    before = file.read_bytes() if file.is_file() else None
    with pytest.raises(NotABackupError) as caught, open_copy(file, name):
        pass
    assert (file.read_bytes() if file.is_file() else None) == before
    return caught.value


def test_what_is_no_copy(copied: Path, tmp_path: Path) -> None:
    refuse(tmp_path)
    refuse(tmp_path / "absent")
    assert not (tmp_path / "absent").exists()
    for content in (b"", b"text", b"\0" * 8192, copied.read_bytes()[:5000], b"SQLite format 3\0"):
        (tmp_path / "other").write_bytes(content)
        refuse(tmp_path / "other")
    assert "of the store, not of the keyring" in refuse(copied, "keyring").message


def test_the_store_itself_is_no_copy(copied: Path) -> None:
    refuse(copied.with_name("empty.db"))
    execute(copied.with_name("other.db"), "PRAGMA journal_mode = DELETE")
    execute(copied.with_name("other.db"), "CREATE TABLE another_programs (own)")
    refuse(copied.with_name("other.db"))


def test_a_label_of_another_form(copied: Path) -> None:
    for statement in (
        "DELETE FROM visavis_copy",
        "DROP TABLE visavis_copy",
        "CREATE TABLE visavis_copy (it)",
    ):
        execute(copied, statement)
        refuse(copied)


def test_a_damaged_copy(copied: Path) -> None:
    data = bytearray(copied.read_bytes())
    for start in range(4096 * 4, len(data), 4096):
        data[start : start + 100] = b"\xa5" * 100
    copied.write_bytes(data)
    refuse(copied)
    copied.write_bytes(data[:-4096])
    refuse(copied)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_flipped_byte_is_no_crash(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """It is refused, or it was in a place that means nothing."""
    folder = tmp_path_factory.getbasetemp() / "flipped"
    if not folder.exists():
        folder.mkdir()
        database = Database(f"sqlite:///{folder / 'empty.db'}")
        prepare(database, "store")
        write_copy(database, "store", folder / "copy", NOW)
        database.close()
    content = bytearray((folder / "copy").read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=20)):
        content[place] ^= data.draw(st.integers(1, 255))
    (folder / "changed").write_bytes(content)
    with suppress(VisavisError), open_copy(folder / "changed", "store") as (copy, _):
        for table in schema.store.sorted_tables:
            copy.execute(select(table)).all()


def test_a_copy_of_a_newer_visavis(copied: Path) -> None:
    execute(copied, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerStoreError), open_copy(copied, "store"):
        pass


def test_a_copy_that_another_process_holds(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visavis.store.database._PATIENCE_S", 0.01)
    holder = sqlite3.connect(copied, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(BackupError, match="cannot be opened") as caught, open_copy(copied, "store"):
        pass
    assert not isinstance(caught.value, NotABackupError)
    holder.close()


def execute(file: Path, statement: str) -> None:
    connection = sqlite3.connect(file)
    with connection:
        connection.execute(statement)
    connection.close()
