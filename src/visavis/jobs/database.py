"""Where the steps of jobs are noted: on PostgreSQL in a schema of the store's database, on SQLite in a file beside the store.

Not in the store's file: whoever asks every second for work would take the store's one lock for writing, and what those connections
delete is not overwritten. Nothing is in it but the ids of jobs and how many of their steps are done, and all of it can be made again from the store.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, QueuePool, create_engine, event

from visavis.settings import Settings
from visavis.store.database import Database

_PATIENCE_S = 30.0
_CONNECTIONS = 4


def engine_for(settings: Settings) -> tuple[str, Engine]:
    """A URL of the right kind, and the engine that is really used. The file is made, its owner's alone, where it is missing."""
    store = Database(settings.database_url)
    try:
        return _beside(store.path) if store.path else _within(store.url)
    finally:
        store.close()


def _within(url: URL) -> tuple[str, Engine]:
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=_CONNECTIONS,
        connect_args={"connect_timeout": 10},
    )
    return "postgresql+psycopg://localhost/visavis", engine


def _beside(store: Path) -> tuple[str, Engine]:
    file = store.with_name(f"{store.stem}-jobs{store.suffix}")
    made = Database(f"sqlite:///{file}")
    with made.read():  # which makes it as private as the store, with a write-ahead log
        pass
    made.close()

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(
            file, timeout=_PATIENCE_S, isolation_level="IMMEDIATE", check_same_thread=False
        )

    engine = create_engine("sqlite+pysqlite://", creator=connect, poolclass=QueuePool, pool_size=_CONNECTIONS)

    def set_up(connection: sqlite3.Connection, _: Any) -> None:
        connection.execute("PRAGMA foreign_keys = ON").close()

    event.listen(engine, "connect", set_up)
    return "sqlite:///jobs", engine
