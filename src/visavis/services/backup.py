"""Backups: the store in one file, the keyring in another, and bringing them back without bringing back who left.

The store's copy is unreadable without the keyring. A copy of the keyring can bring back people who withdraw after it
was made: it is to be kept for days only.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from visavis.audit.entry import Action, Counted
from visavis.audit.note import SigningKey
from visavis.consent.states import Event
from visavis.consent.times import SECONDS_PER_DAY
from visavis.errors import BackupError, KeyringMissingError, OldKeysError, StoreMismatchError
from visavis.services.checkpoints import root_at
from visavis.services.erase import end_grants
from visavis.services.registry import Registry, opened
from visavis.services.work import check_clock, working
from visavis.settings import Settings
from visavis.store.copies import copy_rows, open_copy, refuse_existing, write_copy
from visavis.store.crypto import fresh_key
from visavis.store.grants import ids_of_given
from visavis.store.keyring import KeyringState
from visavis.store.keyring_schema import keyring, keyring_state
from visavis.store.log import read_head
from visavis.store.migrate import prepare
from visavis.store.schema import store, store_state

KEYS_ARE_FRESH_S = 7 * SECONDS_PER_DAY


def back_up(registry: Registry, file: Path, keys_file: Path) -> None:
    """Write the store to one file and the keyring to another; neither may exist yet.

    Each is one state of its database. The store is read first, so that whoever is erased in between is erased in what is restored.
    Raises BackupError and StoreError, and leaves neither file then.
    """
    if file.absolute() == keys_file.absolute():
        raise BackupError("the store and its keyring need a file each")
    for target in (file, keys_file):
        refuse_existing(target)
    with working(registry) as work:
        work.log(Action.BACKUP)
    write_copy(registry.store, "store", file, registry.clock())
    try:
        write_copy(registry.keyring.database, "keyring", keys_file, registry.clock())
    except BaseException:
        file.unlink()
        raise


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back.

    erased_again: consents that had ended since the backup was made. without_key: consents whose key is in no keyring, so that they had
    to end. new_log: the log goes on under a new name and key, because leaves that were signed may be lost.
    """

    erased_again: int
    without_key: int
    new_log: bool


@dataclass(frozen=True, slots=True)
class Restoring:
    """What to bring back. keys_file: the keyring's copy, used where there is no keyring. accept_old_keys: even one of more than a week."""

    file: Path
    keys_file: Path | None = None
    accept_old_keys: bool = False


def restore(settings: Settings, what: Restoring, clock: Callable[[], int]) -> Restored:
    """Bring a store back into an empty place, and erase again whoever was erased since, before anybody can be found.

    Raises BackupError, NotABackupError, OldKeysError, StoreMismatchError, and the StoreError or KeyringError of what cannot be opened.
    """
    registry = Registry(settings, clock=clock)
    try:
        prepare(registry.store, "store")
        prepare(registry.keyring.database, "keyring")
        with open_copy(what.file, "store") as (copy, _):
            new_log = _restore_from(registry, copy, what)
            given = ids_of_given(copy)
            erased = {grave.grant_id for grave in registry.keyring.graves(unsettled=False)}
    finally:
        registry.close()
    with opened(settings, clock=clock) as ready:  # which erases again
        kept = ready.keyring.keys(given)
        lost = [grant_id for grant_id in given if grant_id not in erased and grant_id not in kept]
        if lost:
            end_grants(ready, lost, Event.EXPIRE)
        with working(ready) as work:
            work.log(Action.RESTORE, counts={Counted.SUBJECTS: len(given)})
    return Restored(len(erased.intersection(given)), len(lost), new_log)


def _restore_from(registry: Registry, copy: Connection, what: Restoring) -> bool:
    """Fill the store; whether its log had to begin anew. The keyring is ready before the first row can be read."""
    with registry.store.read() as connection:
        if connection.execute(select(store_state.c.one)).first():
            raise BackupError(
                "there is a store already", hint="move it away, or restore to another --database-url"
            )
    check_clock(read_head(copy), registry.clock())
    new_log = _restore_keyring(registry, copy, what)
    with registry.store.write() as target:
        copy_rows(copy, target, store)
    return new_log


def _restore_keyring(registry: Registry, copy: Connection, what: Restoring) -> bool:
    """Make the keyring ready for the store, in one transaction: half of it would sign a log that contradicts what was signed."""
    keys = registry.keyring
    with ExitStack() as files, keys.database.write() as connection:
        store_id = copy.execute(select(store_state.c.store_id)).scalar()
        found = keys.state_in(connection)
        if found is None:
            keys_copy = files.enter_context(_keys_copy(registry, what))
            if keys_copy.execute(select(keyring_state.c.store_id)).scalar() != store_id:
                raise StoreMismatchError
            copy_rows(keys_copy, connection, keyring)
        state = found or keys.state_in(connection)
        assert state is not None
        if state.store_id != store_id:
            raise StoreMismatchError
        new_log = found is None or not _continues(copy, state)
        if new_log:
            former = str(SigningKey(state.log_name, state.log_seed).verifier)
            name = f"visavis/{secrets.token_hex(4)}"
            keys.begin_log(connection, name, fresh_key(), former, registry.clock())
        keys.unsettle(connection)
    return new_log


@contextmanager
def _keys_copy(registry: Registry, what: Restoring) -> Iterator[Connection]:
    if what.keys_file is None:
        raise KeyringMissingError("the keyring is not here, and without it nobody's template can be read")
    with open_copy(what.keys_file, "keyring") as (copy, made_at):
        if registry.clock() - made_at > KEYS_ARE_FRESH_S and not what.accept_old_keys:
            raise OldKeysError
        yield copy


def _continues(copy: Connection, state: KeyringState) -> bool:
    """Whether the copy's log begins with all that was signed."""
    if read_head(copy).size < state.signed_size:
        return False
    return root_at(copy, state.signed_size) == state.signed_root
