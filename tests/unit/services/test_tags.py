"""Tags of galleries: the purpose is one that never changes."""

from __future__ import annotations

import pytest
from registries import PURPOSE

from visavis.audit.entry import Action
from visavis.errors import TagError, TooManyTagsError, UnknownGalleryError
from visavis.services import galleries, tags
from visavis.services.log import latest_entries
from visavis.services.registry import Registry
from visavis.services.tags import FPIR_TAG, PURPOSE_TAG


@pytest.fixture
def staff(registry: Registry) -> Registry:
    galleries.create(registry, "staff", PURPOSE)
    return registry


def test_the_purpose_is_shown_among_them(staff: Registry) -> None:
    assert tags.show(staff, "staff") == {PURPOSE_TAG: PURPOSE}
    tags.put(staff, "staff", {"team": "a", PURPOSE_TAG: PURPOSE, FPIR_TAG: "1e-2"})
    assert tags.show(staff, "staff") == {PURPOSE_TAG: PURPOSE, "team": "a", FPIR_TAG: "1e-2"}
    assert tags.fpir_of(tags.show(staff, "staff")) == 0.01
    tags.remove(staff, "staff", ["team", "none"])
    assert tags.show(staff, "staff") == {PURPOSE_TAG: PURPOSE, FPIR_TAG: "1e-2"}


def test_changes_leave_a_leaf_and_looking_none(staff: Registry) -> None:
    tags.put(staff, "staff", {"team": "a"})
    tags.remove(staff, "staff", ["team"])
    tags.show(staff, "staff")
    entries = [numbered.entry for numbered in latest_entries(staff, 3)]
    assert [(entry.action, entry.gallery) for entry in entries] == [
        (Action.GALLERY_CREATE, "staff"),
        (Action.GALLERY_CHANGE, "staff"),
        (Action.GALLERY_CHANGE, "staff"),
    ]


@pytest.mark.parametrize(
    "refused",
    [
        {"aws:team": "a"},
        {"AWS:team": "a"},
        {PURPOSE_TAG: "something else"},
        {PURPOSE_TAG: ""},
        *(
            {FPIR_TAG: rate}
            for rate in ("", "0", "1", "-0.1", "2", "nan", "inf", "0.0_1", " 0.1", "1/100", "\u0660.\u0661")
        ),
    ],
)
def test_what_cannot_be_set(refused: dict[str, str], sqlite_registry: Registry) -> None:
    galleries.create(sqlite_registry, "staff", PURPOSE)
    with pytest.raises(TagError):
        tags.put(sqlite_registry, "staff", {"team": "a"} | refused)
    assert tags.show(sqlite_registry, "staff") == {PURPOSE_TAG: PURPOSE}


def test_the_purpose_cannot_be_removed(staff: Registry) -> None:
    tags.put(staff, "staff", {"team": "a"})
    with pytest.raises(TagError, match="agreed to"):
        tags.remove(staff, "staff", ["team", PURPOSE_TAG])
    assert tags.show(staff, "staff") == {PURPOSE_TAG: PURPOSE, "team": "a"}


def test_two_hundred_at_most_with_the_purpose(staff: Registry) -> None:
    tags.put(staff, "staff", {f"t{i}": "" for i in range(198)})
    tags.put(staff, "staff", {"t0": "changed", "t198": ""})
    assert len(tags.show(staff, "staff")) == 200
    with pytest.raises(TooManyTagsError):
        tags.put(staff, "staff", {"t199": ""})
    tags.put(staff, "staff", {"t0": "changed again"})
    assert tags.show(staff, "staff")["t0"] == "changed again"


def test_an_unknown_gallery_has_none(staff: Registry) -> None:
    for call in (
        lambda: tags.show(staff, "none"),
        lambda: tags.put(staff, "none", {}),
        lambda: tags.remove(staff, "none", []),
    ):
        with pytest.raises(UnknownGalleryError):
            call()
