"""The keyring: a key for each grant under a master key, and what tells that one was erased."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from visavis.errors import KeyErasedError, MasterKeyWrongError, SealError, StoreBehindError
from visavis.store.access_secrets import reseal_secrets
from visavis.store.batches import batched
from visavis.store.crypto import Key, data_key_context, fresh_key
from visavis.store.database import Database
from visavis.store.keyring_schema import access_secrets, data_keys, former_logs, keyring_state, tombstones
from visavis.store.master_key import MasterKeySource

Result = TypeVar("Result")

_CHECK = b"visavis keyring"
_MASTER_CHECK = select(keyring_state.c.store_id, keyring_state.c.master_check)
_ATTEMPTS, _PAUSE_S = 10, 0.02
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
            if connection.execute(select(keyring_state.c.one)).first() is None:
                return None
        return self.read(lambda connection, _: self.state_in(connection))

    def state_in(self, connection: Connection) -> KeyringState | None:
        """What the keyring knows, as a transaction of it sees it."""
        row = connection.execute(select(keyring_state)).one_or_none()
        return _opened(row, self._master_key(row.store_id, row.master_check)) if row else None

    def make(self, state: KeyringState) -> None:
        """Begin a keyring for a store, with a master key that is made where there is none; one that is there stays."""
        master = Key(self._source.read_or_make())
        with self.database.write() as connection:
            self.database.lock_empty(connection, keyring_state.name)
            if connection.execute(select(keyring_state.c.one)).first() is None:
                connection.execute(insert(keyring_state).values(one=1, **_sealed_state(state, master)))

    def in_use(self) -> bool:
        """Whether anything in a store may rest on this keyring."""
        with self.database.read() as connection:
            signed = connection.execute(select(keyring_state.c.signed_size)).scalar()
            first = [
                connection.execute(select(*t.primary_key).limit(1)).first()
                for t in (data_keys, tombstones, access_secrets)
            ]
        return bool(signed) or any(first)

    def ensure_keys(self, grant_ids: Sequence[bytes], now: int) -> dict[bytes, Key]:
        """The keys of these grants, kept before this returns: new ones for those that have none. Who was erased gets none again.

        A key whose grant never comes to be seals nothing and harms nobody.
        """
        keys: dict[bytes, Key] = {}
        with self.writing() as (connection, master):
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
        wanted = list(dict.fromkeys(grant_ids))

        def read(connection: Connection, master: Key) -> dict[bytes, Key]:
            keys: dict[bytes, Key] = {}
            for batch in batched(wanted):
                keys |= _read_keys(connection, master, batch)
            return keys

        return self.read(read) if wanted else {}

    def erase(self, grant_ids: Sequence[bytes], cause: str, now: int) -> None:
        """Erase keys and leave tombstones; nothing that was sealed under them can be read any more, in any copy of the store."""
        with self.writing() as (connection, _):
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
        with self.writing() as (connection, _):
            for batch in batched(grant_ids):
                connection.execute(
                    update(tombstones).where(tombstones.c.grant_id.in_(batch)).values(settled=True)
                )

    def unsettle(self, connection: Connection) -> None:
        """Note that the store may know of no erasure: it is another one from now on."""
        connection.execute(update(tombstones).values(settled=False))

    def begin_log(self, connection: Connection, name: str, seed: bytes, former_key: str, now: int) -> None:
        """Go on under another name and key: leaves may be lost that were signed under the old ones. former_key: public, as text."""
        master = self._master_in(connection)
        old = _opened(connection.execute(select(keyring_state)).one(), master)
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

    def rotate(self, new_key: Callable[[], bytes]) -> int:
        """Seal everything under a new master key; how many keys and secrets that were. The old one then opens nothing.

        new_key: gives it, 32 bytes; called while nobody else can change the keyring.
        """
        with self.writing() as (connection, master):
            fresh = Key(new_key())
            state = _opened(connection.execute(select(keyring_state)).one(), master)
            connection.execute(update(keyring_state).values(**_sealed_state(state, fresh)))
            rows = connection.execute(select(data_keys.c.grant_id, data_keys.c.sealed_key)).all()
            if rows:
                connection.execute(
                    update(data_keys)
                    .where(data_keys.c.grant_id == bindparam("grant"))
                    .values(sealed_key=bindparam("sealed")),
                    [{"grant": g, "sealed": _resealed(g, sealed, master, fresh)} for g, sealed in rows],
                )
            secrets = reseal_secrets(connection, master, fresh)
        self._master = fresh
        self.database.overwrite_freed()
        return len(rows) + secrets

    def finish_rotation(self) -> None:
        """Put a new master key into its place, where a change was cut off after the keyring and before the file.

        Only while nobody else can change the keyring: or the file could be that of the next change, which is not done yet.
        """
        if self._source.upcoming() is None:
            return
        with self.writing() as (connection, _):
            row = connection.execute(select(keyring_state)).one()
            upcoming = self._source.upcoming()
            if upcoming is not None and _fits(Key(upcoming), row.store_id, row.master_check):
                self._source.adopt()

    def advance(self, size: int, root: bytes, root_at: Callable[[int], bytes]) -> bool:
        """Note that a checkpoint of this size and root is to be signed; False where a larger one was signed already.

        root_at: gives the root that the same log had at a smaller size. Raises StoreBehindError where
        the log does not continue what was signed of it last.
        """
        with self.writing() as (connection, _):
            row = connection.execute(select(keyring_state)).one()
            if row.signed_size > size:
                return False
            if root_at(row.signed_size) != row.signed_root:
                raise StoreBehindError(
                    "the log in the store is not the one that was signed: it was rewritten"
                )
            connection.execute(update(keyring_state).values(signed_size=size, signed_root=root))
        return True

    def read(self, read: Callable[[Connection, Key], Result]) -> Result:
        """Read with the master key. Between the keyring and the key's file, another process may have changed both: then read again."""
        for _ in range(_ATTEMPTS):
            with suppress(MasterKeyWrongError), self.database.read() as connection:
                return read(connection, self._master_in(connection))
            time.sleep(_PAUSE_S)
        raise MasterKeyWrongError

    @contextmanager
    def writing(self) -> Iterator[tuple[Connection, Key]]:
        """A transaction in which nobody else changes the keyring, and the master key as it is then."""
        with self.database.write() as connection:
            connection.execute(select(keyring_state.c.one).with_for_update()).one()
            yield connection, self._master_in(connection)

    def _master_in(self, connection: Connection) -> Key:
        return self._master_key(*connection.execute(_MASTER_CHECK).one())

    def _master_key(self, store_id: bytes, check: bytes) -> Key:
        """The master key that fits, read again where another process changed it."""
        if self._master is None or not _fits(self._master, store_id, check):
            self._master = self._read_fitting(store_id, check)
        return self._master

    def _read_fitting(self, store_id: bytes, check: bytes) -> Key:
        """The key that fits: the one in its place, or the new one beside it while the key is being changed.

        Between the two looks, the new one may have been put into its place: so that is looked at once more.
        """
        for look in (self._source.read, self._source.upcoming, self._source.read):
            key = look()
            if key is not None and _fits(Key(key), store_id, check):
                return Key(key)
        raise MasterKeyWrongError


def _read_keys(connection: Connection, master: Key, batch: list[bytes]) -> dict[bytes, Key]:
    query = select(data_keys.c.grant_id, data_keys.c.sealed_key).where(data_keys.c.grant_id.in_(batch))
    rows = connection.execute(query).all()  # at once: row by row, reading takes longer than opening
    return {grant_id: Key(master.open(sealed, data_key_context(grant_id))) for grant_id, sealed in rows}


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
