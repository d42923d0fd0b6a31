"""Galleries are made for one purpose, shown, emptied and moved to another recogniser."""

from __future__ import annotations

from uuid import uuid4

import pytest
from registries import OTHER_MODEL, PURPOSE, FakeAnalyzer, agree, enrolled, portrait_of

from visavis.audit.entry import MAX_COMMITMENTS, Action, Counted
from visavis.errors import (
    ConsentTermsError,
    GalleryExistsError,
    GalleryNameError,
    UnknownGalleryError,
    UnknownModelError,
    UnknownReferenceError,
    VisavisError,
)
from visavis.services import galleries
from visavis.services.enrol import Enrolled, Enrolment, enrol
from visavis.services.galleries import GallerySummary
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


def move_to_other_model(registry: Registry, monkeypatch: pytest.MonkeyPatch, *people: str) -> None:
    monkeypatch.setattr("visavis.services.galleries.find_manifest", lambda *_: None)
    galleries.upgrade_to(registry, "staff", OTHER_MODEL)
    wanted = [Enrolment(person, portrait_of(person, 0, OTHER_MODEL)) for person in people]
    assert all(isinstance(found, Enrolled) for found in enrol(registry, "staff", wanted))


@pytest.mark.parametrize(
    ("name", "purpose", "recogniser", "error"),
    [
        ("", PURPOSE, "sface-2021dec", GalleryNameError),
        ("a b", PURPOSE, "sface-2021dec", GalleryNameError),
        ("a\n", PURPOSE, "sface-2021dec", GalleryNameError),
        ("a" * 256, PURPOSE, "sface-2021dec", GalleryNameError),
        ("a", "", "sface-2021dec", ConsentTermsError),
        ("a", " x", "sface-2021dec", ConsentTermsError),
        ("a", PURPOSE, "no-such-model", UnknownModelError),
    ],
)
def test_what_no_gallery_can_be(
    name: str, purpose: str, recogniser: str, error: type[VisavisError], sqlite_registry: Registry
) -> None:
    with pytest.raises(error):
        galleries.create(sqlite_registry, name, purpose, recogniser)
    assert galleries.summaries(sqlite_registry) == []
    assert latest_entries(sqlite_registry, 9) == []


def test_galleries_are_listed_by_name_with_what_is_in_them(staff: Registry) -> None:
    empty = galleries.create(staff, "Visitors", "something else")
    with pytest.raises(GalleryExistsError):
        galleries.create(staff, "staff", PURPOSE)
    found = {summary.gallery.name: summary for summary in galleries.summaries(staff)}
    largest = found["staff"].largest
    assert found == {
        "staff": GallerySummary(galleries.find(staff, "staff"), 6, 5, 0, ("sface-2021dec",), largest),
        "Visitors": GallerySummary(empty, 0, 0, 0, (), largest),
    }
    assert largest == FakeAnalyzer("sface-2021dec").calibration.largest_gallery(0.01)


@pytest.mark.parametrize("name", ["none", "", "\udc80", "a\0b"])
def test_an_unknown_gallery_whatever_it_is_called(name: str, sqlite_registry: Registry) -> None:
    with pytest.raises(UnknownGalleryError):
        galleries.find(sqlite_registry, name)


def test_a_gallery_whose_recogniser_is_not_here_is_listed(
    staff: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    move_to_other_model(staff, monkeypatch, "anna")

    def not_here(_: str) -> FakeAnalyzer:
        raise UnknownModelError

    monkeypatch.setattr(staff, "analyzer", not_here)
    (summary,) = galleries.summaries(staff)
    assert (summary.largest, summary.recognisers) == (None, (OTHER_MODEL, "sface-2021dec"))


def test_a_gallery_is_deleted_with_its_references_alone(staff: Registry) -> None:
    galleries.create(staff, "other", PURPOSE)
    enrolled(staff, "other", "anna")
    assert galleries.delete(staff, "staff") == 6
    entry = latest_entries(staff, 1)[0].entry
    assert (entry.action, entry.counts) == (Action.GALLERY_DELETE, {Counted.REFERENCES: 6})
    with pytest.raises(UnknownGalleryError):
        galleries.delete(staff, "staff")
    assert [reference.subject for reference in galleries.view(staff, "other")] == ["anna"]
    galleries.create(staff, "staff", PURPOSE)
    assert list(galleries.view(staff, "staff")) == []
    enrolled(staff, "staff", "anna")  # her consent is to the purpose, and holds


def test_looking_at_references_is_logged_before_the_first_is_seen(
    staff: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(galleries, "_PAGE", 4)
    looking = galleries.view(staff, "staff")
    assert next(looking).subject == "anna"
    entry = latest_entries(staff, 1)[0].entry
    assert (entry.action, entry.counts) == (Action.VIEW, {Counted.REFERENCES: 6, Counted.SUBJECTS: 5})
    assert [reference.subject for reference in looking] == ["ben", "eva", "ida", "tom", "anna"]


def test_references_are_removed_all_or_none(staff: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [reference.id for reference in galleries.view(staff, "staff")]
    size = latest_entries(staff, 1)[0].number
    with pytest.raises(UnknownReferenceError):
        galleries.remove(staff, "staff", [ids[0], uuid4().bytes])
    with pytest.raises(UnknownReferenceError):
        galleries.remove(staff, "staff", [b""])
    assert latest_entries(staff, 1)[0].number == size
    monkeypatch.setattr(galleries, "_IN_A_LEAF", 2)  # each leaf has room for so many alone
    assert galleries.remove(staff, "staff", [*ids[:5], ids[0]]) == 5
    entries = [numbered.entry for numbered in latest_entries(staff, 3)]
    assert [entry.counts[Counted.REFERENCES] for entry in entries] == [2, 2, 1]
    assert [len(entry.commitments) for entry in entries] == [6, 6, 3]
    assert [reference.id for reference in galleries.view(staff, "staff")] == [ids[5]]


def test_any_number_of_references_fits_into_leaves() -> None:
    assert 3 * galleries._IN_A_LEAF <= MAX_COMMITMENTS


def test_moving_to_another_recogniser(staff: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    assert galleries.finish_upgrade(staff, "staff") == 0
    move_to_other_model(staff, monkeypatch, "anna", "eva")
    state = galleries.upgrade_state(staff, "staff")
    assert (state.missing, state.superseded) == (("ben", "ida", "tom"), 3)
    assert "ben" not in repr(state)
    assert galleries.finish_upgrade(staff, "staff") == 3
    state = galleries.upgrade_state(staff, "staff")
    assert (state.missing, state.superseded) == (("ben", "ida", "tom"), 0)
    left = sorted((r.subject, r.recogniser) for r in galleries.view(staff, "staff"))
    assert left == [
        ("anna", OTHER_MODEL), ("ben", "sface-2021dec"), ("eva", OTHER_MODEL), ("ida", "sface-2021dec"),
        ("tom", "sface-2021dec"),
    ]  # fmt: skip


def test_an_unknown_recogniser_is_not_moved_to(sqlite_registry: Registry) -> None:
    galleries.create(sqlite_registry, "staff", PURPOSE)
    with pytest.raises(UnknownModelError):
        galleries.upgrade_to(sqlite_registry, "staff", "no-such-model")
    assert galleries.find(sqlite_registry, "staff").recogniser == "sface-2021dec"


def test_the_galleries_of_a_purpose_are_those_of_exactly_this_text(registry: Registry) -> None:
    for name, purpose in (("b", PURPOSE), ("a", PURPOSE), ("c", f"{PURPOSE}s")):
        galleries.create(registry, name, purpose)
    assert [gallery.name for gallery in galleries.of_purpose(registry, PURPOSE)] == ["a", "b"]
    assert galleries.of_purpose(registry, "another") == []
