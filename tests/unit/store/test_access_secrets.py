"""Secrets of access keys: sealed for their key alone, deleted for good, and opened by the master key that counts."""

from __future__ import annotations

import base64

import pytest
from sqlalchemy import select, update

from visavis.errors import MasterKeyWrongError, SealError, StoreError
from visavis.services.registry import Registry
from visavis.store.access_secrets import delete_secret, ids_with_secret, keep_secret, read_secret
from visavis.store.database import Database
from visavis.store.keyring import Keyring
from visavis.store.keyring_schema import access_secrets
from visavis.store.master_key import MasterKeySource

ONE, TWO, SECRET = "VSVSONE", "VSVSTWO", "s" * 40


def other_process(registry: Registry, master_key: str = "") -> Keyring:
    source = MasterKeySource(master_key, registry.settings.master_key_file)
    return Keyring(Database(registry.settings.keyring_url), source)


def sealed_of(keyring: Keyring, access_key_id: str) -> bytes:
    query = select(access_secrets.c.sealed_secret).where(access_secrets.c.access_key_id == access_key_id)
    with keyring.database.read() as connection:
        found: bytes = connection.execute(query).scalar_one()
    return found


def test_what_is_kept_is_read_and_what_is_deleted_is_gone_in_every_process(registry: Registry) -> None:
    keyring, other = registry.keyring, other_process(registry)
    assert read_secret(keyring, ONE) is None
    keep_secret(keyring, ONE, SECRET)
    keep_secret(keyring, TWO, "other")
    assert read_secret(other, ONE) == SECRET
    assert ids_with_secret(other) == {ONE, TWO}
    for _ in range(2):
        delete_secret(keyring, ONE)
    assert read_secret(other, ONE) is None
    assert read_secret(other, TWO) == "other"
    assert ids_with_secret(other) == {TWO}
    other.database.close()


def test_no_key_gets_a_second_secret(registry: Registry) -> None:
    keep_secret(registry.keyring, ONE, SECRET)
    with pytest.raises(StoreError):
        keep_secret(registry.keyring, ONE, "other")
    assert read_secret(registry.keyring, ONE) == SECRET


def test_a_secret_opens_for_its_own_key_alone(registry: Registry) -> None:
    keyring = registry.keyring
    keep_secret(keyring, ONE, SECRET)
    keep_secret(keyring, TWO, "other")
    moved = sealed_of(keyring, ONE)
    assert SECRET.encode() not in moved
    with keyring.database.write() as connection:
        connection.execute(
            update(access_secrets).where(access_secrets.c.access_key_id == TWO).values(sealed_secret=moved)
        )
    with pytest.raises(SealError):
        read_secret(keyring, TWO)


def test_a_new_master_key_opens_every_secret_and_the_old_one_none(registry: Registry) -> None:
    keyring, source = registry.keyring, registry.master_key
    keyring.ensure_keys([bytes(16)], 0)
    keep_secret(keyring, ONE, SECRET)
    keep_secret(keyring, TWO, "other")
    old, before = source.read(), sealed_of(keyring, ONE)
    other = other_process(registry)
    assert read_secret(other, ONE) == SECRET
    assert keyring.rotate(source.prepare_upcoming) == 3
    keyring.finish_rotation()
    assert [read_secret(who, ONE) for who in (keyring, other)] == [SECRET] * 2
    assert read_secret(other, TWO) == "other"
    stale = other_process(registry, base64.b64encode(old).decode())
    with pytest.raises(MasterKeyWrongError):
        read_secret(stale, ONE)
    with keyring.database.write() as connection:
        connection.execute(
            update(access_secrets).where(access_secrets.c.access_key_id == ONE).values(sealed_secret=before)
        )
    with pytest.raises(SealError):
        read_secret(keyring, ONE)
    for opened in (other, stale):
        opened.database.close()


def test_no_byte_of_a_deleted_secret_stays(registry: Registry) -> None:
    keyring = registry.keyring
    if keyring.database.path is None:
        pytest.skip("PostgreSQL vacuums in its own time (docs/galleries.md)")
    keep_secret(keyring, ONE, SECRET)
    keep_secret(keyring, TWO, SECRET)
    deleted, stays = sealed_of(keyring, ONE), sealed_of(keyring, TWO)
    delete_secret(keyring, ONE)
    files = b"".join(path.read_bytes() for path in keyring.database.path.parent.glob("*keyring.db*"))
    assert stays[12:] in files, "else this test shows nothing"
    assert deleted[12:28] not in files
