"""A face is compared with the one person whom it is said to be, while they agree, and with nobody else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest
from registries import MODEL, NOW, OTHER_MODEL, PURPOSE, Clock, agree, enrolled, photo_of, template_of

from visavis.audit.entry import Action, Counted, Refusal
from visavis.consent.terms import Terms
from visavis.errors import (
    ConsentExpiredError,
    ConsentTermsError,
    ConsentWithdrawnError,
    NoConsentError,
    NoFaceError,
    OtherPurposeError,
    SearchRateError,
    UnknownGalleryError,
    UnknownSubjectError,
)
from visavis.faces import Vector
from visavis.services import consents, galleries, scoring
from visavis.services.consents import Given, give
from visavis.services.log import latest_entries
from visavis.services.registry import Registry
from visavis.services.verify import verify, verify_photo
from visavis.store.crypto import Key
from visavis.store.references import Reference


@pytest.fixture
def staff(registry: Registry) -> Registry:
    """A registry with a gallery in which anna and ben are enrolled, with two photos each."""
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben")
    enrolled(registry, "staff", "anna", "ben", photos=(0, 1))
    return registry


def test_only_the_named_persons_references_are_opened(
    staff: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    open_vectors = scoring.open_vectors

    def noted(references: Iterable[Reference], keys: Mapping[bytes, Key]) -> list[tuple[Reference, Vector]]:
        found = open_vectors(references, keys)
        opened.extend(reference.subject for reference, _ in found)
        return found

    monkeypatch.setattr("visavis.services.verify.open_vectors", noted)
    found = verify_photo(staff, "staff", "anna", photo_of("anna", photo=5))
    assert (found.references, found.comparison.match) == (2, True)
    exact = [float(template_of("anna", 5).vector @ template_of("anna", i).vector) for i in (0, 1)]
    assert found.comparison.score == pytest.approx(max(exact), abs=1e-6)
    assert opened == ["anna", "anna"]
    entry = latest_entries(staff, 1)[0].entry
    assert (entry.action, entry.counts) == (Action.VERIFY, {Counted.FACES: 1, Counted.REFERENCES: 2})


def test_each_refusal_has_its_reason_in_the_log(staff: Registry, clock: Clock) -> None:
    give(staff, Given("late", PURPOSE, Terms(until=NOW + 1)))
    agree(staff, "elsewhere", purpose="something else")
    agree(staff, "bare")
    consents.withdraw(staff, "ben", PURPOSE)
    clock.now += 1
    face, rate = photo_of("anna", photo=5), 1e-12
    refusals = [
        ("nobody", face, 0.01, NoConsentError, Refusal.NO_CONSENT),
        ("late", face, 0.01, ConsentExpiredError, Refusal.EXPIRED),
        ("elsewhere", face, 0.01, OtherPurposeError, Refusal.OTHER_PURPOSE),
        ("ben", face, 0.01, ConsentWithdrawnError, Refusal.WITHDRAWN),
        ("bare", face, 0.01, UnknownSubjectError, Refusal.NOT_FOUND),
        ("anna", photo_of(), 0.01, NoFaceError, Refusal.NO_FACE),
        ("anna", face, rate, SearchRateError, Refusal.BAD_REQUEST),
    ]
    for subject, photo, max_fmr, error, reason in refusals:
        with pytest.raises(error):
            verify_photo(staff, "staff", subject, photo, max_fmr)
        entry = latest_entries(staff, 1)[0].entry
        assert (entry.action, entry.refusal, entry.commitments) == (Action.VERIFY, reason, ())


def test_what_cannot_be_asked(staff: Registry) -> None:
    with pytest.raises(UnknownGalleryError):
        verify_photo(staff, "none", "anna", photo_of("anna"))
    with pytest.raises(ConsentTermsError):
        verify_photo(staff, "staff", "a:b", photo_of("anna"))
    with pytest.raises(UnknownSubjectError):  # a template of another model compares with none of hers
        verify(staff, "staff", "anna", [template_of("anna", 5, OTHER_MODEL)])
    both = [template_of("anna", 5, OTHER_MODEL), template_of("anna", 5, MODEL)]
    assert verify(staff, "staff", "anna", both).references == 2
