"""The references of a gallery are looked at and deleted, and either is logged."""

from __future__ import annotations

from uuid import uuid4

import pytest
from registries import PURPOSE, agree, enrolled

from visavis.audit.entry import MAX_COMMITMENTS, Action, Counted
from visavis.errors import UnknownReferenceError
from visavis.services import contents, galleries
from visavis.services.log import latest_entries
from visavis.services.registry import Registry


@pytest.fixture
def staff(registry: Registry) -> Registry:
    """A registry with a gallery in which five people are enrolled, anna with two photos."""
    galleries.create(registry, "staff", PURPOSE)
    people = ("anna", "ben", "eva", "ida", "tom")
    agree(registry, *people)
    enrolled(registry, "staff", *people)
    enrolled(registry, "staff", "anna", photos=(1,))
    return registry


def test_looking_at_references_is_logged_before_the_first_is_seen(
    staff: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "_PAGE", 4)
    looking = contents.view(staff, "staff")
    assert next(looking).subject == "anna"
    entry = latest_entries(staff, 1)[0].entry
    assert (entry.action, entry.counts) == (Action.VIEW, {Counted.REFERENCES: 6, Counted.SUBJECTS: 5})
    assert [reference.subject for reference in looking] == ["ben", "eva", "ida", "tom", "anna"]


def test_references_are_removed_all_or_none(staff: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [reference.id for reference in contents.view(staff, "staff")]
    size = latest_entries(staff, 1)[0].number
    with pytest.raises(UnknownReferenceError):
        contents.remove(staff, "staff", [ids[0], uuid4().bytes])
    with pytest.raises(UnknownReferenceError):
        contents.remove(staff, "staff", [b""])
    assert latest_entries(staff, 1)[0].number == size
    monkeypatch.setattr(contents, "_IN_A_LEAF", 2)  # each leaf has room for so many alone
    assert contents.remove(staff, "staff", [*ids[:5], ids[0]]) == 5
    entries = [numbered.entry for numbered in latest_entries(staff, 3)]
    assert [entry.counts[Counted.REFERENCES] for entry in entries] == [2, 2, 1]
    assert [len(entry.commitments) for entry in entries] == [6, 6, 3]
    assert [reference.id for reference in contents.view(staff, "staff")] == [ids[5]]


def test_any_number_of_references_fits_into_leaves() -> None:
    assert 3 * contents._IN_A_LEAF <= MAX_COMMITMENTS
