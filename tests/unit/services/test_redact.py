"""Who is spared, and who never is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from registries import (
    OTHER_MODEL,
    PURPOSE,
    Clock,
    FakeAnalyzer,
    Seen,
    agree,
    enrolled,
    face_of,
    portrait_of,
    settings_at,
    template_of,
)

from visavis.audit.entry import Action, Counted, Refusal
from visavis.errors import SearchRateError, SparedMeanwhileError, UnknownGalleryError
from visavis.faces import Box, Face
from visavis.services import consents, galleries, upgrades
from visavis.services.candidates import Candidate
from visavis.services.enrol import Enrolled, Enrolment, enrol
from visavis.services.log import latest_entries
from visavis.services.redact import check, check_unchanged, likest_pairs, mark_of, spared
from visavis.services.registry import Registry, opened
from visavis.store.references import Reference

PEOPLE = ("anna", "ben", "carla", "stranger", "anna again")


class Sees(FakeAnalyzer):
    """Sees one of PEOPLE in each face by where it is, and notes of which faces it was asked for templates."""

    asked: list[Face]

    def __init__(self, model: str) -> None:
        super().__init__(model)
        self.asked = []

    def recognise(self, photo: Seen, faces: Sequence[Face]) -> list[Face]:
        assert photo == b"photo"
        self.asked += faces
        names = [PEOPLE[int(face.box.x)] for face in faces]
        return [
            replace(face, template=template_of(name.split()[0], 9 + len(name.split()), self.model))
            for face, name in zip(faces, names, strict=True)
        ]


@pytest.fixture
def staff(tmp_path: Path, database_url: str, clock: Clock) -> Iterator[Registry]:
    """A registry with a gallery in which anna and ben are enrolled."""
    with opened(settings_at(tmp_path, database_url), clock=clock, analyzer=Sees) as registry:  # type: ignore[arg-type]  # it is one, to a service
        galleries.create(registry, "staff", PURPOSE)
        agree(registry, "anna", "ben")
        enrolled(registry, "staff", "anna", "ben", photos=(0, 1))
        yield registry


def face(person: str, confidence: float = 0.99, quality: float = 0.9) -> Face:
    """As a detector finds it: without a template."""
    seen = face_of(person, quality=quality)
    return replace(seen, box=Box(PEOPLE.index(person), 0, 9, 9), confidence=confidence, template=None)


def spares(registry: Registry, *faces: Face) -> list[bool | None]:
    return spared(registry, galleries.find(registry, "staff"), b"photo", faces)


def test_people_who_agreed_are_spared_and_nobody_else(staff: Registry) -> None:
    assert spares(staff, face("stranger"), face("anna"), face("carla"), face("ben")) == [
        False,
        True,
        False,
        True,
    ]
    assert spares(staff) == []


def test_who_withdraws_is_covered_from_then_on(staff: Registry) -> None:
    before = mark_of(staff, galleries.find(staff, "staff"))
    consents.withdraw(staff, "anna", PURPOSE)
    assert spares(staff, face("anna"), face("ben")) == [False, True]
    assert mark_of(staff, galleries.find(staff, "staff")) != before, (
        "what was redacted before is not taken for done"
    )


def test_what_may_show_somebody_who_withdrew_is_not_given_away(staff: Registry) -> None:
    gallery = galleries.find(staff, "staff")
    mark = mark_of(staff, gallery)
    agree(staff, "carla")
    enrolled(staff, "staff", "carla")
    check_unchanged(staff, gallery, mark)
    galleries.create(staff, "press", "pictures in the press")
    agree(staff, "ben", purpose="pictures in the press")
    enrolled(staff, "press", "ben")
    consents.withdraw(staff, "ben", "pictures in the press")
    check_unchanged(staff, gallery, mark)
    consents.withdraw(staff, "ben", PURPOSE)
    with pytest.raises(SparedMeanwhileError):
        check_unchanged(staff, gallery, mark)


def test_what_may_show_somebody_whose_consent_expired_is_not_given_away(
    staff: Registry, clock: Clock
) -> None:
    """Though nothing was swept yet."""
    gallery = galleries.find(staff, "staff")
    mark = mark_of(staff, gallery)
    clock.now += 1097 * 86_400
    with pytest.raises(SparedMeanwhileError):
        check_unchanged(staff, gallery, mark)


def test_another_gallery_of_the_name_spares_others(registry: Registry) -> None:
    galleries.create(registry, "staff", PURPOSE)
    before = mark_of(registry, galleries.find(registry, "staff"))
    assert mark_of(registry, galleries.find(registry, "staff")) == before
    galleries.delete(registry, "staff")
    galleries.create(registry, "staff", PURPOSE)
    assert mark_of(registry, galleries.find(registry, "staff")) != before, "though nobody was erased"


def test_the_same_gallery_of_another_store_spares_others(registry: Registry, tmp_path: Path) -> None:
    galleries.create(registry, "staff", PURPOSE)
    gallery = galleries.find(registry, "staff")
    with opened(settings_at(tmp_path / "other")) as other:
        assert mark_of(other, gallery) != mark_of(registry, gallery)


def test_whose_consent_has_expired_is_covered_though_nothing_was_swept_yet(
    staff: Registry, clock: Clock
) -> None:
    clock.now += 1097 * 86_400
    assert spares(staff, face("anna")) == [False]


def test_of_two_faces_like_one_person_the_likest_alone_is_spared(staff: Registry) -> None:
    twice = spares(staff, face("anna"), face("anna again"))
    assert twice in ([False, True], [True, False])


def test_a_consent_for_another_purpose_spares_nobody(staff: Registry) -> None:
    galleries.create(staff, "press", "pictures in the press")
    assert spared(staff, galleries.find(staff, "press"), b"photo", [face("anna")]) == [False]


def test_of_what_is_unsure_or_poor_no_template_is_made(staff: Registry) -> None:
    unsure, poor = face("anna", confidence=0.4), face("anna", quality=0.1)
    assert spares(staff, unsure, poor) == [None, None]
    analyzer: Any = staff.analyzer("sface-2021dec")
    assert analyzer.asked == []


def test_the_log_counts_and_commits_to_those_who_were_spared_alone(staff: Registry) -> None:
    spares(staff, face("anna"), face("stranger"), face("carla", confidence=0.3))
    entry = latest_entries(staff, 1)[0].entry
    assert entry.action is Action.REDACT
    assert entry.counts == {Counted.PHOTOS: 1, Counted.FACES: 2, Counted.CANDIDATES: 1}
    assert sorted(c.of for c in entry.commitments) == ["grant", "reference", "subject"]
    spares(staff, face("stranger"))
    assert latest_entries(staff, 1)[0].entry.commitments == ()


def test_references_of_every_model_count(staff: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visavis.services.upgrades.find_manifest", lambda *_: None)
    upgrades.begin(staff, "staff", OTHER_MODEL)
    wanted = [Enrolment("carla", portrait_of("carla", 0, OTHER_MODEL))]
    agree(staff, "carla")
    assert all(isinstance(found, Enrolled) for found in enrol(staff, "staff", wanted))
    assert spares(staff, face("ben"), face("carla"), face("stranger")) == [True, True, False]


def test_what_cannot_be_asked_is_refused_before_any_photo_and_logged(staff: Registry) -> None:
    with pytest.raises(UnknownGalleryError):
        check(staff, galleries.find(staff, "nobody"))
    with pytest.raises(SearchRateError):
        check(staff, galleries.find(staff, "staff"), 1e-7)
    entry = latest_entries(staff, 1)[0].entry
    assert (entry.action, entry.refusal) == (Action.REDACT, Refusal.BAD_REQUEST)


def candidate(person: str, score: float) -> Candidate:
    reference = Reference(1, b"", b"", b"", person, *(None,) * 15)  # type: ignore[arg-type]  # whose it is is all that counts
    return Candidate(reference, score, 100 * score, 1e-6, fmr_extrapolated=True)


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from("abc"), st.floats(0, 1)), max_size=12))
def test_one_person_to_a_face_and_one_face_to_a_person(found: list[tuple[int, str, float]]) -> None:
    pairs = [(number, candidate(person, score)) for number, person, score in found]
    chosen = likest_pairs(pairs)
    people = [c.subject for c in chosen.values()]
    assert len(set(people)) == len(people)
    assert all((number, chosen[number]) in pairs for number in chosen)
    # Nobody is passed over but for somebody likelier.
    for number, other in pairs:
        rivals = [c for n, c in chosen.items() if n == number or c.subject == other.subject]
        assert any(rival.score >= other.score for rival in rivals)
