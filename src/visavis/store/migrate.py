"""Making the tables and bringing them up to date, with Alembic: one way for a new database and for an old one."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from sqlalchemy import Connection, MetaData, inspect, text

from visavis.errors import NewerStoreError, StoreMismatchError
from visavis.store.database import Database
from visavis.store.failures import failures_named
from visavis.store.keyring_schema import keyring
from visavis.store.schema import store

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"
HEADS: Mapping[str, tuple[str, MetaData]] = MappingProxyType({
    "store": ("0004", store),
    "keyring": ("0002", keyring),
})  # fmt: skip
"""The newest revision of each schema and what it looks like."""

_STATES = {"store": "store_state", "keyring": "keyring_state"}
"""A table that each schema has had since its first revision, and the other has not."""

_LOCK = 0x76697361  # of PostgreSQL, so that one process migrates at a time
_in_this_process = threading.Lock()  # Alembic keeps what it works on in a global


def prepare(database: Database, schema: str) -> None:
    """Bring a database to the newest form of a schema of `HEADS`, whole or not at all.

    Raises NewerStoreError where it is newer than this visavis, StoreMismatchError where it is of something else, and StoreError.
    """
    newest = HEADS[schema][0]
    with database.read() as connection:
        found = revision(connection)
        if found is not None and not inspect(connection).has_table(_STATES[schema]):
            raise StoreMismatchError(f"this database is there already, but is no {schema}")
    if found == newest:
        return
    if found is not None and found > newest:
        raise NewerStoreError
    from alembic import command

    with (
        _in_this_process,
        failures_named(),
        database.connection_for_migrations() as connection,
        connection.begin(),
    ):
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        command.upgrade(alembic_config(schema, connection), "head")


def revision(connection: Connection) -> str | None:
    """The revision of a database's schema; None where it has none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def alembic_config(schema: str, connection: Connection) -> Config:
    """What Alembic is to know; it works on this connection and in its transaction."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("version_locations", str(FOLDER / schema).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes.update(connection=connection, metadata=HEADS[schema][1])
    return config
