"""The tables: built new they are those that migrations make, and they hold the gate by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from registries import PURPOSE, agree, enrolled
from sqlalchemy import delete, inspect, text, update

from visavis.errors import NewerStoreError, StoreError
from visavis.services import galleries
from visavis.services.registry import Registry
from visavis.store import schema
from visavis.store.database import Database
from visavis.store.migrate import HEADS, alembic_config, prepare, revision


def new_database(database_url: str, request: pytest.FixtureRequest, file: Path) -> Database:
    """A database without tables, of the same kind as the URL."""
    if database_url.startswith("sqlite"):
        return Database(f"sqlite:///{file}")
    return Database(request.getfixturevalue("postgresql_server").new_database())


@pytest.fixture(params=list(HEADS))
def migrated(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path
) -> Iterator[tuple[str, Database]]:
    """A database of each schema, as migrations make it."""
    database = new_database(database_url, request, tmp_path / "migrated.db")
    prepare(database, request.param)
    yield request.param, database
    database.close()


def test_migrations_make_the_schema(migrated: tuple[str, Database]) -> None:
    name, database = migrated
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, HEADS[name][1]) == []


def test_built_new_it_is_what_migrations_make_to_the_letter(
    migrated: tuple[str, Database], database_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    name, database = migrated
    new = new_database(database_url, request, tmp_path / "new.db")
    with new.write() as connection:
        HEADS[name][1].create_all(connection)
    assert described(new) == described(database)
    new.close()


def described(database: Database) -> dict[str, Any]:
    """Everything that the database itself says of its tables, in an order of its own."""
    found: dict[str, Any] = {}
    with database.read() as connection:
        inspector = inspect(connection)
        for table in sorted(set(inspector.get_table_names()) - {"alembic_version"}):
            found[table] = {
                "columns": sorted(repr({**c, "type": str(c["type"])}) for c in inspector.get_columns(table)),
                "primary key": repr(inspector.get_pk_constraint(table)),
                "foreign keys": sorted(map(repr, inspector.get_foreign_keys(table))),
                "unique": sorted(map(repr, inspector.get_unique_constraints(table))),
                "indexes": sorted(repr({**i, "dialect_options": None}) for i in inspector.get_indexes(table)),
                "checks": sorted(map(repr, inspector.get_check_constraints(table))),
            }
        if database.is_sqlite:  # and what reflection does not tell, such as AUTOINCREMENT
            rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
            found["words"] = {
                name: sorted(re.findall(r"[^\s,()]+|[()]", sql))
                for name, sql in rows
                if "alembic" not in name
            }
    assert len(found) > 3
    return found


@pytest.mark.parametrize("name", list(HEADS))
def test_the_newest_revision_is_the_one_that_is_written_down(name: str, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    with database.connection_for_migrations() as connection:
        script = ScriptDirectory.from_config(alembic_config(name, connection))
        revisions = [found.revision for found in script.walk_revisions()]
    assert script.get_heads() == [HEADS[name][0]]
    assert revisions == sorted(revisions, reverse=True)
    database.close()


def test_a_newer_schema_is_left_alone(migrated: tuple[str, Database]) -> None:
    name, database = migrated
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerStoreError):
        prepare(database, name)
    with database.read() as connection:
        assert revision(connection) == "9999"


def test_no_reference_without_a_given_consent(registry: Registry) -> None:
    """Whoever writes to the tables, past all code, cannot leave a reference behind."""
    galleries.create(registry, "staff", PURPOSE)
    grant = agree(registry, "anna")[0].grant
    enrolled(registry, "staff", "anna")
    for statement in (
        update(schema.grants).where(schema.grants.c.id == grant.id).values(state="withdrawn"),
        update(schema.grants).where(schema.grants.c.id == grant.id).values(purpose="something else"),
        delete(schema.grants).where(schema.grants.c.id == grant.id),
        update(schema.galleries).values(purpose="something else"),
        update(schema.enrolled).values(grant_state="withdrawn"),
        update(schema.enrolled).values(grant_id=uuid4().bytes),
    ):
        with pytest.raises(StoreError), registry.store.write() as connection:
            connection.execute(statement)


def test_one_open_grant_for_a_person_and_a_purpose(registry: Registry) -> None:
    agree(registry, "anna")
    columns = ", ".join(column.name for column in schema.grants.c if column.name != "id")
    again = text(f"INSERT INTO grants (id, {columns}) SELECT :id, {columns} FROM grants")  # noqa: S608  the schema's own names
    with pytest.raises(StoreError), registry.store.write() as connection:
        connection.execute(again, {"id": uuid4().bytes})
