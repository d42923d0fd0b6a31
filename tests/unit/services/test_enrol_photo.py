from __future__ import annotations

import pytest
from registries import PURPOSE, agree, photo_of

from visavis.audit.entry import Action, Refusal
from visavis.errors import (
    ConsentTermsError,
    CorruptImageError,
    NoConsentError,
    OtherPersonError,
    UnknownGalleryError,
)
from visavis.services.enrol_photo import Shown, enrol_largest
from visavis.services.galleries import create
from visavis.services.log import latest_entries
from visavis.services.registry import Registry


def shown(*people: str, subject: str = "anna", label: str = "", min_quality: float = 0.2) -> Shown:
    return Shown(subject, label, photo_of(*people), min_quality)


def test_the_largest_is_enrolled_and_the_others_are_named_without_a_template(registry: Registry) -> None:
    create(registry, "staff", PURPOSE)
    agree(registry, "anna")
    done = enrol_largest(registry, "staff", shown("anna", "a stranger", "another", label=":img1"))
    assert done.reference is not None
    assert (done.reference.subject, done.reference.label) == ("anna", ":img1")
    assert [face.template is not None for face in done.faces] == [True, False, False]


def test_the_same_photo_twice_is_one_reference(registry: Registry) -> None:
    create(registry, "staff", PURPOSE)
    agree(registry, "anna")
    first, second = (enrol_largest(registry, "staff", shown("anna")).reference for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.id == second.id


def test_who_did_not_agree_is_refused_before_the_photo_is_looked_at(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(registry, "staff", PURPOSE)
    monkeypatch.setattr(registry, "analyzer", None)  # whoever looks fails
    with pytest.raises(NoConsentError):
        enrol_largest(registry, "staff", shown("anna"))
    last = latest_entries(registry, 1)[0].entry
    assert (last.action, last.refusal) == (Action.ENROL, Refusal.NO_CONSENT)


@pytest.mark.parametrize(
    ("people", "min_quality", "refusal"),
    [((), 0.2, Refusal.NO_FACE), (("anna",), 0.95, Refusal.UNUSABLE_PHOTO)],
)
def test_nobody_good_enough_enrols_nobody_and_is_logged(
    registry: Registry, people: tuple[str, ...], min_quality: float, refusal: Refusal
) -> None:
    create(registry, "staff", PURPOSE)
    agree(registry, "anna")
    done = enrol_largest(registry, "staff", shown(*people, min_quality=min_quality))
    assert done.reference is None
    assert len(done.faces) == len(people)
    assert latest_entries(registry, 1)[0].entry.refusal == refusal


def test_somebody_else_under_her_name_is_refused(registry: Registry) -> None:
    create(registry, "staff", PURPOSE)
    agree(registry, "anna")
    enrol_largest(registry, "staff", shown("anna"))
    with pytest.raises(OtherPersonError):
        enrol_largest(registry, "staff", shown("boris"))


def test_what_is_no_photo_no_subject_or_no_gallery(registry: Registry) -> None:
    create(registry, "staff", PURPOSE)
    agree(registry, "anna")

    def broken(_: bytes) -> list[object]:
        raise CorruptImageError

    registry.analyzer("sface-2021dec").all_and_largest = broken  # type: ignore[method-assign, assignment]
    with pytest.raises(CorruptImageError):
        enrol_largest(registry, "staff", shown("anna"))
    assert latest_entries(registry, 1)[0].entry.refusal == Refusal.UNUSABLE_PHOTO
    with pytest.raises(ConsentTermsError):
        enrol_largest(registry, "staff", shown("anna", subject=" "))
    with pytest.raises(UnknownGalleryError):
        enrol_largest(registry, "nobody", shown("anna"))
