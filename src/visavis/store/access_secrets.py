"""The secrets of access keys, in the keyring: under the master key, each sealed for its key. A revoked key has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from visavis.store.crypto import Key, access_secret_context
from visavis.store.keyring_schema import access_secrets

if TYPE_CHECKING:
    from visavis.store.keyring import Keyring

# Made once: each call to the server asks it.
_BY_ID = select(access_secrets.c.sealed_secret).where(
    access_secrets.c.access_key_id == bindparam("access_key_id")
)


def keep_secret(keyring: Keyring, access_key_id: str, secret: str) -> None:
    """Keep the secret of a new key; it is kept before this returns."""
    with keyring.writing() as (connection, master):
        sealed = master.seal(secret.encode(), access_secret_context(access_key_id))
        connection.execute(insert(access_secrets).values(access_key_id=access_key_id, sealed_secret=sealed))


def read_secret(keyring: Keyring, access_key_id: str) -> str | None:
    """The secret of a key; None where there is none, or none any more. Raises SealError where it is another key's, or altered."""

    def read(connection: Connection, master: Key) -> str | None:
        sealed = connection.scalar(_BY_ID, {"access_key_id": access_key_id})
        return None if sealed is None else master.open(sealed, access_secret_context(access_key_id)).decode()

    return keyring.read(read)


def delete_secret(keyring: Keyring, access_key_id: str) -> None:
    """Delete the secret of a key, where it has one: whoever reads from now on, in whatever process, finds none."""
    with keyring.writing() as (connection, _):
        connection.execute(delete(access_secrets).where(access_secrets.c.access_key_id == access_key_id))
    keyring.database.overwrite_freed()


def ids_with_secret(keyring: Keyring) -> set[str]:
    """The ids of all keys that have a secret."""
    with keyring.database.read() as connection:
        return set(connection.scalars(select(access_secrets.c.access_key_id)))


def reseal_secrets(connection: Connection, old: Key, new: Key) -> int:
    """Seal every secret under another master key, in the transaction that changes it; how many those were."""
    rows = connection.execute(select(access_secrets.c.access_key_id, access_secrets.c.sealed_secret)).all()
    if rows:
        connection.execute(
            update(access_secrets)
            .where(access_secrets.c.access_key_id == bindparam("key"))
            .values(sealed_secret=bindparam("sealed")),
            [
                {"key": i, "sealed": _resealed(sealed, access_secret_context(i), old, new)}
                for i, sealed in rows
            ],
        )
    return len(rows)


def _resealed(sealed: bytes, context: bytes, old: Key, new: Key) -> bytes:
    return new.seal(old.open(sealed, context), context)
