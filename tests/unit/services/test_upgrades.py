"""A gallery moves to another recogniser, person by person."""

from __future__ import annotations

import pytest
from registries import OTHER_MODEL, PURPOSE, agree, enrolled, portrait_of

from visavis.errors import UnknownModelError
from visavis.services import contents, galleries, upgrades
from visavis.services.enrol import Enrolled, Enrolment, enrol
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
    monkeypatch.setattr("visavis.services.upgrades.find_manifest", lambda *_: None)
    upgrades.begin(registry, "staff", OTHER_MODEL)
    wanted = [Enrolment(person, portrait_of(person, 0, OTHER_MODEL)) for person in people]
    assert all(isinstance(found, Enrolled) for found in enrol(registry, "staff", wanted))


def test_moving_to_another_recogniser(staff: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    assert upgrades.finish(staff, "staff") == 0
    move_to_other_model(staff, monkeypatch, "anna", "eva")
    state = upgrades.state(staff, "staff")
    assert (state.missing, state.superseded) == (("ben", "ida", "tom"), 3)
    assert "ben" not in repr(state)
    assert upgrades.finish(staff, "staff") == 3
    state = upgrades.state(staff, "staff")
    assert (state.missing, state.superseded) == (("ben", "ida", "tom"), 0)
    left = sorted((r.subject, r.recogniser) for r in contents.view(staff, "staff"))
    assert left == [
        ("anna", OTHER_MODEL), ("ben", "sface-2021dec"), ("eva", OTHER_MODEL), ("ida", "sface-2021dec"),
        ("tom", "sface-2021dec"),
    ]  # fmt: skip


def test_an_unknown_recogniser_is_not_moved_to(sqlite_registry: Registry) -> None:
    galleries.create(sqlite_registry, "staff", PURPOSE)
    with pytest.raises(UnknownModelError):
        upgrades.begin(sqlite_registry, "staff", "no-such-model")
    assert galleries.find(sqlite_registry, "staff").recogniser == "sface-2021dec"
