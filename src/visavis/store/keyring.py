"""The keyring: a key for each grant under a master key, and what tells that one was erased."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from visavis.errors import KeyErasedError, MasterKeyWrongError, SealError, StoreBehindError
from visavis.store.batches import batched
from visavis.store.crypto import Key, data_key_context, fresh_key
from visavis.store.database import Database
from visavis.store.keyring_schema import data_keys, former_logs, keyring_state, tombstones
from visavis.store.master_key import MasterKeySource

_CHECK = b"visavis keyring"
EMPTY_TREE_ROOT = hashlib.sha256(b"").digest()
"""What is signed of a log without leaves (RFC 6962, section 2.1)."""


@dataclass(frozen=True, slots=True)
class KeyringState:
    """What the keyring knows of its store. signed_size, signed_root: of the last checkpoint that was signed."""

    store_id: bytes
    log_name: str
    log_seed: bytes = field(repr=False)
    signed_size: int
    signed_root: bytes


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A grant whose key was erased. cause: `withdraw` or `expire`."""

    grant_id: bytes
    erased_at: int
    cause: str


class Keyring:
    """Keys by grant. They are read anew each time, so what another process erased is gone here at once."""

    def __init__(self, database: Database, source: MasterKeySource) -> None:
        self.database = database
        self._source = source
        self._master: Key | None = None

    def state(self) -> KeyringState | None:
        """What the keyring knows; None where it was never used. Raises the KeyringError of its master key."""
        with self.database.read() as connection:
            return self.state_in(connection)

    def state_in(self, connection: Connection) -> KeyringState | None:
        """What the keyring knows, as a transaction of it sees it."""
        row = connection.execute(select(keyring_state)).one_or_none()
        return _opened(row, self._fitting(row)) if row else None

    def make(self, state: KeyringState) -> None:
        """Begin a keyring for a store, with a master key that is made where there is none; one that is there stays."""
        master = Key(self._source.read_or_make())
        with self.database.write() as connection:
            if not self.database.is_sqlite:  # there is no row yet to lock
                connection.exec_driver_sql("LOCK TABLE keyring_state")
            if connection.execute(select(keyring_state.c.one)).first() is None:
                connection.execute(insert(keyring_state).values(one=1, **_sealed_state(state, master)))

    def in_use(self) -> bool:
        """Whether anything in a store may rest on this keyring."""
        with self.database.read() as connection:
            signed = connection.execute(select(keyring_state.c.signed_size)).scalar()
            first = [
                connection.execute(select(t.c.grant_id).limit(1)).first() for t in (data_keys, tombstones)
            ]
        return bool(signed) or any(first)

    def ensure_keys(self, grant_ids: Sequence[bytes], now: int) -> dict[bytes, Key]:
        """The keys of these grants, kept before this returns: new ones for those that have none. Who was erased gets none again.

        A key whose grant never comes to be seals nothing and harms nobody.
        """
        keys: dict[bytes, Key] = {}
        with self.database.write() as connection:
            master = self._fitting(_locked(connection))
            for batch in batched(dict.fromkeys(grant_ids)):
                keys |= _read_keys(connection, master, batch)
                gone = _erased_of(connection, batch)
                fresh = {g: fresh_key() for g in batch if g not in keys and g not in gone}
                rows = [
                    {"grant_id": g, "sealed_key": master.seal(key, data_key_context(g)), "made_at": now}
                    for g, key in fresh.items()
                ]
                if rows:
                    connection.execute(insert(data_keys), rows)
                keys |= {g: Key(key) for g, key in fresh.items()}
        return keys

    def key(self, grant_id: bytes) -> Key:
        """The key of a grant; raises KeyErasedError."""
        found = self.keys([grant_id])
        if not found:
            raise KeyErasedError
        return found[grant_id]

    def keys(self, grant_ids: Iterable[bytes]) -> dict[bytes, Key]:
        """The keys of those of these grants that have one."""
        keys: dict[bytes, Key] = {}
        with self.database.read() as connection:
            master = self._fitting(connection.execute(select(keyring_state)).one())
            for batch in batched(dict.fromkeys(grant_ids)):
                keys |= _read_keys(connection, master, batch)
        return keys

    def erase(self, grant_ids: Sequence[bytes], cause: str, now: int) -> None:
        """Erase keys and leave tombstones; nothing that was sealed under them can be read any more, in any copy of the store."""
        with self.database.write() as connection:
            _locked(connection)
            for batch in batched(dict.fromkeys(grant_ids)):
                connection.execute(delete(data_keys).where(data_keys.c.grant_id.in_(batch)))
                known = _erased_of(connection, batch)
                rows = [
                    {"grant_id": g, "erased_at": now, "cause": cause, "settled": False}
                    for g in batch
                    if g not in known
                ]
                if rows:
                    connection.execute(insert(tombstones), rows)
        self.database.overwrite_freed()

    def settle(self, grant_ids: Sequence[bytes]) -> None:
        """Note that the store, too, says that these were erased."""
        with self.database.write() as connection:
            for batch in batched(grant_ids):
                connection.execute(
                    update(tombstones).where(tombstones.c.grant_id.in_(batch)).values(settled=True)
                )

    def unsettle(self, connection: Connection) -> None:
        """Note that the store may know of no erasure: it is another one from now on."""
        connection.execute(update(tombstones).values(settled=False))

    def begin_log(self, connection: Connection, name: str, seed: bytes, former_key: str, now: int) -> None:
        """Go on under another name and key: leaves may be lost that were signed under the old ones. former_key: public, as text."""
        row = _locked(connection)
        master = self._fitting(row)
        old = _opened(row, master)
        connection.execute(
            insert(former_logs).values(
                log_name=old.log_name, verifier_key=former_key, signed_size=old.signed_size, ended_at=now
            )
        )
        fresh = KeyringState(old.store_id, name, seed, 0, EMPTY_TREE_ROOT)
        connection.execute(update(keyring_state).values(**_sealed_state(fresh, master)))

    def graves(self, *, unsettled: bool) -> list[Tombstone]:
        """The tombstones; only those that the store does not know of, where asked."""
        query = select(tombstones.c.grant_id, tombstones.c.erased_at, tombstones.c.cause)
        if unsettled:
            query = query.where(tombstones.c.settled.is_(other=False))
        with self.database.read() as connection:
            return [Tombstone(*row) for row in connection.execute(query)]

    def rotate(self, new_key: bytes) -> int:
        """Seal everything under a new master key of 32 bytes; how many keys that were. The old one then opens nothing."""
        fresh = Key(new_key)
        with self.database.write() as connection:
            row = _locked(connection)
            master = self._fitting(row)
            connection.execute(update(keyring_state).values(**_sealed_state(_opened(row, master), fresh)))
            rows = connection.execute(select(data_keys.c.grant_id, data_keys.c.sealed_key)).all()
            if rows:
                connection.execute(
                    update(data_keys)
                    .where(data_keys.c.grant_id == bindparam("grant"))
                    .values(sealed_key=bindparam("sealed")),
                    [{"grant": g, "sealed": _resealed(g, sealed, master, fresh)} for g, sealed in rows],
                )
        self._master = fresh
        self.database.overwrite_freed()
        return len(rows)

    def advance(self, size: int, root: bytes, root_at: Callable[[int], bytes]) -> bool:
        """Note that a checkpoint of this size and root is to be signed; False where a larger one was signed already.

        root_at: gives the root that the same log had at a smaller size. Raises StoreBehindError where
        the log does not continue what was signed of it last.
        """
        with self.database.write() as connection:
            row = _locked(connection)
            if row.signed_size > size:
                return False
            if root_at(row.signed_size) != row.signed_root:
                raise StoreBehindError(
                    "the log in the store is not the one that was signed: it was rewritten"
                )
            connection.execute(update(keyring_state).values(signed_size=size, signed_root=root))
        return True

    def _fitting(self, row: Row[Any]) -> Key:
        """The master key that fits the state, read again where another process changed it."""
        if self._master is None or not _fits(self._master, row.store_id, row.master_check):
            self._master = self._read_fitting(row.store_id, row.master_check)
        return self._master

    def _read_fitting(self, store_id: bytes, check: bytes) -> Key:
        master = Key(self._source.read())
        if _fits(master, store_id, check):
            return master
        # A change of the key that was cut off after the keyring and before the file is finished here.
        upcoming = self._source.upcoming()
        if upcoming is None or not _fits(Key(upcoming), store_id, check):
            raise MasterKeyWrongError
        self._source.adopt()
        return Key(upcoming)


def _locked(connection: Connection) -> Row[Any]:
    """The state. Who else changes keys waits until this transaction ends: a key is never made beside its erasure or a rotation."""
    return connection.execute(select(keyring_state).with_for_update()).one()


def _read_keys(connection: Connection, master: Key, batch: list[bytes]) -> dict[bytes, Key]:
    query = select(data_keys.c.grant_id, data_keys.c.sealed_key).where(data_keys.c.grant_id.in_(batch))
    return {g: Key(master.open(sealed, data_key_context(g))) for g, sealed in connection.execute(query)}


def _erased_of(connection: Connection, batch: list[bytes]) -> set[bytes]:
    return set(connection.scalars(select(tombstones.c.grant_id).where(tombstones.c.grant_id.in_(batch))))


def _fits(master: Key, store_id: bytes, check: bytes) -> bool:
    try:
        return master.open(check, _check_context(store_id)) == _CHECK
    except SealError:
        return False


def _opened(row: Row[Any], master: Key) -> KeyringState:
    seed = master.open(row.sealed_log_seed, _seed_context(row.log_name))
    return KeyringState(row.store_id, row.log_name, seed, row.signed_size, row.signed_root)


def _resealed(grant_id: bytes, sealed: bytes, old: Key, new: Key) -> bytes:
    context = data_key_context(grant_id)
    return new.seal(old.open(sealed, context), context)


def _sealed_state(state: KeyringState, master: Key) -> dict[str, bytes | str | int]:
    return {
        "store_id": state.store_id,
        "master_check": master.seal(_CHECK, _check_context(state.store_id)),
        "log_name": state.log_name,
        "sealed_log_seed": master.seal(state.log_seed, _seed_context(state.log_name)),
        "signed_size": state.signed_size,
        "signed_root": state.signed_root,
    }


def _check_context(store_id: bytes) -> bytes:
    return b"master check" + store_id


def _seed_context(log_name: str) -> bytes:
    return b"log seed" + log_name.encode()
