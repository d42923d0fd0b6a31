"""The vectors in memory are those of the store, whatever went wrong while they were read."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from registries import PURPOSE, Clock, agree, enrolled, registry_at

from visavis.errors import StoreBusyError
from visavis.services import consents, galleries, indexes
from visavis.services.registry import Registry
from visavis.store.crypto import Key


@pytest.fixture
def staff(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry with a gallery of four people, that is read two references at a time, and by nobody in the background."""
    monkeypatch.setattr(indexes, "_PAGE", 2)
    monkeypatch.setattr(indexes.Indexes, "_watch", lambda _: None)
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben", "eva", "ida")
    enrolled(registry, "staff", "anna", "ben", "eva", "ida")
    return registry


def size(registry: Registry) -> int:
    found = registry.indexes.of(galleries.find(registry, "staff").id)
    return sum(len(index) for index in found.values())


def test_an_index_is_read_in_pages_and_kept_fresh(staff: Registry, database_url: str, clock: Clock) -> None:
    with registry_at(staff.settings.home, database_url, clock) as other:
        assert size(other) == 4
        enrolled(staff, "staff", "anna", photos=(1, 2, 3))
        consents.withdraw(staff, "ben", PURPOSE)
        assert size(other) == 6
        galleries.delete(staff, "staff")
        other.indexes.refresh()
        galleries.create(staff, "staff", PURPOSE)
        assert size(other) == 0


def test_who_is_erased_while_a_first_reading_fails_is_not_kept(
    staff: Registry, database_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with registry_at(staff.settings.home, database_url, clock) as other:
        keys, pages = other.keyring.keys, []

        def second_page_fails(grant_ids: Iterable[bytes]) -> dict[bytes, Key]:
            pages.append(1)
            if len(pages) == 2:
                raise StoreBusyError
            return keys(grant_ids)

        monkeypatch.setattr(other.keyring, "keys", second_page_fails)
        with pytest.raises(StoreBusyError):
            size(other)
        consents.withdraw(staff, "anna", PURPOSE)  # she was on the first page
        assert size(other) == 3


def test_a_closed_registry_holds_no_vectors(staff: Registry) -> None:
    assert size(staff) == 4
    staff.indexes.close()
    assert staff.indexes._loaded == {}
