"""The registry: a store and its keyring, opened together and checked against each other."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy

from sqlalchemy import insert, select

from visavis.analysis import Analyzer
from visavis.audit.entry import LOCAL
from visavis.audit.merkle import EMPTY_ROOT
from visavis.audit.note import SigningKey
from visavis.errors import KeyringMissingError, StoreBehindError, StoreMismatchError, StoreMissingError
from visavis.services.indexes import Indexes
from visavis.settings import Settings
from visavis.store.crypto import fresh_key
from visavis.store.database import Database
from visavis.store.keyring import Keyring, KeyringState
from visavis.store.log import read_head
from visavis.store.master_key import MasterKeySource
from visavis.store.migrate import prepare
from visavis.store.schema import store_state


def system_clock() -> int:
    """The time in UTC, in seconds since 1970."""
    return int(time.time())


class Registry:
    """Everything that a service needs. Safe to share between threads; one for a whole process.

    clock: gives the time in UTC, in seconds since 1970. analyzer: gives the Analyzer of a recogniser by its name.
    by: who acts, as the log names them: the id of an access key, or "local".
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], int] = system_clock,
        analyzer: Callable[[str], Analyzer] | None = None,
    ) -> None:
        self.settings = settings
        self.by = LOCAL
        self.clock = clock
        self.store = Database(settings.database_url)
        self.master_key = MasterKeySource(settings.master_key, settings.master_key_file)
        self.keyring = Keyring(Database(settings.keyring_url), self.master_key)
        self.indexes = Indexes(self.store, self.keyring)
        self._make_analyzer = analyzer or (lambda recogniser: Analyzer(recogniser=recogniser))
        self._analyzers: dict[str, Analyzer] = {}

    def acting_as(self, by: str) -> Registry:
        """The same registry for another caller."""
        other = copy(self)
        other.by = by
        return other

    def analyzer(self, recogniser: str) -> Analyzer:
        """The Analyzer of a recogniser, made at first use."""
        if recogniser not in self._analyzers:
            self._analyzers[recogniser] = self._make_analyzer(recogniser)
        return self._analyzers[recogniser]

    def signing_key(self) -> SigningKey:
        """The key that signs the audit log."""
        state = self.keyring.state()
        if state is None:
            raise KeyringMissingError
        return SigningKey(state.log_name, state.log_seed)

    def forget_deleted(self) -> None:
        """See that what was deleted is neither in the file nor in memory any more."""
        self.store.overwrite_freed()
        self.indexes.refresh()

    def close(self) -> None:
        """Close connections and forget all vectors."""
        self.indexes.close()
        self.store.close()
        self.keyring.database.close()


@contextmanager
def opened(
    settings: Settings,
    *,
    clock: Callable[[], int] = system_clock,
    analyzer: Callable[[str], Analyzer] | None = None,
) -> Iterator[Registry]:
    """A registry that is ready: made where it is new, migrated where it is old, with every erasure and every revocation that was cut off finished.

    Raises StoreError and KeyringError for whatever stands in the way.
    """
    from visavis.services.access import finish_revocations
    from visavis.services.erase import finish_erasures

    registry = Registry(settings, clock=clock, analyzer=analyzer)
    try:
        _pair(registry)
        finish_erasures(registry)
        finish_revocations(registry)
        yield registry
    finally:
        registry.close()


def _pair(registry: Registry) -> None:
    """See that store and keyring are there, are of each other, and that the store is not behind what was signed of it."""
    prepare(registry.store, "store")
    prepare(registry.keyring.database, "keyring")
    store_id, state = store_id_of(registry), registry.keyring.state()
    if state is None:
        if store_id is not None:
            raise KeyringMissingError
        state = _begin_keyring(registry)
    in_use = registry.keyring.in_use()
    store_id = store_id_of(registry)  # read again: another process may have begun it, and used it, just now
    if store_id is None:
        if in_use:
            raise StoreMissingError
        store_id = _begin_store(registry, state.store_id)
    if store_id != state.store_id:
        raise StoreMismatchError
    registry.keyring.finish_rotation()
    with registry.store.read() as connection:
        if read_head(connection).size < state.signed_size:
            raise StoreBehindError


def _begin_keyring(registry: Registry) -> KeyringState:
    """A keyring for a new store. Of several processes that try, one makes it."""
    log_name = registry.settings.log_name or f"visavis/{secrets.token_hex(4)}"
    fresh = KeyringState(secrets.token_bytes(16), log_name, fresh_key(), 0, EMPTY_ROOT)
    SigningKey(fresh.log_name, fresh.log_seed)  # refuses a name that no log can have
    registry.keyring.make(fresh)
    state = registry.keyring.state()
    assert state is not None
    return state


def _begin_store(registry: Registry, store_id: bytes) -> bytes:
    with registry.store.write() as connection:
        registry.store.lock_empty(connection, store_state.name)
        found: bytes | None = connection.execute(select(store_state.c.store_id)).scalar()
        if found is None:
            row = {"one": 1, "store_id": store_id, "log_size": 0, "log_roots": b"", "last_at": 0}
            connection.execute(insert(store_state).values(**row))
    return found or store_id


def store_id_of(registry: Registry) -> bytes | None:
    """What tells a store from every other but its copies; None where it is still to be made."""
    with registry.store.read() as connection:
        found: bytes | None = connection.execute(select(store_state.c.store_id)).scalar()
    return found
