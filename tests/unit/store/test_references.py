"""The rows of references: read with their person's grant, deleted with a trace, numbered for good."""

from __future__ import annotations

from uuid import UUID

import pytest
from registries import MODEL, PURPOSE, agree, enrolled, identity
from sqlalchemy import func, select

from visavis.errors import StoreError
from visavis.services import consents, galleries
from visavis.services.registry import Registry
from visavis.store import batches, schema
from visavis.store.galleries import Gallery, all_galleries, find_gallery
from visavis.store.references import (
    Reference,
    delete_references_at,
    delete_references_in,
    delete_references_of,
    erased_after,
    insert_references,
    known_images,
    last_erasure,
    list_references,
    model_number,
    page_for_index,
    references_at,
    references_of,
    references_with_ids,
)

PEOPLE = ("anna", "ben", "cleo", "dora", "emil")


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)


@pytest.fixture
def full(registry: Registry) -> Registry:
    """Two galleries: `staff` has two photos of each, in turn; `guests` one of Anna."""
    for name in ("staff", "guests"):
        galleries.create(registry, name, PURPOSE)
    agree(registry, *PEOPLE)
    for photo in (0, 1):
        enrolled(registry, "staff", *reversed(PEOPLE), photos=(photo,))
    enrolled(registry, "guests", "anna")
    return registry


def gallery(registry: Registry, name: str = "staff") -> Gallery:
    with registry.store.read() as connection:
        return find_gallery(connection, name)


def everything(registry: Registry, name: str = "staff") -> list[Reference]:
    with registry.store.read() as connection:
        return list_references(connection, gallery(registry, name).id, 0, 100)


def test_by_number_id_and_grant(full: Registry) -> None:
    staff = everything(full)
    assert [r.subject for r in staff] == [*reversed(PEOPLE)] * 2
    numbers = [r.number for r in staff]
    assert numbers == sorted(set(numbers))
    place = gallery(full)
    with full.store.read() as connection:
        assert references_at(connection, [*numbers, 999, numbers[0]]) == {r.number: r for r in staff}
        asked = [r.id for r in staff]
        found = references_with_ids(connection, place.id, [*asked, *asked, bytes(16)])
        assert sorted(found, key=lambda r: r.number) == staff
        assert references_with_ids(connection, gallery(full, "guests").id, asked) == []
        grants = list(dict.fromkeys(r.grant_id for r in staff))
        assert references_of(connection, grants, place.id) == staff, "the oldest first, over all batches"
        assert references_of(connection, grants) == [*staff, *everything(full, "guests")]
        assert references_at(connection, []) == {}
        assert references_of(connection, []) == references_with_ids(connection, place.id, []) == []


def test_pages(full: Registry) -> None:
    staff, place = everything(full), gallery(full)
    with full.store.read() as connection:
        assert list_references(connection, place.id, staff[3].number, 4) == staff[4:8]
        page = page_for_index(connection, place.id, staff[3].number, 4)
        assert [row[0] for row in page] == [r.number for r in staff[4:8]]
        assert {row[3] for row in page} == {MODEL}
        assert page_for_index(connection, place.id, staff[-1].number, 4) == []


def test_what_lives(full: Registry) -> None:
    anna = next(r for r in everything(full) if r.subject == "anna")
    assert anna.lives(anna.expires_at - 1)
    assert not anna.lives(anna.expires_at)
    assert "anna" not in repr(anna)


def test_images_that_are_known(full: Registry) -> None:
    with full.store.read() as connection:
        staff = everything(full)
        grants = list(dict.fromkeys(r.grant_id for r in staff))
        known = known_images(connection, gallery(full), grants)
        assert set(known.values()) == {r.id for r in staff}
        assert {grant for grant, _, _ in known} == set(grants)
        assert len({digest for _, digest, _ in known}) == 10, "under each person's own key"
        assert known_images(connection, gallery(full), []) == {}


def test_what_is_deleted_leaves_its_number(full: Registry) -> None:
    staff, place = everything(full), gallery(full)
    with full.store.read() as connection:
        assert last_erasure(connection) == 0
        assert erased_after(connection, 0) == (0, [])
    numbers = [r.number for r in staff[:3]]
    with full.store.write() as connection:
        assert delete_references_at(connection, [*numbers, 999]) == 3
        last, gone = erased_after(connection, 0)
        assert (last, sorted(gone)) == (last_erasure(connection), numbers)
        grant = staff[4].grant_id
        assert delete_references_of(connection, grant) == 3
        assert delete_references_of(connection, grant) == 0
        assert len(erased_after(connection, last)[1]) == 3
        assert delete_references_in(connection, place.id) == 5
        assert connection.scalar(select(func.count()).select_from(schema.erased)) == 11
    assert everything(full) == everything(full, "guests") == []


def test_a_number_is_never_used_twice(full: Registry) -> None:
    last = everything(full, "guests")[-1].number
    with full.store.write() as connection:
        delete_references_at(connection, [last])
    enrolled(full, "guests", "ben")
    assert everything(full, "guests")[-1].number > last


def test_whoever_withdraws_takes_the_salts_along(full: Registry) -> None:
    consents.withdraw(full, "anna", PURPOSE)
    assert {r.subject for r in everything(full)} == set(PEOPLE) - {"anna"}
    with full.store.read() as connection:
        left = set(connection.scalars(select(schema.salts.c.grant_id)))
        of_anna = connection.scalar(select(schema.grants.c.id).where(schema.grants.c.subject == "anna"))
    assert of_anna not in left
    assert len(left) == 4


def test_a_model_has_one_number(full: Registry) -> None:
    with full.store.write() as connection:
        numbers = [model_number(connection, identity(name)) for name in (MODEL, "other", MODEL, "other")]
    assert numbers[0] == numbers[2] != numbers[1] == numbers[3]


def test_nothing_and_too_much(full: Registry) -> None:
    with full.store.write() as connection:
        insert_references(connection, [])
        assert delete_references_at(connection, []) == 0
        kept = connection.execute(select(schema.enrolled)).mappings().first()
    assert kept is not None
    row = {**kept, "number": None}
    del row["number"]
    with pytest.raises(StoreError), full.store.write() as connection:
        connection.execute(schema.enrolled.insert().values(**{**row, "id": UUID(int=7).bytes}))


def test_galleries_are_listed_by_name(full: Registry) -> None:
    with full.store.read() as connection:
        assert [g.name for g in all_galleries(connection)] == ["guests", "staff"]
