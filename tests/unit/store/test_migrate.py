"""One process makes the tables, however many begin at once; what is of something else is left alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import insert, inspect, select, text

from visavis.errors import StoreMismatchError
from visavis.store.database import Database
from visavis.store.migrate import HEADS, alembic_config, prepare, revision
from visavis.store.schema import galleries, jobs

CODE = """
import sys
from alembic import command
from visavis.store.database import Database
from visavis.store.migrate import prepare
databases = [(Database(url), schema) for url, schema in zip(sys.argv[1::2], sys.argv[2::2])]
print("ready", flush=True)
input()
for database, schema in databases:
    prepare(database, schema)
"""


@pytest.fixture
def empty(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database without tables."""
    url = f"sqlite:///{tmp_path / 'other.db'}"
    if not database_url.startswith("sqlite"):
        url = request.getfixturevalue("postgresql_server").new_database()
    database = Database(url)
    yield database
    database.close()


@pytest.mark.slow
def test_several_processes_begin_at_once(
    database_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """All wait for the same line."""
    if database_url.startswith("sqlite"):
        urls = [f"sqlite:///{tmp_path / f'{i}.db'}" for i in range(2)]
    else:
        server = request.getfixturevalue("postgresql_server")
        urls = [server.new_database() for _ in range(2)]
    asked = [word for i, url in enumerate(urls) for word in (url, list(HEADS)[i % 2])]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CODE, *asked],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        assert process.communicate() == ("", "")
    for i, url in enumerate(urls):
        database, schema = Database(url), list(HEADS)[i % 2]
        with database.read() as connection:
            assert revision(connection) == HEADS[schema][0]
            assert set(inspect(connection).get_table_names()) == {*HEADS[schema][1].tables, "alembic_version"}
        database.close()


@pytest.mark.parametrize(("made", "asked"), [("store", "keyring"), ("keyring", "store")])
def test_a_store_is_no_keyring(made: str, asked: str, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'some.db'}")
    prepare(database, made)
    with pytest.raises(StoreMismatchError, match=f"no {asked}"):
        prepare(database, asked)
    prepare(database, made)
    database.close()


def test_the_database_of_another_program(empty: Database) -> None:
    with empty.write() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num TEXT)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('f00d')"))
    with pytest.raises(StoreMismatchError):
        prepare(empty, "store")
    with empty.read() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]


def test_a_migration_that_fails_leaves_nothing(empty: Database) -> None:
    """Here a table of the name is there already."""
    with empty.write() as connection:
        connection.execute(text("CREATE TABLE salts (of_another_program TEXT)"))
    with pytest.raises(Exception, match="store"):
        prepare(empty, "store")
    with empty.read() as connection:
        assert inspect(connection).get_table_names() == ["salts"]


def test_jobs_of_an_older_store_keep_the_names_of_their_galleries(empty: Database) -> None:
    with empty.connection_for_migrations() as connection, connection.begin():
        command.upgrade(alembic_config("store", connection), "0003")
    gallery = {"id": b"0" * 16, "name": "staff", "purpose": "doors", "recogniser": "any", "created_at": 1}
    numbers = dict.fromkeys(("created_at", "told", "beats", "segments", "people"), 0)
    with empty.write() as connection:
        connection.execute(insert(galleries).values(gallery))
        for job_id, gallery_id in (("one", gallery["id"]), ("other", None)):
            job = {"id": job_id, "kind": "search", "state": "running", "by": "", "gallery_id": gallery_id}
            connection.execute(insert(jobs).values(**job, **numbers, asked=b"", source="{}"))
    prepare(empty, "store")
    with empty.read() as connection:
        kept = connection.execute(select(jobs.c.id, jobs.c.gallery).order_by(jobs.c.id)).all()
        assert [tuple(row) for row in kept] == [("one", "staff"), ("other", None)]
