"""Who may be enrolled, and what is refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from registries import (
    OTHER_MODEL,
    PURPOSE,
    Clock,
    agree,
    enrolled,
    identity,
    photo_of,
    portrait_of,
    registry_at,
    template_of,
)
from sqlalchemy import func, select

from visavis.audit.entry import Action, Refusal
from visavis.comparison import shipped_calibration
from visavis.errors import (
    ConsentTermsError,
    ConsentWithdrawnError,
    DuplicatePersonError,
    IncompatibleTemplatesError,
    NoConsentError,
    NoFaceError,
    OtherPersonError,
    PoorQualityError,
    SeveralFacesError,
    UnknownGalleryError,
    UnreadableImageError,
    VisavisError,
)
from visavis.faces import Template
from visavis.services import consents, galleries
from visavis.services.enrol import Enrolled, Enrolment, enrol
from visavis.services.folders import HowToEnrol, PhotoOf, enrol_photos
from visavis.services.identify import identify
from visavis.services.log import latest_entries
from visavis.services.lookalikes import close_score
from visavis.services.registry import Registry
from visavis.services.verify import verify
from visavis.store import schema


@pytest.fixture
def staff(registry: Registry) -> Registry:
    """A registry with a gallery for which anna and ben agreed."""
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben")
    return registry


def outcome(registry: Registry, enrolment: Enrolment) -> Enrolled | VisavisError:
    (one,) = enrol(registry, "staff", [enrolment])
    return one


def count(registry: Registry) -> int:
    with registry.store.read() as connection:
        return int(connection.execute(select(func.count()).select_from(schema.enrolled)).scalar_one())


def test_the_same_photo_is_one_reference(staff: Registry) -> None:
    first = outcome(staff, Enrolment("anna", portrait_of("anna")))
    again = outcome(staff, Enrolment("anna", portrait_of("anna")))
    assert isinstance(first, Enrolled)
    assert again == Enrolled(first.reference_id, known=True)
    labelled = outcome(staff, Enrolment("anna", portrait_of("anna"), label=":2"))
    assert isinstance(labelled, Enrolled)
    assert not labelled.known
    assert count(staff) == 2


def test_refused_with_the_reason_in_the_log(staff: Registry) -> None:
    enrolled(staff, "staff", "anna", "ben")
    consents.withdraw(staff, "ben", PURPOSE)
    wanted = [
        Enrolment("ben", portrait_of("ben")),
        Enrolment("eva", portrait_of("eva")),
        Enrolment("anna", portrait_of("someone")),
        Enrolment("anna", NoFaceError()),
        Enrolment("anna", SeveralFacesError()),
        Enrolment("anna", portrait_of("anna", 3, OTHER_MODEL)),
    ]
    outcomes = [type(found) for found in enrol(staff, "staff", wanted)]
    assert outcomes == [
        ConsentWithdrawnError, NoConsentError, OtherPersonError, NoFaceError, SeveralFacesError, IncompatibleTemplatesError,
    ]  # fmt: skip
    refusals = [(e.entry.action, e.entry.refusal) for e in latest_entries(staff, 6)]
    reasons = [Refusal.WITHDRAWN, Refusal.NO_CONSENT, Refusal.UNUSABLE_PHOTO, Refusal.NO_FACE]
    assert refusals[:4] == [(Action.ENROL, reason) for reason in reasons]
    assert count(staff) == 1


@pytest.mark.parametrize("value", [0.0, 0.1, float("nan"), float("inf")])
def test_what_is_no_template_is_refused_and_spoils_nothing(value: float, sqlite_registry: Registry) -> None:
    """An index takes templates of unit length alone: one row of another kind would keep the whole gallery from being searched."""
    galleries.create(sqlite_registry, "staff", PURPOSE)
    agree(sqlite_registry, "anna")
    portrait = portrait_of("anna")
    spoilt = Template(np.full(128, value, np.float32), identity())
    face = replace(portrait.face, template=spoilt)
    found = outcome(sqlite_registry, Enrolment("anna", replace(portrait, face=face), confirmed=True))
    assert isinstance(found, IncompatibleTemplatesError)
    enrolled(sqlite_registry, "staff", "anna")
    with pytest.raises(IncompatibleTemplatesError):
        identify(sqlite_registry, "staff", [spoilt])
    with pytest.raises(IncompatibleTemplatesError):
        verify(sqlite_registry, "staff", "anna", [spoilt])
    assert identify(sqlite_registry, "staff", [template_of("anna", 5)]).references == 1


def test_somebody_elses_photo_is_refused_unless_confirmed(staff: Registry) -> None:
    enrolled(staff, "staff", "anna")
    wrong = Enrolment("ben", portrait_of("anna", 4))
    assert isinstance(outcome(staff, wrong), DuplicatePersonError)
    assert isinstance(outcome(staff, Enrolment("ben", portrait_of("anna", 4), confirmed=True)), Enrolled)
    agree(staff, "eva", "eve")
    twice = [Enrolment("eva", portrait_of("x", 1)), Enrolment("eve", portrait_of("x", 2))]
    assert isinstance(enrol(staff, "staff", twice)[1], DuplicatePersonError)  # within one transaction


def test_lookalikes_are_asked_for_more_likeness_in_larger_galleries() -> None:
    calibration = shipped_calibration("sface-2021dec")
    scores = [close_score(calibration, size) for size in (1, 100, 1_000, 10_000, 100_000, 10**6, 10**9)]
    assert scores[0] == scores[1] == pytest.approx(calibration.threshold_score(1.005e-4), abs=1e-3)
    assert scores == sorted(scores)
    assert scores[1] < scores[2] < scores[3] < scores[4] < scores[5] < 0.99


def test_an_unknown_gallery(registry: Registry) -> None:
    with pytest.raises(UnknownGalleryError):
        enrol(registry, "none", [Enrolment("anna", portrait_of("anna"))])


@pytest.mark.parametrize("subject", ["", "a:b", "a/b", "ä", "a" * 256, "a b"])
def test_what_cannot_be_a_subject(subject: str) -> None:
    with pytest.raises(ConsentTermsError):
        Enrolment(subject, portrait_of("anna"))


def photos_in(folder: Path, **photos: bytes) -> list[PhotoOf]:
    listed = []
    for name, data in photos.items():
        (folder / name).write_bytes(data)
        listed.append(PhotoOf(name.split("_")[0], folder / name))
    return listed


def test_a_folder_is_enrolled_and_gone_on_with(staff: Registry, tmp_path: Path) -> None:
    photos = photos_in(
        tmp_path,
        anna_1=photo_of("anna", photo=1),
        anna_2=photo_of("anna", photo=2),
        ben_1=photo_of("ben", "anna"),
        ben_2=photo_of(),
        ben_3=photo_of("ben", photo=3, quality=0.01),
        ben_4=photo_of("ben", photo=4),
    )
    photos.append(PhotoOf("ben", tmp_path / "missing"))
    outcomes = [found for _, found in enrol_photos(staff, "staff", photos, HowToEnrol())]
    assert [type(found) for found in outcomes] == [
        Enrolled, Enrolled, SeveralFacesError, NoFaceError, PoorQualityError, Enrolled, UnreadableImageError,
    ]  # fmt: skip
    size = len(latest_entries(staff, 1_000))
    again = [found for _, found in enrol_photos(staff, "staff", photos[:2], HowToEnrol())]
    assert all(isinstance(found, Enrolled) and found.known for found in again)
    assert len(latest_entries(staff, 1_000)) == size  # nothing was used
    largest = [found for _, found in enrol_photos(staff, "staff", photos[2:3], HowToEnrol(largest=True))]
    assert isinstance(largest[0], Enrolled)
    assert count(staff) == 4


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("abcde"), st.integers(0, 2)), max_size=12)
)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_enrolled_each_has_an_outcome_and_a_leaf(
    tmp_path_factory: pytest.TempPathFactory, wanted: list[tuple[str, str, int]]
) -> None:
    """a, b and c agreed; d withdrew; e was never asked. Any of their photos may be said to show any of them."""
    with registry_at(tmp_path_factory.mktemp("home"), clock=Clock()) as registry:
        galleries.create(registry, "staff", PURPOSE)
        agree(registry, "a", "b", "c", "d")
        consents.withdraw(registry, "d", PURPOSE)
        before = len(latest_entries(registry, 1_000))
        enrolments = [Enrolment(subject, portrait_of(shown, photo)) for subject, shown, photo in wanted]
        outcomes = enrol(registry, "staff", enrolments)
        entries = latest_entries(registry, 1_000)[before:]
        assert len(entries) == max(1, len(wanted))
        assert len(outcomes) == len(wanted)
        new = [found for found in outcomes if isinstance(found, Enrolled) and not found.known]
        assert count(registry) == len(new) == len({found.reference_id for found in new})
        with registry.store.read() as connection:
            query = select(schema.grants.c.subject).join(schema.enrolled)
            stored = Counter(connection.scalars(query))
        assert set(stored) <= {"a", "b", "c"}
        for (subject, _, _), found, entry in zip(wanted, outcomes, entries, strict=False):
            assert (entry.entry.refusal is None) == isinstance(found, Enrolled)
            if subject in "de":
                assert isinstance(found, (ConsentWithdrawnError, NoConsentError))
