"""Keys by grant: kept, erased for good, sealed anew; and the memory of what was signed."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from visavis.errors import (
    KeyErasedError,
    MasterKeyMissingError,
    MasterKeyWrongError,
    SealError,
    StoreBehindError,
)
from visavis.store import batches
from visavis.store.access_secrets import keep_secret
from visavis.store.crypto import fresh_key
from visavis.store.database import Database
from visavis.store.keyring import EMPTY_TREE_ROOT, Keyring, KeyringState, Tombstone
from visavis.store.keyring_schema import data_keys, former_logs, tombstones
from visavis.store.master_key import MasterKeySource
from visavis.store.migrate import prepare

NOW = 1_790_000_000
BEGUN = KeyringState(bytes(16), "visavis/test", bytes(range(32)), 0, EMPTY_TREE_ROOT)


@pytest.fixture
def keyring(database_url: str, tmp_path: Path) -> Iterator[Keyring]:
    made = again(database_url.replace("visavis.db", "keyring.db"), tmp_path, fresh=True)
    yield made
    made.database.close()


def again(url: str, folder: Path, *, fresh: bool = False) -> Keyring:
    """The same keyring as another process sees it."""
    if fresh and not url.startswith("sqlite"):  # the database is a store, its neighbour the keyring
        head, question, options = url.partition("?")
        url = f"{head}_keyring{question}{options}"
    keyring = Keyring(Database(url), MasterKeySource("", folder / "master.key"))
    prepare(keyring.database, "keyring")
    keyring.make(BEGUN)
    return keyring


@pytest.fixture
def other(keyring: Keyring, tmp_path: Path) -> Iterator[Keyring]:
    """Another process."""
    opened = again(keyring.database.url.render_as_string(hide_password=False), tmp_path)
    yield opened
    opened.database.close()


def ids(count: int) -> list[bytes]:
    return [uuid4().bytes for _ in range(count)]


def opens(keyring: Keyring, grant: bytes, sealed: bytes) -> bool:
    found = keyring.keys([grant])
    return grant in found and found[grant].open(sealed, b"here") == b"value"


def test_it_begins_once(keyring: Keyring, other: Keyring) -> None:
    keyring.make(KeyringState(bytes(16), "visavis/other", fresh_key(), 7, bytes(32)))
    assert keyring.state() == other.state() == BEGUN
    assert repr(BEGUN.log_seed) not in repr(keyring.state())
    assert not keyring.in_use()


def test_a_keyring_that_was_never_used(tmp_path: Path) -> None:
    empty = Keyring(Database(f"sqlite:///{tmp_path / 'empty.db'}"), MasterKeySource("", tmp_path / "no.key"))
    prepare(empty.database, "keyring")
    assert empty.state() is None
    assert not empty.in_use()
    assert not (tmp_path / "no.key").exists()
    empty.database.close()


def test_who_made_a_key_has_used_it(keyring: Keyring) -> None:
    """A store with access keys in it is missed, if it is gone."""
    keep_secret(keyring, "VSVSTEST", "secret")
    assert keyring.in_use()


def test_keys_stay(keyring: Keyring, other: Keyring) -> None:
    one, two = ids(2)
    made = keyring.ensure_keys([one, two, one], NOW)
    assert made.keys() == {one, two}
    sealed = made[one].seal(b"value", b"here")
    assert opens(keyring, one, sealed)
    assert opens(other, one, sealed)
    assert other.ensure_keys([one], NOW)[one].open(sealed, b"here") == b"value"
    assert keyring.key(two).digest(b"") == made[two].digest(b"")
    with pytest.raises(SealError):
        made[two].open(sealed, b"here")
    assert keyring.in_use()


def test_what_one_process_erases_is_gone_in_all_at_once(keyring: Keyring, other: Keyring) -> None:
    grant, stays = ids(2)
    sealed = keyring.ensure_keys([grant, stays], NOW)[grant].seal(b"value", b"here")
    assert opens(other, grant, sealed)
    keyring.erase([grant], "withdraw", NOW)
    assert other.keys([grant, stays]).keys() == {stays}
    with pytest.raises(KeyErasedError):
        other.key(grant)


def test_an_erased_key_is_never_made_again(keyring: Keyring, other: Keyring) -> None:
    grant, unknown = ids(2)
    keyring.ensure_keys([grant], NOW)
    keyring.erase([grant, unknown], "withdraw", NOW)
    assert other.ensure_keys([grant, unknown], NOW) == {}
    assert keyring.keys([grant, unknown]) == {}


def test_erasing_twice_leaves_one_tombstone(keyring: Keyring, other: Keyring) -> None:
    grant = uuid4().bytes
    keyring.ensure_keys([grant], NOW)
    keyring.erase([grant, grant], "expire", NOW)
    other.erase([grant], "withdraw", NOW + 5)
    assert keyring.graves(unsettled=False) == [Tombstone(grant, NOW, "expire")]


def test_what_the_store_knows_of(keyring: Keyring) -> None:
    one, two = ids(2)
    keyring.erase([one, two], "withdraw", NOW)
    keyring.settle([one])
    assert [grave.grant_id for grave in keyring.graves(unsettled=True)] == [two]
    assert {grave.grant_id for grave in keyring.graves(unsettled=False)} == {one, two}
    keyring.erase([one], "withdraw", NOW)
    assert [grave.grant_id for grave in keyring.graves(unsettled=True)] == [two], "it stays settled"
    with keyring.database.write() as connection:
        keyring.unsettle(connection)
    assert {grave.grant_id for grave in keyring.graves(unsettled=True)} == {one, two}


def test_no_byte_of_an_erased_key_stays(keyring: Keyring) -> None:
    if keyring.database.path is None:
        pytest.skip("PostgreSQL vacuums in its own time (docs/galleries.md)")
    grants = ids(40)
    keyring.ensure_keys(grants, NOW)
    with keyring.database.read() as connection:
        sealed = dict(connection.execute(select(data_keys.c.grant_id, data_keys.c.sealed_key)).all())
    keyring.erase(grants[:20], "withdraw", NOW)
    files = b"".join(path.read_bytes() for path in keyring.database.path.parent.glob("keyring.db*"))
    assert all(sealed[grant][12:] in files for grant in grants[20:]), "else this test shows nothing"
    assert not any(sealed[grant][12:] in files for grant in grants[:20])
    assert not any(sealed[grant][12:28] in files for grant in grants[:20])


def test_a_rotation_changes_every_key_and_loses_none(
    keyring: Keyring, other: Keyring, tmp_path: Path
) -> None:
    grants = ids(5)
    sealed = {g: key.seal(b"value", b"here") for g, key in keyring.ensure_keys(grants, NOW).items()}
    source = MasterKeySource("", tmp_path / "master.key")
    old = source.read()
    assert keyring.rotate(source.prepare_upcoming) == 5
    assert all(opens(keyring, g, sealed[g]) for g in grants)
    stale = Keyring(keyring.database, MasterKeySource(_base64(old), tmp_path / "no.key"))
    for use in (stale.state, partial(stale.keys, grants), partial(stale.ensure_keys, grants, NOW)):
        with pytest.raises(MasterKeyWrongError):
            use()
    assert source.read() == old, "cut off here"
    assert all(opens(other, g, sealed[g]) for g in grants), "the new key is used where it lies"
    other.finish_rotation()
    assert source.read() != old
    assert source.upcoming() is None
    assert keyring.state() == other.state() == BEGUN


def _base64(key: bytes) -> str:
    return base64.b64encode(key).decode()


def test_keys_made_while_the_master_key_changes_are_not_lost(
    keyring: Keyring, other: Keyring, tmp_path: Path
) -> None:
    """Whichever comes first, what the other wrote opens under the key that counts in the end."""
    grants, failures = ids(60), []

    def make() -> None:
        try:
            for grant in grants:
                other.ensure_keys([grant], NOW)
        except Exception as error:  # noqa: BLE001  a thread's error would be lost
            failures.append(error)

    thread = threading.Thread(target=make)
    thread.start()
    source = MasterKeySource("", tmp_path / "master.key")
    for _ in range(5):
        keyring.rotate(source.prepare_upcoming)
        keyring.finish_rotation()
    thread.join()
    assert failures == []
    assert keyring.keys(grants).keys() == other.keys(grants).keys() == set(grants)


def test_a_key_is_not_made_while_it_is_erased(keyring: Keyring, other: Keyring) -> None:
    grants, failures = ids(40), []

    def make() -> None:
        try:
            for grant in grants:
                other.ensure_keys([grant], NOW)
        except Exception as error:  # noqa: BLE001  a thread's error would be lost
            failures.append(error)

    threads = [threading.Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    for grant in grants:
        keyring.erase([grant], "withdraw", NOW)
    for thread in threads:
        thread.join()
    assert failures == []
    assert keyring.keys(grants) == {}
    assert len(keyring.graves(unsettled=False)) == len(grants)


@pytest.mark.parametrize("lost", [True, False])
def test_another_or_no_master_key(lost: bool, keyring: Keyring, tmp_path: Path) -> None:
    grant = uuid4().bytes
    keyring.ensure_keys([grant], NOW)
    source = MasterKeySource("" if lost else _base64(fresh_key()), tmp_path / "lost.key")
    without = Keyring(keyring.database, source)
    for use in (without.state, partial(without.keys, [grant]), partial(without.ensure_keys, ids(1), NOW)):
        with pytest.raises(MasterKeyMissingError if lost else MasterKeyWrongError):
            use()
    assert not (tmp_path / "lost.key").exists()
    assert keyring.keys([grant]).keys() == {grant}


def test_a_key_moved_to_another_grant_does_not_open(keyring: Keyring) -> None:
    one, two = ids(2)
    keyring.ensure_keys([one, two], NOW)
    with keyring.database.write() as connection:
        sealed = connection.scalar(select(data_keys.c.sealed_key).where(data_keys.c.grant_id == one))
        connection.execute(update(data_keys).where(data_keys.c.grant_id == two).values(sealed_key=sealed))
    with pytest.raises(SealError):
        keyring.keys([two])


def test_what_is_signed_only_grows(keyring: Keyring, other: Keyring) -> None:
    roots = {0: EMPTY_TREE_ROOT, 3: b"3" * 32, 8: b"8" * 32}
    assert keyring.advance(3, roots[3], roots.__getitem__)
    assert other.advance(8, roots[8], roots.__getitem__)
    assert not keyring.advance(3, roots[3], roots.__getitem__)
    assert keyring.advance(8, roots[8], roots.__getitem__), "the same may be signed again"
    for size, root, earlier in ((8, b"x" * 32, b"x" * 32), (9, b"9" * 32, b"x" * 32)):
        with pytest.raises(StoreBehindError):
            keyring.advance(size, root, {8: earlier}.__getitem__)
    state = keyring.state()
    assert state is not None
    assert (state.signed_size, state.signed_root) == (8, roots[8])


def test_two_that_sign_at_once_never_step_back(keyring: Keyring, other: Keyring) -> None:
    def root(size: int) -> bytes:
        return EMPTY_TREE_ROOT if not size else size.to_bytes(32, "big")

    def sign(which: Keyring, sizes: range) -> None:
        for size in sizes:
            which.advance(size, root(size), root)

    thread = threading.Thread(target=sign, args=(other, range(2, 81, 2)))
    thread.start()
    sign(keyring, range(1, 60, 2))
    thread.join()
    state = keyring.state()
    assert state is not None
    assert state.signed_size == 80


def test_a_log_that_begins_anew(keyring: Keyring, other: Keyring) -> None:
    keyring.advance(3, b"3" * 32, {0: EMPTY_TREE_ROOT}.__getitem__)
    seed = fresh_key()
    with keyring.database.write() as connection:
        keyring.begin_log(connection, "visavis/next", seed, "the public key", NOW)
    assert other.state() == KeyringState(BEGUN.store_id, "visavis/next", seed, 0, EMPTY_TREE_ROOT)
    with keyring.database.read() as connection:
        assert connection.execute(select(former_logs)).all() == [(BEGUN.log_name, "the public key", 3, NOW)]


def test_more_keys_than_a_statement_takes(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 3)
    grants = ids(11)
    made = keyring.ensure_keys(grants, NOW)
    assert made.keys() == keyring.keys(grants).keys() == set(grants)
    keyring.erase(grants[:7], "withdraw", NOW)
    keyring.settle(grants[:5])
    assert keyring.keys(grants).keys() == set(grants[7:])
    assert {grave.grant_id for grave in keyring.graves(unsettled=True)} == set(grants[5:7])


def test_nothing_to_do(keyring: Keyring) -> None:
    assert keyring.ensure_keys([], NOW) == keyring.keys([]) == {}
    keyring.erase([], "withdraw", NOW)
    keyring.settle([])
    assert keyring.graves(unsettled=False) == []


@given(st.lists(st.integers(), max_size=40), st.integers(1, 7))
def test_batches_are_the_list(items: list[int], size: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(batches, "BATCH", size)
        found = list(batches.batched(items))
    assert [item for batch in found for item in batch] == items
    assert all(0 < len(batch) <= size for batch in found)


def test_the_tables_hold_a_tombstone_only_once(keyring: Keyring) -> None:
    grant = uuid4().bytes
    keyring.erase([grant], "withdraw", NOW)
    row = {"grant_id": grant, "erased_at": NOW, "cause": "withdraw", "settled": False}
    with pytest.raises(Exception, match="store"), keyring.database.write() as connection:
        connection.execute(insert(tombstones).values(**row))
