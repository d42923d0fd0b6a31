"""Copies of whole databases, as SQLite files of the same tables, whichever kind the database is."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    MetaData,
    Table,
    Text,
    insert,
    select,
    text,
)

from visavis.errors import (
    BackupError,
    NotABackupError,
    StoreBusyError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
    StoreUnreachableError,
)
from visavis.files import sync_folder, why
from visavis.store.database import Database
from visavis.store.failures import failures_named
from visavis.store.migrate import HEADS, prepare

_ROWS = 2_000
_LAST_NUMBER = {
    "sqlite": "SELECT seq FROM sqlite_sequence WHERE name = :table",
    "postgresql": "SELECT pg_sequence_last_value(CAST(pg_get_serial_sequence(:table, :column) AS regclass))",
}
_COUNT_ON = {
    "sqlite": (
        "DELETE FROM sqlite_sequence WHERE name = :table",
        "INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :last)",
    ),
    "postgresql": ("SELECT setval(pg_get_serial_sequence(:table, :column), :last)",),
}
_label = Table("visavis_copy", MetaData(), Column("schema", Text), Column("made_at", BigInteger))


def write_copy(database: Database, schema: str, file: Path, made_at: int) -> None:
    """Copy one state of a database to a new file, whole or not at all, readable by its owner alone.

    schema: of `HEADS`. Raises BackupError where the file exists or cannot be written, StoreError where the database cannot be read.
    """
    refuse_existing(file)
    draft = file.with_name(f"{file.name}.draft")
    with _written():
        _begin(draft)
        copy = Database(f"sqlite:///{draft}")
        try:
            prepare(copy, schema)
            with database.read() as source, copy.write() as target:
                copy_rows(source, target, HEADS[schema][1])
                _label.create(target)
                target.execute(insert(_label).values(schema=schema, made_at=made_at))
            copy.overwrite_freed()
            copy.close()
            draft.replace(file)
            sync_folder(file.parent)
        finally:
            copy.close()
            _remove(draft)


def refuse_existing(file: Path) -> None:
    """Raise BackupError where there is such a file, or cannot be one."""
    with _written():
        if file.exists():
            raise BackupError(
                "there is a file of that name already", hint="a backup never writes over another file"
            )


@contextmanager
def open_copy(file: Path, schema: str) -> Iterator[tuple[Connection, int]]:
    """Read a copy: a connection, and when it was made. It is not changed, but for bringing its tables to their newest form.

    Raises NotABackupError where it is no copy of this schema or damaged, BackupError where it cannot be opened.
    """
    copy = Database(f"sqlite:///{file}")
    try:
        try:
            found, made_at = _read_label(file)
            if found == schema:
                prepare(copy, schema)
        except (StoreReadOnlyError, StoreUnreachableError, StoreBusyError):
            raise BackupError(
                "the backup cannot be opened", hint="copy it to where you may write, and restore that"
            ) from None
        if found != schema:
            raise NotABackupError(f"this is a copy of the {found}, not of the {schema}")
        with copy.read() as connection:
            yield connection, made_at
    finally:
        copy.close()


def copy_rows(source: Connection, target: Connection, metadata: MetaData) -> None:
    """Copy every row of every table into tables that are empty."""
    for table in metadata.sorted_tables:
        rows = source.execution_options(yield_per=_ROWS).execute(select(table))
        for page in rows.mappings().partitions():
            target.execute(insert(table), [dict(row) for row in page])
        _continue_counting(source, target, table)


@contextmanager
def _written() -> Iterator[None]:
    """Name what keeps a copy from being written."""
    try:
        yield
    except OSError as error:
        raise BackupError(f"the backup cannot be written: {why(error, 'no room')}") from None
    except (StoreFullError, StoreReadOnlyError):  # the copy is: the database is only read
        raise BackupError("the backup cannot be written: no room or no access") from None


def _read_label(file: Path) -> tuple[str, int]:
    """What a file says of itself: its schema, and when it was made. Whatever it is, it is not changed."""
    if not file.is_file():
        raise NotABackupError
    uri = f"{file.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with failures_named(), closing(sqlite3.connect(uri, uri=True)) as connection:
            schema, made_at = connection.execute(str(select(_label))).fetchone() or ("", "")
            if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
                raise NotABackupError("the backup is damaged")
    except StoreUnreachableError:
        raise
    except StoreError:
        raise NotABackupError from None
    if schema not in HEADS or not isinstance(made_at, int):
        raise NotABackupError
    return schema, made_at


def _continue_counting(source: Connection, target: Connection, table: Table) -> None:
    """A copy counts on from the last number that was ever given, though its row may be gone: none is used twice."""
    column = table.autoincrement_column
    if column is None:
        return
    place = {"table": table.name, "column": column.name}
    last = source.execute(text(_LAST_NUMBER[source.dialect.name]), place).scalar()
    if last is not None:
        for statement in _COUNT_ON[target.dialect.name]:
            target.execute(text(statement), {**place, "last": last})


def _begin(file: Path) -> None:
    """An empty file, its owner's alone, in the place of what an earlier attempt may have left."""
    file.parent.mkdir(parents=True, exist_ok=True)
    _remove(file)
    os.close(os.open(file, os.O_CREAT | os.O_EXCL, 0o600))


def _remove(file: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
