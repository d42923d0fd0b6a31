"""The rows of access keys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from visavis.errors import StoreError, UnknownAccessKeyError
from visavis.services.registry import Registry
from visavis.store.access import (
    AccessRow,
    all_access_keys,
    find_access_key,
    ids_of_unrevoked,
    insert_access_key,
    revoke_access_key,
)

FIRST = AccessRow("VSVSB", ("DetectFaces", "Search*"), ("staff", "visit*"), 5, 90, None)
SECOND = AccessRow("VSVSA", ("*",), ("*",), 6, None, None)


def test_a_key_is_found_as_it_was_put_in(registry: Registry) -> None:
    with registry.store.write() as connection:
        assert all_access_keys(connection) == []
        assert ids_of_unrevoked(connection) == []
        for key in (SECOND, FIRST):
            insert_access_key(connection, key)
        assert all_access_keys(connection) == [FIRST, SECOND]
        assert [find_access_key(connection, key.id) for key in (FIRST, SECOND)] == [FIRST, SECOND]
        for unknown in ("vsvsb", "VSVS_", "VSVS%", "", "it's"):
            with pytest.raises(UnknownAccessKeyError):
                find_access_key(connection, unknown)


def test_the_first_revocation_counts(registry: Registry) -> None:
    with registry.store.write() as connection:
        for key in (FIRST, SECOND):
            insert_access_key(connection, key)
        assert ids_of_unrevoked(connection) == [SECOND.id, FIRST.id]
        for now in (7, 8):
            revoke_access_key(connection, FIRST.id, now)
        assert all_access_keys(connection) == [replace(FIRST, revoked_at=7), SECOND]
        assert ids_of_unrevoked(connection) == [SECOND.id]


def test_no_id_is_given_twice(registry: Registry) -> None:
    with registry.store.write() as connection:
        insert_access_key(connection, FIRST)
    with pytest.raises(StoreError), registry.store.write() as connection:
        insert_access_key(connection, replace(SECOND, id=FIRST.id))
    with registry.store.read() as connection:
        assert all_access_keys(connection) == [FIRST]
