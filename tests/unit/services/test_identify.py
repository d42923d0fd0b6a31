"""Who is found, and who is not any more."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from registries import (
    NOW,
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
    vector_of,
)
from sqlalchemy import text

from visavis.audit.entry import Action, Refusal
from visavis.consent.terms import Terms
from visavis.errors import NoFaceError, SearchRateError, UnknownGalleryError, UnknownSubjectError
from visavis.faces import Template, Vector
from visavis.services import consents, galleries, indexes, upgrades
from visavis.services.candidates import Asked
from visavis.services.consents import Given, give
from visavis.services.enrol import Enrolled, Enrolment, enrol
from visavis.services.identify import identify, identify_photo
from visavis.services.log import latest_entries
from visavis.services.registry import Registry
from visavis.services.verify import verify, verify_photo
from visavis.store.index import score_error


@pytest.fixture
def staff(registry: Registry) -> Registry:
    """A registry with a gallery in which anna and ben are enrolled, with two photos each."""
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben")
    enrolled(registry, "staff", "anna", "ben", photos=(0, 1))
    return registry


def subjects(
    registry: Registry, person: str, asked: Asked | None = None, gallery: str = "staff"
) -> list[str]:
    found = identify(registry, gallery, [template_of(person, 9)], asked or Asked())
    return [candidate.subject for candidate in found.candidates]


def test_a_person_is_found_until_they_withdraw(staff: Registry) -> None:
    assert subjects(staff, "anna") == ["anna", "anna"]
    found = identify(staff, "staff", [template_of("anna", 9)])
    assert [candidate.subject for candidate in found.people()] == ["anna"]
    assert found.candidates[0].score >= found.candidates[1].score
    consents.withdraw(staff, "anna", PURPOSE)
    assert subjects(staff, "anna") == []
    assert subjects(staff, "ben") == ["ben", "ben"]


def test_a_person_is_found_until_their_consent_expires(registry: Registry, clock: Clock) -> None:
    galleries.create(registry, "staff", PURPOSE)
    give(registry, Given("anna", PURPOSE, Terms(until=NOW + 10)))
    enrolled(registry, "staff", "anna")
    clock.now += 9
    assert subjects(registry, "anna") == ["anna"]
    clock.now += 1
    assert subjects(registry, "anna") == []


def test_those_who_expired_do_not_crowd_out_those_who_live(registry: Registry, clock: Clock) -> None:
    """All look like the probe; the likest are gone, and only one is asked for."""
    galleries.create(registry, "staff", PURPOSE)
    people = [f"p{i}" for i in range(80)]
    for person in people[:-1]:
        give(registry, Given(person, PURPOSE, Terms(until=NOW + 10)))
    agree(registry, people[-1])
    wanted = [Enrolment(person, portrait_of("x", i), confirmed=True) for i, person in enumerate(people)]
    assert all(isinstance(found, Enrolled) for found in enrol(registry, "staff", wanted))
    clock.now += 10
    for i in range(0, 80, 7):
        found = identify(registry, "staff", [template_of("x", i)], Asked(max_candidates=1))
        assert [candidate.subject for candidate in found.candidates] == [people[-1]]


def test_where_the_best_is_gone_the_next_best_is_found_though_another_is_proposed_before_it(
    registry: Registry, clock: Clock
) -> None:
    """The index works in half precision: of two who are nearly as alike, it may have proposed the wrong one alone."""
    galleries.create(registry, "staff", PURPOSE)
    give(registry, Given("gone", PURPOSE, Terms(until=NOW + 10)))
    agree(registry, "better", "worse")
    probe, gone, better, worse = turned_round()
    assert float(better @ probe) > float(worse @ probe)
    for person, vector in (("gone", gone), ("worse", worse), ("better", better)):
        portrait = portrait_of(person)
        face = replace(portrait.face, template=Template(vector, identity()))
        enrolment = Enrolment(person, replace(portrait, face=face), confirmed=True)
        assert isinstance(enrol(registry, "staff", [enrolment])[0], Enrolled)
    clock.now += 10
    found = identify(registry, "staff", [Template(probe, identity())], Asked(max_fmr=1.0, max_candidates=1))
    assert [candidate.subject for candidate in found.candidates] == ["better"]


def turned_round() -> list[Vector]:
    """A probe, the best template for it, and two that in fp16 lie on either side of what is proposed besides the best, the wrong way round."""
    random = np.random.default_rng(1)
    probe = unit(random.standard_normal(128).astype(np.float32))
    gone = at_score(probe, random.standard_normal(128).astype(np.float32), 0.9)
    floor = float(gone.astype(np.float16).astype(np.float32) @ probe) - 2 * score_error(128)
    above, below = [], []
    for score in floor + np.linspace(-2e-5, 2e-5, 2_000):
        vector = at_score(probe, random.standard_normal(128).astype(np.float32), score)
        index_score = float(vector.astype(np.float16).astype(np.float32) @ probe)
        if floor + 1e-6 < index_score:
            above.append(vector)
        elif index_score < floor - 1e-6:
            below.append(vector)
    return [
        probe,
        gone,
        max(below, key=lambda v: float(v @ probe)),
        min(above, key=lambda v: float(v @ probe)),
    ]


def at_score(probe: Vector, towards: NDArray[np.floating], score: float) -> Vector:
    """A template of this score, turned away from the probe in some direction."""
    aside = unit(towards - float(towards @ probe) * probe)
    return unit(score * probe + np.sqrt(1 - score**2) * aside)


def unit(vector: NDArray[np.floating]) -> Vector:
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def test_the_threshold_is_inclusive_and_by_rate(staff: Registry) -> None:
    calibration = staff.analyzer("sface-2021dec").calibration
    assert subjects(staff, "someone", Asked(max_fmr=1.0)) != []
    low = identify(staff, "staff", [template_of("anna", 9)], Asked(max_fpir=0.5))
    high = identify(staff, "staff", [template_of("anna", 9)], Asked(max_fpir=0.001))
    assert low.threshold < high.threshold
    assert low.fpir == pytest.approx(0.5, rel=1e-3)
    assert high.fpir == pytest.approx(0.001, rel=1e-3)
    with pytest.raises(SearchRateError):
        identify(staff, "staff", [template_of("anna", 9)], Asked(max_fpir=1e-9))
    assert latest_entries(staff, 1)[0].entry.refusal is Refusal.BAD_REQUEST
    exact = Template(vector_of("anna", 0), identity())
    (first, *_) = identify(staff, "staff", [exact], Asked(max_candidates=1)).candidates
    assert first.score == pytest.approx(1, abs=1e-6)
    assert first.fmr == calibration.fmr(first.score)


def test_two_models_side_by_side(staff: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visavis.services.upgrades.find_manifest", lambda *_: None)
    upgrades.begin(staff, "staff", OTHER_MODEL)
    wanted = [Enrolment("anna", portrait_of("anna", 0, OTHER_MODEL))]
    assert all(isinstance(found, Enrolled) for found in enrol(staff, "staff", wanted))
    state = upgrades.state(staff, "staff")
    assert (state.missing, state.superseded) == (("ben",), 2)
    for person in ("anna", "ben"):
        found = identify_photo(staff, "staff", photo_of(person, photo=5))
        assert [candidate.subject for candidate in found.people()] == [person]
    assert verify_photo(staff, "staff", "ben", photo_of("ben", photo=6)).comparison.match
    assert upgrades.finish(staff, "staff") == 2
    for person in ("anna", "ben"):
        found = identify_photo(staff, "staff", photo_of(person, photo=5))
        assert [candidate.subject for candidate in found.people()] == [person]


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE enrolled SET sealed_template = (SELECT sealed_template FROM enrolled WHERE number = 3) WHERE number IN (1, 2)",
        "UPDATE enrolled SET grant_id = (SELECT id FROM grants WHERE subject = 'ben')",
        "UPDATE enrolled SET gallery_id = (SELECT id FROM galleries WHERE name = 'other')",
    ],
)
def test_a_row_that_was_moved_is_nobodys(registry: Registry, tampering: str) -> None:
    for name in ("staff", "other"):
        galleries.create(registry, name, PURPOSE)
    agree(registry, "anna", "ben")
    enrolled(registry, "staff", "anna", photos=(0, 1))
    enrolled(registry, "staff", "ben", photos=(2,))
    with registry.store.write() as connection:
        if "grant_id" in tampering:
            connection.execute(text("DELETE FROM enrolled WHERE number = 3"))
        connection.execute(text(tampering))
    with registry_at(registry.settings.home, str(registry.settings.database_url)) as fresh:
        for gallery in ("staff", "other"):
            found = identify(fresh, gallery, [template_of("anna", 9)], Asked(max_fmr=0.01))
            assert found.candidates == ()


def test_each_search_leaves_a_leaf(staff: Registry) -> None:
    subjects(staff, "anna")
    subjects(staff, "someone")
    with pytest.raises(NoFaceError):
        identify_photo(staff, "staff", photo_of())
    with pytest.raises(UnknownGalleryError):
        identify(staff, "none", [template_of("anna")])
    entries = [e.entry for e in latest_entries(staff, 3)]
    assert {e.action for e in entries} == {Action.IDENTIFY}
    assert [len(e.commitments) for e in entries] == [4, 0, 0]  # a grant, a subject, two references
    assert [e.refusal for e in entries] == [None, None, Refusal.NO_FACE]


def test_an_empty_gallery(registry: Registry) -> None:
    galleries.create(registry, "staff", PURPOSE)
    found = identify_photo(registry, "staff", photo_of("anna"))
    assert (found.candidates, found.references, found.fpir) == ((), 0, 0)


def test_searches_agree_with_brute_force(tmp_path_factory: pytest.TempPathFactory) -> None:
    random = np.random.default_rng(3)
    with registry_at(tmp_path_factory.mktemp("home")) as registry:
        galleries.create(registry, "staff", PURPOSE)
        people = [f"p{i}" for i in range(150)]
        agree(registry, *people)
        enrolled(registry, "staff", *people)
        for _ in range(20):
            probe = random.standard_normal(128).astype(np.float32)
            probe /= np.linalg.norm(probe)
            found = identify(
                registry, "staff", [Template(probe, identity())], Asked(max_fmr=1.0, max_candidates=10)
            )
            scores = np.array([vector_of(person) @ probe for person in people])
            best = [people[i] for i in np.argsort(-scores)[:10]]
            assert [candidate.subject for candidate in found.candidates] == best


def test_an_index_follows_other_processes(
    staff: Registry, database_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexes, "REFRESH_S", 0.05)
    with registry_at(staff.settings.home, database_url, clock) as other:
        gallery = galleries.find(other, "staff").id
        assert len(other.indexes.of(gallery)["sface-2021dec"]) == 4
        agree(staff, "eva")
        enrolled(staff, "staff", "eva")
        assert subjects(other, "eva") == ["eva"]
        loaded = other.indexes.of(gallery)["sface-2021dec"]
        consents.withdraw(staff, "anna", PURPOSE)
        for _ in range(200):  # it is idle: nobody searches, and still
            if len(loaded) == 3:
                break
            threading.Event().wait(0.05)
        assert len(loaded) == 3


def test_verification_is_against_one_person(staff: Registry) -> None:
    assert verify(staff, "staff", "anna", [template_of("anna", 9)]).comparison.match
    assert not verify(staff, "staff", "ben", [template_of("anna", 9)]).comparison.match
    agree(staff, "eva")
    with pytest.raises(UnknownSubjectError):
        verify(staff, "staff", "eva", [template_of("eva", 9)])
    entries = [e.entry for e in latest_entries(staff, 4)]
    assert [(e.action, e.refusal) for e in entries] == [
        (Action.VERIFY, None), (Action.VERIFY, None), (Action.GRANT, None), (Action.VERIFY, Refusal.NOT_FOUND),
    ]  # fmt: skip
