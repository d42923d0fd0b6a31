"""The rows of galleries."""

from __future__ import annotations

import pytest
from registries import MODEL, OTHER_MODEL, PURPOSE, agree, enrolled

from visavis.errors import GalleryExistsError, StoreError, UnknownGalleryError
from visavis.services import galleries as service
from visavis.services.registry import Registry
from visavis.store.galleries import (
    Gallery,
    all_galleries,
    count_references,
    delete_gallery,
    find_gallery,
    gallery_with_id,
    insert_gallery,
    recognisers_in,
    set_recogniser,
)

STAFF = Gallery(bytes(16), "staff", PURPOSE, MODEL, 5)


def test_a_gallery_is_found_by_its_name(registry: Registry) -> None:
    with registry.store.write() as connection:
        assert all_galleries(connection) == []
        insert_gallery(connection, STAFF)
        assert find_gallery(connection, "staff") == gallery_with_id(connection, STAFF.id) == STAFF
        with pytest.raises(UnknownGalleryError):
            gallery_with_id(connection, b"1" * 16)
        for name in ("Staff", "staff ", "", "st%", "nobody's"):
            with pytest.raises(UnknownGalleryError):
                find_gallery(connection, name)
        with pytest.raises(GalleryExistsError):
            insert_gallery(connection, Gallery(b"1" * 16, "staff", "other", MODEL, 6))
        assert all_galleries(connection) == [STAFF]
        set_recogniser(connection, STAFF.id, OTHER_MODEL)
        assert find_gallery(connection, "staff").recogniser == OTHER_MODEL
        delete_gallery(connection, STAFF.id)
        assert all_galleries(connection) == []


def test_what_is_in_it(registry: Registry) -> None:
    gallery = service.create(registry, "staff", PURPOSE)
    service.create(registry, "empty", PURPOSE)
    agree(registry, "anna", "ben")
    enrolled(registry, "staff", "anna", "ben", photos=(0, 1))
    with registry.store.read() as connection:
        assert count_references(connection, gallery.id) == (4, 2)
        assert recognisers_in(connection, gallery.id) == {MODEL: MODEL}
        empty = find_gallery(connection, "empty")
        assert count_references(connection, empty.id) == (0, 0)
        assert recognisers_in(connection, empty.id) == {}


def test_one_with_references_cannot_go(registry: Registry) -> None:
    gallery = service.create(registry, "staff", PURPOSE)
    agree(registry, "anna")
    enrolled(registry, "staff", "anna")
    with pytest.raises(StoreError), registry.store.write() as connection:
        delete_gallery(connection, gallery.id)
    with registry.store.read() as connection:
        assert find_gallery(connection, "staff") == gallery
