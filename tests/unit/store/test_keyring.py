"""Keys: who was erased gets none again, and what was signed is not contradicted."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from visavis.errors import KeyErasedError, MasterKeyWrongError, StoreBehindError
from visavis.settings import beside
from visavis.store import batches
from visavis.store.crypto import fresh_key
from visavis.store.database import Database
from visavis.store.keyring import EMPTY_TREE_ROOT, Keyring, KeyringState
from visavis.store.master_key import MasterKeySource
from visavis.store.migrate import prepare

IDS = [bytes([i]) * 16 for i in range(7)]
STATE = KeyringState(bytes(16), "visavis/test", bytes(range(32)), 0, EMPTY_TREE_ROOT)


def opened(tmp_path: Path, database_url: str) -> Keyring:
    database = Database(beside(database_url))
    prepare(database, "keyring")
    return Keyring(database, MasterKeySource("", tmp_path / "master.key"))


@pytest.fixture
def keyring(tmp_path: Path, database_url: str) -> Iterator[Keyring]:
    keyring = opened(tmp_path, database_url)
    keyring.make(STATE)
    yield keyring
    keyring.database.close()


def test_a_keyring_is_made_once(keyring: Keyring, tmp_path: Path, database_url: str) -> None:
    keyring.make(KeyringState(bytes(16), "another", bytes(32), 0, EMPTY_TREE_ROOT))
    assert keyring.state() == STATE
    other = opened(tmp_path, database_url)
    assert other.state() == STATE
    other.database.close()
    assert "seed" not in repr(keyring.state())


def test_keys_are_made_kept_and_erased(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)
    keys = keyring.ensure_keys(IDS, 1)
    assert keys.keys() == set(IDS)
    sealed = {i: key.seal(b"value", b"here") for i, key in keys.items()}
    assert keyring.in_use()
    keyring.erase(IDS[:3], "withdraw", 2)
    keyring.erase(IDS[:3], "expire", 3)  # repeated, the first holds
    assert [(g.erased_at, g.cause) for g in keyring.graves(unsettled=True)] == [(2, "withdraw")] * 3
    found = keyring.keys(IDS)
    assert found.keys() == set(IDS[3:])
    assert all(found[i].open(sealed[i], b"here") == b"value" for i in found)
    assert keyring.ensure_keys(IDS, 4).keys() == set(IDS[3:])
    with pytest.raises(KeyErasedError):
        keyring.key(IDS[0])
    keyring.settle(IDS[:2])
    assert [g.grant_id for g in keyring.graves(unsettled=True)] == [IDS[2]]
    keyring.unsettle()
    assert len(keyring.graves(unsettled=True)) == 3


def test_what_was_signed_is_not_contradicted(keyring: Keyring) -> None:
    roots = {0: EMPTY_TREE_ROOT, 5: b"5" * 32, 9: b"9" * 32}
    assert keyring.advance(5, roots[5], roots.__getitem__)
    assert not keyring.advance(0, EMPTY_TREE_ROOT, roots.__getitem__)
    assert keyring.advance(9, roots[9], roots.__getitem__)
    assert keyring.advance(9, roots[9], roots.__getitem__)
    with pytest.raises(StoreBehindError):
        keyring.advance(9, b"x" * 32, {9: b"x" * 32}.__getitem__)
    state = keyring.state()
    assert state is not None
    assert (state.signed_size, state.signed_root) == (9, roots[9])


def test_after_a_change_the_old_master_key_opens_nothing(keyring: Keyring, tmp_path: Path) -> None:
    keys = keyring.ensure_keys(IDS, 1)
    sealed = keys[IDS[0]].seal(b"value", b"here")
    old = (tmp_path / "master.key").read_text()
    assert keyring.rotate(keyring._source.prepare_upcoming) == len(IDS)
    keyring.finish_rotation()
    assert keyring.keys(IDS)[IDS[0]].open(sealed, b"here") == b"value"
    with pytest.raises(MasterKeyWrongError):
        Keyring(keyring.database, MasterKeySource(old, tmp_path / "none")).state()


def test_changes_side_by_side_lose_no_key(keyring: Keyring, tmp_path: Path, database_url: str) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        own = opened(tmp_path, database_url)
        try:
            for i in range(4):
                own.rotate(own._source.prepare_upcoming)
                own.finish_rotation()
                own.ensure_keys([bytes([number, i]) * 8], 1)
                own.keys(IDS)
        except BaseException as error:  # noqa: BLE001  a thread's own are not seen
            failures.append(error)
        own.database.close()

    keyring.ensure_keys(IDS, 1)
    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    fresh = opened(tmp_path, database_url)
    made = [bytes([n, i]) * 8 for n in range(4) for i in range(4)]
    assert fresh.keys([*IDS, *made]).keys() == {*IDS, *made}
    fresh.database.close()


def test_of_many_who_make_a_master_key_one_does(tmp_path: Path) -> None:
    source, found = MasterKeySource("", tmp_path / "new" / "master.key"), set()
    threads = [threading.Thread(target=lambda: found.add(source.read_or_make())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1
    assert os.listdir(tmp_path / "new") == ["master.key"]  # noqa: PTH208  names alone
    assert (tmp_path / "new" / "master.key").stat().st_mode & 0o777 == 0o600
    assert fresh_key() not in found
