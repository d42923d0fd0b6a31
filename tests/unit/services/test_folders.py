"""Folders of photos: each has its outcome, whatever is wrong with its neighbours."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
from registries import PURPOSE, FakeAnalyzer, agree, photo_of

from visavis.audit.entry import Action, Refusal
from visavis.errors import (
    ConsentTermsError,
    ConsentWithdrawnError,
    DuplicatePersonError,
    NoConsentError,
    OtherPersonError,
    StoreBusyError,
    UnknownGalleryError,
    VisavisError,
    WeightsMissingError,
)
from visavis.faces import Face
from visavis.services import consents, contents, folders, galleries
from visavis.services.enrol import Enrolled
from visavis.services.folders import HowToEnrol, PhotoOf, enrol_photos
from visavis.services.log import latest_entries
from visavis.services.registry import Registry

AS_THEY_ARE = HowToEnrol()


@pytest.fixture
def staff(registry: Registry) -> Registry:
    """A registry with a gallery for which anna and ben agreed, and eva withdrew."""
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben", "eva")
    consents.withdraw(registry, "eva", PURPOSE)
    return registry


def photo(folder: Path, subject: str, data: bytes) -> PhotoOf:
    path = folder / f"{len(list(folder.iterdir()))}.jpg"
    path.write_bytes(data)
    return PhotoOf(subject, path)


def kinds(outcomes: list[tuple[PhotoOf, Enrolled | VisavisError]]) -> list[type]:
    return [type(found) for _, found in outcomes]


def test_a_photo_of_somebody_who_did_not_agree_is_not_opened(
    staff: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[bytes] = []
    only: Callable[[FakeAnalyzer, bytes], Face] = FakeAnalyzer.only

    def noted(self: FakeAnalyzer, data: bytes) -> Face:
        looked_at.append(data)
        return only(self, data)

    monkeypatch.setattr(FakeAnalyzer, "only", noted)
    agreed = photo_of("anna")
    photos = [photo(tmp_path, "eva", b"no photo at all"), PhotoOf("nobody", tmp_path / "missing")]
    photos.append(photo(tmp_path, "anna", agreed))
    outcomes = list(enrol_photos(staff, "staff", photos, AS_THEY_ARE))
    assert kinds(outcomes) == [ConsentWithdrawnError, NoConsentError, Enrolled]
    assert looked_at == [agreed]
    entries = [numbered.entry for numbered in latest_entries(staff, 3)]
    assert [(e.action, e.refusal) for e in entries] == [
        (Action.ENROL, Refusal.WITHDRAWN), (Action.ENROL, Refusal.NO_CONSENT), (Action.ENROL, None),
    ]  # fmt: skip


def test_a_folder_that_names_nobody_stops_no_other(staff: Registry, tmp_path: Path) -> None:
    photos = [photo(tmp_path, subject, photo_of("anna")) for subject in ("Anna Müller", "\udcff", "anna")]
    outcomes = list(enrol_photos(staff, "staff", photos, AS_THEY_ARE))
    assert kinds(outcomes) == [ConsentTermsError, ConsentTermsError, Enrolled]


def test_another_persons_photo_is_taken_only_when_confirmed(staff: Registry, tmp_path: Path) -> None:
    photos = [
        photo(tmp_path, "anna", photo_of("anna")),
        photo(tmp_path, "anna", photo_of("somebody")),
        photo(tmp_path, "ben", photo_of("anna", photo=3)),
    ]
    looked_at = list(enrol_photos(staff, "staff", photos, AS_THEY_ARE))
    assert kinds(looked_at) == [Enrolled, OtherPersonError, DuplicatePersonError]
    confirmed = list(enrol_photos(staff, "staff", photos, HowToEnrol(confirmed=True)))
    assert kinds(confirmed) == [Enrolled] * 3
    assert [found.known for _, found in confirmed if isinstance(found, Enrolled)] == [True, False, False]


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(
    staff: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "BATCH", 3)
    photos = [photo(tmp_path, "anna", photo_of("anna", photo=i)) for i in range(8)]
    for _ in islice(enrol_photos(staff, "staff", photos, AS_THEY_ARE), 4):
        pass
    again = [found for _, found in enrol_photos(staff, "staff", photos, AS_THEY_ARE)]
    assert [isinstance(found, Enrolled) and found.known for found in again] == [True] * 6 + [False] * 2
    assert len(list(contents.view(staff, "staff"))) == 8


def test_what_is_of_no_photo_ends_the_run(
    staff: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each photo would be called refused, though none of them is to blame."""
    photos = [photo(tmp_path, "anna", photo_of("anna"))]
    with pytest.raises(UnknownGalleryError):
        list(enrol_photos(staff, "none", photos, AS_THEY_ARE))

    def busy(_: bytes) -> None:
        raise StoreBusyError

    size = latest_entries(staff, 1)[0].number
    monkeypatch.setattr(staff.indexes, "of", busy)
    with pytest.raises(StoreBusyError):
        list(enrol_photos(staff, "staff", photos, AS_THEY_ARE))
    assert latest_entries(staff, 1)[0].number == size


def test_without_weights_nobody_is_refused(
    staff: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise WeightsMissingError

    monkeypatch.setattr(FakeAnalyzer, "only", fail)
    size = latest_entries(staff, 1)[0].number
    with pytest.raises(WeightsMissingError):
        list(enrol_photos(staff, "staff", [photo(tmp_path, "anna", photo_of("anna"))], AS_THEY_ARE))
    assert latest_entries(staff, 1)[0].number == size
