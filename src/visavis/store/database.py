"""A database, SQLite or PostgreSQL: connections, transactions, and the form of the tables."""

from __future__ import annotations

import errno
import os
import re
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from visavis.errors import (
    StoreBusyError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
    StoreUnreachableError,
)
from visavis.extras import require_extra
from visavis.files import why
from visavis.store.failures import failures_named

_PATIENCE_S = 30.0
_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
)
_BY_ERRNO: Mapping[int, type[StoreError]] = MappingProxyType({
    errno.EACCES: StoreReadOnlyError,
    errno.EPERM: StoreReadOnlyError,
    errno.EROFS: StoreReadOnlyError,
    errno.ENOSPC: StoreFullError,
    errno.EDQUOT: StoreFullError,
})  # fmt: skip
_CREATING = threading.Lock()
"""Held while a file is made, so that no other thread has it open when the handle that made it is closed."""


class Database:
    """One database. Safe to share between threads and to use from several processes, each with its own.

    Raises StoreUnreachableError for a URL that is of neither SQLite nor PostgreSQL; nothing is opened yet.
    """

    def __init__(self, url: str) -> None:
        self.url = _parse(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._engine = _sqlite_engine(self.url) if self.is_sqlite else _postgresql_engine(self.url)
        self._writer = threading.Lock()

    @property
    def path(self) -> Path | None:
        """The file of an SQLite database."""
        return Path(self.url.database or "") if self.is_sqlite else None

    def exists(self) -> bool:
        """Whether there is a file, or a server to ask."""
        return self.path is None or self.path.exists()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that sees all that was committed before its first lock, and commits when the block ends well."""
        with (
            self._turn(),
            failures_named(),
            self._engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """SQLite lets one write at a time, and whoever waits asks again after ever longer pauses: under load some wait for seconds.

        Here the threads of a process wait for each other instead, and are woken. Other processes they ask as before.
        """
        if not self.is_sqlite:
            yield
            return
        if not self._writer.acquire(timeout=_PATIENCE_S):
            raise StoreBusyError
        try:
            yield
        finally:
            self._writer.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One state of the database for the length of the block. Keep it short: it holds up what frees bytes."""
        with (
            failures_named(),
            self._engine.connect().execution_options(writes=False) as connection,
            connection.begin(),
        ):
            yield connection

    def overwrite_freed(self) -> None:
        """See that what was deleted is gone from the database's files as well.

        SQLite has overwritten it in the file (secure_delete); here the write-ahead log is emptied. PostgreSQL keeps
        dead tuples until it vacuums, and its own log and archives longer (docs/galleries.md). Raises StoreBusyError where a
        reader holds it up for too long: the deletion holds, and the next of these calls empties the log.
        """
        if not self.is_sqlite:
            return
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end:
            with self._turn(), failures_named(), closing(self._engine.raw_connection()) as connection:
                cursor = connection.cursor()
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                busy, *_ = cursor.fetchone() or (1,)
                if not busy:
                    return
            time.sleep(0.05)
        raise StoreBusyError("another process reads for so long that erased bytes cannot be overwritten yet")

    def lock_empty(self, connection: Connection, table: str) -> None:
        """Let nobody else begin a table that has no row to lock yet. On SQLite, whoever writes is alone already."""
        if not self.is_sqlite:
            connection.exec_driver_sql(f"LOCK TABLE {table}")

    def connection_for_migrations(self) -> Connection:
        """A connection whose transactions write; the caller closes it."""
        return self._engine.connect().execution_options(writes=True)

    def close(self) -> None:
        """Close all connections that are not in use."""
        self._engine.dispose()


def _parse(url: str) -> URL:
    if is_sqlite := re.fullmatch(r"sqlite(?:\+pysqlite)?:///([^\0]+)", url):
        path = is_sqlite[1]  # as it is, since a path may hold ?, # and %
        parsed = URL.create("sqlite+pysqlite", database=path)
    else:
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):
            raise StoreUnreachableError("this is not a database URL") from None
    backend = parsed.get_backend_name()
    if backend == "postgresql" and parsed.database:
        require_extra("postgres", "psycopg")
        return parsed.set(drivername="postgresql+psycopg")
    if not is_sqlite or parsed.database == ":memory:":
        raise StoreUnreachableError("a store is a file of SQLite or a database of PostgreSQL")
    return parsed


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": _PATIENCE_S})
    path = Path(url.database or "")

    def create_private_file(*_: Any) -> None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _create_private(path)
        except OSError as error:
            kind = _BY_ERRNO.get(error.errno or 0, StoreUnreachableError)
            raise kind(f"the store's file cannot be made: {why(error, 'no access')}") from None
        if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
            raise StoreReadOnlyError  # SQLite names it by what it stumbles over first

    def set_up(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # transactions begin where SQLAlchemy says so
        _set_wal(connection)
        for pragma in _PRAGMAS:
            connection.execute(pragma).close()

    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "do_connect", create_private_file)
    event.listen(engine, "connect", set_up)
    event.listen(engine, "begin", begin)
    return engine


def _create_private(path: Path) -> None:
    """An empty file that only its owner may read, where there is none.

    Never opens one that is there: closing any handle of a file takes from the whole process its locks on it, SQLite's among them, and
    another process would then remove the write-ahead log from under this one (POSIX.1-2024, fcntl).
    """
    with _CREATING:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not path.exists():
            with suppress(FileExistsError):  # another process was faster
                os.close(os.open(path.resolve(), os.O_CREAT | os.O_EXCL | os.O_RDONLY, 0o600))


def _set_wal(connection: sqlite3.Connection) -> None:
    """Turn the write-ahead log on. While another process does the same, SQLite does not wait by itself."""
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def _postgresql_engine(url: URL) -> Engine:
    try:
        engine = create_engine(
            url, hide_parameters=True, pool_pre_ping=True, connect_args={"connect_timeout": 10}
        )
    except ArgumentError:
        raise StoreUnreachableError("this is not a database URL") from None

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("writes"):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{int(1_000 * _PATIENCE_S)}ms'")
        else:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    event.listen(engine, "begin", begin)
    return engine
