"""Galleries are made for one purpose, shown and deleted."""

from __future__ import annotations

import pytest
from registries import OTHER_MODEL, PURPOSE, FakeAnalyzer, agree, enrolled, portrait_of

from visavis.audit.entry import Action, Counted
from visavis.errors import (
    ConsentTermsError,
    GalleryExistsError,
    GalleryNameError,
    UnknownGalleryError,
    UnknownModelError,
    VisavisError,
)
from visavis.services import contents, galleries, upgrades
from visavis.services.enrol import Enrolment, enrol
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
    monkeypatch.setattr("visavis.services.upgrades.find_manifest", lambda *_: None)
    upgrades.begin(staff, "staff", OTHER_MODEL)
    enrol(staff, "staff", [Enrolment("anna", portrait_of("anna", 0, OTHER_MODEL))])

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
    assert [reference.subject for reference in contents.view(staff, "other")] == ["anna"]
    galleries.create(staff, "staff", PURPOSE)
    assert list(contents.view(staff, "staff")) == []
    enrolled(staff, "staff", "anna")  # her consent is to the purpose, and holds


def test_the_galleries_of_a_purpose_are_those_of_exactly_this_text(registry: Registry) -> None:
    for name, purpose in (("b", PURPOSE), ("a", PURPOSE), ("c", f"{PURPOSE}s")):
        galleries.create(registry, name, purpose)
    assert [gallery.name for gallery in galleries.of_purpose(registry, PURPOSE)] == ["a", "b"]
    assert galleries.of_purpose(registry, "another") == []
