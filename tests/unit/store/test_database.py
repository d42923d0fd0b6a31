"""Transactions, the form of the files, and what drivers report."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from visavis.errors import (
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreReadOnlyError,
    StoreUnreachableError,
)
from visavis.store import database as database_module
from visavis.store.database import Database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    with database.write() as connection:
        connection.execute(text("CREATE TABLE numbers (number BIGINT PRIMARY KEY)"))
    yield database
    database.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'folder' / 'x.db'}")
    yield database
    database.close()


def numbers(database: Database) -> list[int]:
    with database.read() as connection:
        return list(connection.scalars(text("SELECT number FROM numbers ORDER BY number")))


def add(database: Database, number: int) -> None:
    with database.write() as connection:
        connection.execute(text("INSERT INTO numbers VALUES (:number)"), {"number": number})


def test_a_transaction_is_whole_or_not_at_all(database: Database) -> None:
    with pytest.raises(StoreError), database.write() as connection:
        connection.execute(text("INSERT INTO numbers VALUES (1), (2), (1)"))
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        assert connection.execute(text("INSERT INTO numbers VALUES (1)")).rowcount / 0
    assert numbers(database) == []
    add(database, 1)
    assert numbers(database) == [1]


def test_reading_sees_one_state(database: Database) -> None:
    add(database, 1)
    with database.read() as connection:
        query = text("SELECT count(*) FROM numbers")
        assert connection.execute(query).scalar() == 1
        add(database, 2)
        assert connection.execute(query).scalar() == 1
    assert numbers(database) == [1, 2]


def test_a_driver_tells_no_parameters(database: Database) -> None:
    add(database, 4_242_424)
    with pytest.raises(StoreError) as caught:
        add(database, 4_242_424)
    assert "4242424" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_every_connection_of_sqlite_is_set_up(sqlite: Database) -> None:
    for _ in range(3):
        with sqlite.write() as one, sqlite.read() as other:
            for connection in (one, other):
                found = {
                    name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                    for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
                }
                assert found == {
                    "journal_mode": "wal",
                    "synchronous": 2,
                    "secure_delete": 1,
                    "foreign_keys": 1,
                }


def test_files_are_their_owners_alone(sqlite: Database) -> None:
    with sqlite.write() as connection:
        connection.execute(text("CREATE TABLE t (x)"))
    assert sqlite.path is not None
    files = list(sqlite.path.parent.iterdir())
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert sqlite.path.parent.stat().st_mode & 0o777 == 0o700


def test_writers_of_sqlite_come_one_after_the_other(sqlite: Database) -> None:
    with sqlite.write() as connection:
        connection.execute(text("CREATE TABLE numbers (number BIGINT PRIMARY KEY)"))

    def work() -> None:
        for _ in range(20):
            with sqlite.write() as connection:
                last = connection.execute(text("SELECT coalesce(max(number), 0) FROM numbers")).scalar()
                connection.execute(
                    text("INSERT INTO numbers VALUES (:number)"), {"number": int(last or 0) + 1}
                )

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers(sqlite) == list(range(1, 81))


def test_the_log_is_emptied_once_readers_are_gone(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite.write() as connection:
        connection.execute(text("CREATE TABLE numbers (number BIGINT PRIMARY KEY)"))
    assert sqlite.path is not None
    wal = sqlite.path.with_name("x.db-wal")
    assert wal.stat().st_size > 0
    monkeypatch.setattr(database_module, "_PATIENCE_S", 0.3)
    with sqlite.read() as connection:
        connection.execute(text("SELECT * FROM numbers"))
        add(sqlite, 1)
        with pytest.raises(StoreBusyError, match="cannot be overwritten yet"):
            sqlite.overwrite_freed()
    sqlite.overwrite_freed()
    assert wal.stat().st_size == 0


def test_a_store_that_another_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "_PATIENCE_S", 0.2)
    one, other = (Database(f"sqlite:///{tmp_path / 'x.db'}") for _ in range(2))
    with one.write():
        start = time.monotonic()
        with pytest.raises(StoreBusyError), other.write():
            pass
        assert time.monotonic() - start < 10
    with other.write():
        pass
    one.close()
    other.close()


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\x00" + bytes(200)])
def test_what_is_no_database(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.db").write_bytes(content)
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    with pytest.raises(StoreDamagedError), database.read():
        pass
    database.close()


@pytest.mark.parametrize(
    "url", ["", "x", "mysql://u:secret@h/x", "sqlite://", "sqlite:///:memory:", "oracle://"]
)
def test_what_is_no_url_of_a_store(url: str) -> None:
    with pytest.raises(StoreUnreachableError) as caught:
        Database(url)
    assert "secret" not in caught.value.message


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    database = Database(f"sqlite:///{tmp_path / 'file' / 'x.db'}")
    with pytest.raises(StoreError), database.read():
        pass


@pytest.mark.parametrize("name", ["a b", "ä", "50%", "a#b", "a+b"])
def test_folders_of_any_name(tmp_path: Path, name: str) -> None:
    database = Database(f"sqlite:///{tmp_path / name / 'x.db'}")
    with database.write() as connection:
        connection.execute(text("CREATE TABLE t (x)"))
    assert (tmp_path / name / "x.db").is_file()
    database.close()


def test_a_server_that_does_not_answer_or_has_no_such_database(postgresql_server: object) -> None:
    for url in ("postgresql://u:secret@127.0.0.1:1/x", postgresql_server.url("missing")):  # type: ignore[attr-defined]  # it is a Server
        database = Database(url)
        with pytest.raises(StoreUnreachableError) as caught, database.read():
            pass
        assert "secret" not in repr(caught.value)
        database.close()


def test_postgresql_says_when_it_is_held_or_read_only(
    postgresql_server: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_PATIENCE_S", 1.0)
    database = Database(postgresql_server.new_database())  # type: ignore[attr-defined]
    with database.write() as connection:
        connection.execute(text("CREATE TABLE numbers (number BIGINT PRIMARY KEY)"))
    with database.write() as connection:
        connection.execute(text("LOCK TABLE numbers"))
        with pytest.raises(StoreBusyError):
            add(database, 1)
    with pytest.raises(StoreReadOnlyError), database.read() as connection:
        connection.execute(text("INSERT INTO numbers VALUES (1)"))
    database.close()
