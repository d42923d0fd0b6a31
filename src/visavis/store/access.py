"""The rows of access keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from visavis.errors import UnknownAccessKeyError
from visavis.store.schema import access_keys

# Made once: each call to the server asks it, and making a query takes longer than running it.
_BY_ID = select(access_keys).where(access_keys.c.id == bindparam("access_key_id"))


@dataclass(frozen=True, slots=True)
class AccessRow:
    """A row of `access_keys`. operations, galleries: patterns without spaces; times: UTC, in seconds since 1970."""

    id: str
    operations: tuple[str, ...]
    galleries: tuple[str, ...]
    created_at: int
    expires_at: int | None
    revoked_at: int | None


def find_access_key(connection: Connection, access_key_id: str) -> AccessRow:
    """The key of that id, revoked ones too; raises UnknownAccessKeyError."""
    row = connection.execute(_BY_ID, {"access_key_id": access_key_id}).one_or_none()
    if row is None:
        raise UnknownAccessKeyError
    return _read(row)


def all_access_keys(connection: Connection) -> list[AccessRow]:
    """Every key, revoked ones too, the first first."""
    query = select(access_keys).order_by(access_keys.c.created_at, access_keys.c.id)
    return [_read(row) for row in connection.execute(query)]


def ids_of_unrevoked(connection: Connection) -> list[str]:
    """The ids of the keys that are not revoked."""
    query = select(access_keys.c.id).where(access_keys.c.revoked_at.is_(None)).order_by(access_keys.c.id)
    return list(connection.scalars(query))


def insert_access_key(connection: Connection, key: AccessRow) -> None:
    """Add a key."""
    connection.execute(
        insert(access_keys).values(
            id=key.id,
            operations=" ".join(key.operations),
            galleries=" ".join(key.galleries),
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
        )
    )


def revoke_access_key(connection: Connection, access_key_id: str, now: int) -> None:
    """Say that a key is revoked; one that was before stays so since then."""
    found = (access_keys.c.id == access_key_id) & access_keys.c.revoked_at.is_(None)
    connection.execute(update(access_keys).where(found).values(revoked_at=now))


def _read(row: Row[Any]) -> AccessRow:
    operations, galleries = tuple(row.operations.split()), tuple(row.galleries.split())
    return AccessRow(row.id, operations, galleries, row.created_at, row.expires_at, row.revoked_at)
