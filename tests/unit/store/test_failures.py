"""Each failure of a driver has its type; none carries what was asked or written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import postgresql
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, NoResultFound, OperationalError

from visavis.errors import (
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
    StoreUnreachableError,
)
from visavis.store import database as room
from visavis.store.database import Database
from visavis.store.failures import failures_named

HIDDEN = "anna-of-the-workshop"


class Reported(Exception):  # noqa: N818  it stands for a driver's own
    def __init__(self, sqlstate: str | None) -> None:
        super().__init__(HIDDEN)
        self.sqlstate = sqlstate


def named(error: Exception) -> StoreError:
    with pytest.raises(StoreError) as caught, failures_named():
        raise error
    assert HIDDEN not in f"{caught.value} {caught.value.hint} {caught.value!r}"
    assert caught.value.__suppress_context__, "a traceback would show it"
    return caught.value


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_BUSY, StoreBusyError),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StoreBusyError),
        (sqlite3.SQLITE_LOCKED, StoreBusyError),
        (sqlite3.SQLITE_PROTOCOL, StoreBusyError),
        (sqlite3.SQLITE_FULL, StoreFullError),
        (sqlite3.SQLITE_IOERR_WRITE, StoreFullError),
        (sqlite3.SQLITE_IOERR_FSYNC, StoreFullError),
        (sqlite3.SQLITE_IOERR_SHMSIZE, StoreFullError),
        (sqlite3.SQLITE_IOERR, StoreUnreachableError),
        (sqlite3.SQLITE_IOERR_READ, StoreUnreachableError),
        (sqlite3.SQLITE_READONLY, StoreReadOnlyError),
        (sqlite3.SQLITE_READONLY_DIRECTORY, StoreReadOnlyError),
        (sqlite3.SQLITE_CANTOPEN, StoreUnreachableError),
        (sqlite3.SQLITE_CORRUPT, StoreDamagedError),
        (sqlite3.SQLITE_CORRUPT_INDEX, StoreDamagedError),
        (sqlite3.SQLITE_NOTADB, StoreDamagedError),
        (sqlite3.SQLITE_ERROR, StoreError),
        (sqlite3.SQLITE_CONSTRAINT, StoreError),
    ],
)
def test_sqlite(code: int, kind: type[StoreError]) -> None:
    error = sqlite3.OperationalError(HIDDEN)
    error.sqlite_errorcode = code
    assert type(named(error)) is kind
    assert type(named(OperationalError(f"SELECT '{HIDDEN}'", {"subject": HIDDEN}, error))) is kind


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("53100", StoreFullError),
        ("53300", StoreBusyError),
        ("25006", StoreReadOnlyError),
        ("42501", StoreReadOnlyError),
        ("55P03", StoreBusyError),
        ("40001", StoreBusyError),
        ("40P01", StoreBusyError),
        ("57014", StoreBusyError),
        ("57P01", StoreUnreachableError),
        ("08006", StoreUnreachableError),
        ("28P01", StoreUnreachableError),
        ("3D000", StoreUnreachableError),
        ("XX001", StoreDamagedError),
        ("23505", StoreError),
        (None, StoreUnreachableError),
    ],
)
def test_postgresql(state: str | None, kind: type[StoreError]) -> None:
    error = OperationalError(f"SELECT '{HIDDEN}'", {"subject": HIDDEN}, Reported(state))
    assert type(named(error)) is kind


def test_whatever_else_a_driver_says() -> None:
    assert type(named(NoResultFound(HIDDEN))) is StoreError
    assert type(named(sqlite3.ProgrammingError(HIDDEN))) is StoreError
    assert type(named(DataError("INSERT", {"subject": HIDDEN}, Reported(None)))) is StoreError
    assert type(named(UnicodeEncodeError("utf-8", HIDDEN, 0, 1, HIDDEN))) is StoreError
    assert type(named(UnicodeDecodeError("utf-8", HIDDEN.encode(), 0, 1, HIDDEN))) is StoreDamagedError
    with pytest.raises(ZeroDivisionError), failures_named():
        raise ZeroDivisionError


def test_a_statement_that_fails_does_not_say_of_whom(database_url: str) -> None:
    database = Database(database_url)
    with pytest.raises(StoreError) as caught, database.write() as connection:
        connection.execute(text("SELECT nothing FROM nowhere WHERE subject = :subject"), {"subject": HIDDEN})
    assert HIDDEN not in f"{caught.value} {caught.value.__context__}"
    database.close()


@pytest.fixture
def words(postgresql_server: postgresql.Server) -> Iterator[Database]:
    """A database of PostgreSQL with a table."""
    database = Database(postgresql_server.new_database())
    with database.write() as connection:
        connection.execute(text("CREATE TABLE words (word TEXT)"))
    yield database
    database.close()


def add(database: Database, word: str = "more") -> None:
    with database.write() as connection:
        connection.execute(text("INSERT INTO words VALUES (:word)"), {"word": word})


def count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(text("SELECT count(*) FROM words")).scalar_one())


def test_no_server(tmp_path: Path) -> None:
    for url in (
        f"postgresql://me:{HIDDEN}@/store?host={tmp_path}",
        f"postgresql://me:{HIDDEN}@127.0.0.1:1/store",
    ):
        database = Database(url)
        with pytest.raises(StoreUnreachableError) as caught:
            add(database)
        assert HIDDEN not in str(caught.value.__context__)
        database.close()


def test_no_such_database_or_user(postgresql_server: postgresql.Server) -> None:
    url = postgresql_server.url("nowhere")
    for wrong in (url, url.replace(f"//{postgresql.USER}@", "//nobody@"), f"{url}&nonsense=1"):
        database = Database(wrong)
        with pytest.raises(StoreUnreachableError):
            add(database)
        database.close()


def test_a_server_that_takes_no_writes(words: Database) -> None:
    read_only = Database(
        f"{words.url.render_as_string(hide_password=False)}&options=-cdefault_transaction_read_only%3Don"
    )
    with pytest.raises(StoreReadOnlyError):
        add(read_only)
    assert count(read_only) == 0
    read_only.close()


def test_a_reader_cannot_write(words: Database) -> None:
    with pytest.raises(StoreReadOnlyError), words.read() as connection:
        connection.execute(text("INSERT INTO words VALUES ('read')"))


def test_a_table_that_stays_locked(words: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_PATIENCE_S", 0.01)
    with words.write() as holder:
        holder.execute(text("LOCK TABLE words"))
        with pytest.raises(StoreBusyError):
            add(words)
    assert count(words) == 0


def test_a_text_that_postgresql_does_not_keep(words: Database) -> None:
    with pytest.raises(StoreError) as caught:
        add(words, "nul\0")
    assert type(caught.value) is StoreError


def test_a_connection_that_is_cut_off(words: Database) -> None:
    """What was begun is gone; the next transaction connects anew."""

    def be_cut_off() -> None:
        with words.write() as connection:
            connection.execute(text("INSERT INTO words VALUES ('half')"))
            me = connection.execute(text("SELECT pg_backend_pid()")).scalar()
            with words.write() as other:
                other.execute(text("SELECT pg_terminate_backend(:me)"), {"me": me})
            connection.execute(text("INSERT INTO words VALUES ('other half')"))

    with pytest.raises(StoreUnreachableError):
        be_cut_off()
    assert count(words) == 0
    add(words)
    assert count(words) == 1
