"""The rows of users: named once in a gallery, listed by number, gone with the last reference that a consent's end erased."""

from __future__ import annotations

import pytest
from registries import NOW, PURPOSE, agree, enrolled

from visavis.consent.terms import Terms
from visavis.errors import StoreError, UnknownUserError, UserExistsError
from visavis.services import consents, contents, galleries
from visavis.services.consents import Given, give
from visavis.services.registry import Registry
from visavis.store import batches
from visavis.store.references import (
    grouped_references_at,
    grouped_references_in,
    list_references,
    references_of_user,
)
from visavis.store.users import (
    count_grouped,
    count_users,
    delete_user,
    find_user,
    group_references,
    insert_user,
    list_users,
    ungroup_references,
)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)


@pytest.fixture
def ids(registry: Registry) -> list[bytes]:
    """The ids of two galleries, with the users a, b and c in the first and a in the second; anna and ben have two photos each in the first.

    User a groups both of anna's photos and one of ben's, b the other.
    """
    made = [galleries.create(registry, name, PURPOSE).id for name in ("staff", "other")]
    agree(registry, "anna")
    give(registry, Given("ben", PURPOSE, Terms(until=NOW + 10)))
    enrolled(registry, "staff", "anna", "ben", photos=(0, 1))
    with registry.store.write() as connection:
        for gallery, name in ((made[0], "a"), (made[0], "b"), (made[1], "a"), (made[0], "c")):
            insert_user(connection, gallery, name)
        numbers = [reference.number for reference in list_references(connection, made[0], 0, 9)]
        group_references(connection, find_user(connection, made[0], "a"), numbers[:3])
        group_references(connection, find_user(connection, made[0], "b"), numbers[3:])
        group_references(connection, find_user(connection, made[0], "c"), [])
    return made


def listed(registry: Registry, gallery_id: bytes, now: int = NOW) -> list[tuple[str, int]]:
    with registry.store.read() as connection:
        return [(user.name, user.references) for user in list_users(connection, gallery_id, now, 0, 9)]


def test_a_name_is_one_users_in_a_gallery(registry: Registry, ids: list[bytes]) -> None:
    with registry.store.write() as connection:
        with pytest.raises(UserExistsError):
            insert_user(connection, ids[1], "a")
        assert find_user(connection, ids[0], "a") != find_user(connection, ids[1], "a")
        for name in ("A", "a ", "b"):
            with pytest.raises(UnknownUserError):
                find_user(connection, ids[1], name)
        insert_user(connection, ids[1], "A")
        assert [count_users(connection, gallery) for gallery in (*ids, bytes(16))] == [3, 2, 0]


def test_listed_by_number_with_what_counts(registry: Registry, ids: list[bytes]) -> None:
    assert listed(registry, ids[0]) == [("a", 3), ("b", 1), ("c", 0)]
    assert listed(registry, ids[0], NOW + 9) == [("a", 3), ("b", 1), ("c", 0)]
    assert listed(registry, ids[0], NOW + 10) == [("a", 2), ("b", 0), ("c", 0)]
    with registry.store.read() as connection:
        (first,) = list_users(connection, ids[0], NOW, 0, 1)
        rest = list_users(connection, ids[0], NOW, first.number, 9)
        assert [user.name for user in (first, *rest)] == ["a", "b", "c"]
        assert "'a'" not in repr(first)


def test_what_a_user_groups(registry: Registry, ids: list[bytes]) -> None:
    with registry.store.write() as connection:
        number = find_user(connection, ids[0], "a")
        grouped = references_of_user(connection, number)
        assert [reference.subject for reference in grouped] == ["anna", "anna", "ben"]
        numbers = [reference.number for reference in list_references(connection, ids[0], 0, 9)]
        ungroup_references(connection, [*numbers[:1], *numbers[2:], 99])
        assert [r.number for r in references_of_user(connection, number)] == [numbers[1]]
        assert [r.number for r in grouped_references_at(connection, [*numbers, 99])] == [numbers[1]]
        assert delete_user(connection, number) == 1
        assert [r.user for r in list_references(connection, ids[0], 0, 9)] == [None] * 4


def test_what_the_users_of_a_gallery_group(registry: Registry, ids: list[bytes]) -> None:
    enrolled(registry, "other", "anna")
    enrolled(registry, "staff", "anna", photos=(2,))
    with registry.store.write() as connection:
        (elsewhere,) = list_references(connection, ids[1], 0, 9)
        group_references(connection, find_user(connection, ids[1], "a"), [elsewhere.number])
        first = grouped_references_in(connection, ids[0], 0, 3)
        rest = grouped_references_in(connection, ids[0], first[-1].number, 3)
        assert [(r.subject, r.user) for r in (*first, *rest)] == [
            ("anna", "a"),
            ("anna", "a"),
            ("ben", "a"),
            ("ben", "b"),
        ]
        assert [count_grouped(connection, gallery) for gallery in (*ids, bytes(16))] == [4, 1, 0]


def test_a_reference_is_of_one_user(registry: Registry, ids: list[bytes]) -> None:
    with registry.store.read() as connection:
        number = list_references(connection, ids[0], 0, 1)[0].number
        other = find_user(connection, ids[0], "c")
    with pytest.raises(StoreError), registry.store.write() as connection:
        group_references(connection, other, [number])


def test_a_user_goes_with_the_last_reference_that_a_consents_end_erased(
    registry: Registry, ids: list[bytes]
) -> None:
    consents.withdraw(registry, "ben", PURPOSE)
    assert listed(registry, ids[0]) == [("a", 2), ("c", 0)]
    consents.withdraw(registry, "anna", PURPOSE)
    assert listed(registry, ids[0]) == [("c", 0)], "c never had any: nobody's erasure is about it"
    assert listed(registry, ids[1]) == [("a", 0)]


def test_a_user_stays_where_references_are_removed(registry: Registry, ids: list[bytes]) -> None:
    removed = [reference.id for reference in contents.view(registry, "staff") if reference.subject == "ben"]
    contents.remove(registry, "staff", removed)
    assert listed(registry, ids[0]) == [("a", 2), ("b", 0), ("c", 0)]


def test_users_and_tags_go_with_their_gallery(registry: Registry, ids: list[bytes]) -> None:
    galleries.delete(registry, "staff")
    assert listed(registry, ids[0]) == []
    assert listed(registry, ids[1]) == [("a", 0)]
