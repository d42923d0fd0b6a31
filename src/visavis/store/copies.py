"""Copies of whole databases, as SQLite files of the same tables, whichever kind the database is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    MetaData,
    Table,
    Text,
    func,
    insert,
    inspect,
    select,
    text,
)

from visavis.errors import BackupError, NotABackupError, StoreError
from visavis.files import sync_folder
from visavis.store.database import Database
from visavis.store.migrate import HEADS, prepare

_ROWS = 2_000
_label = Table("visavis_copy", MetaData(), Column("schema", Text), Column("made_at", BigInteger))


def write_copy(database: Database, schema: str, file: Path, made_at: int) -> None:
    """Copy one state of a database to a new file, whole or not at all, readable by its owner alone.

    schema: of `HEADS`. Raises BackupError where the file exists or cannot be written, StoreError where the database cannot be read.
    """
    draft = file.with_name(f"{file.name}.draft")
    if file.exists():
        raise BackupError(
            "there is a file of that name already", hint="a backup never writes over another file"
        )
    _remove(draft)
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
    except OSError as error:
        raise BackupError(f"the backup cannot be written: {(error.strerror or 'no room').lower()}") from None
    finally:
        copy.close()
        _remove(draft)


@contextmanager
def open_copy(file: Path, schema: str) -> Iterator[tuple[Connection, int]]:
    """Read a copy: a connection, and when it was made. It is not changed, but for bringing its tables to their newest form.

    Raises NotABackupError where it is no copy of this schema.
    """
    if not file.is_file():
        raise NotABackupError
    copy = Database(f"sqlite:///{file}")
    try:
        try:
            with copy.read() as connection:
                if not inspect(connection).has_table(_label.name):
                    raise NotABackupError
                found, made_at = connection.execute(select(_label)).one()
        except StoreError:
            raise NotABackupError from None
        if found != schema:
            raise NotABackupError(f"this is a copy of the {found}, not of the {schema}")
        prepare(copy, schema)
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
        _continue_counting(target, table)


def _continue_counting(target: Connection, table: Table) -> None:
    """PostgreSQL counts on from where it was told, not from the rows that were brought."""
    counted = table.autoincrement_column
    if counted is None or target.dialect.name != "postgresql":
        return
    last = target.execute(select(func.max(counted))).scalar()
    if last is not None:
        sequence = text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)")
        target.execute(sequence, {"table": table.name, "column": counted.name, "last": last})


def _remove(file: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
