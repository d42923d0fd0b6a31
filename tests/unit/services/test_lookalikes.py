"""A new photo is held against the person's own references and against everybody else's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from registries import NOW, PURPOSE, Clock, agree, identity, portrait_of, vector_of

from visavis.comparison import shipped_calibration
from visavis.consent.terms import Terms
from visavis.errors import DuplicatePersonError, OtherPersonError
from visavis.faces import Template, Vector
from visavis.services import galleries
from visavis.services.consents import Given, give
from visavis.services.enrol import Enrolled, Enrolment, enrol
from visavis.services.lookalikes import OWN_FMR, close_score
from visavis.services.registry import Registry


def outcome(registry: Registry, *enrolments: Enrolment) -> list[type]:
    return [type(found) for found in enrol(registry, "staff", enrolments)]


def face(subject: str, vector: Vector, photo: int) -> Enrolment:
    portrait = portrait_of(subject, photo)
    seen = replace(portrait.face, template=Template(vector, identity()))
    return Enrolment(subject, replace(portrait, face=seen))


def turned(towards: Vector, score: float) -> Vector:
    """A template of this score with another."""
    aside = vector_of("somewhere else")
    aside = aside - float(aside @ towards) * towards
    aside /= np.linalg.norm(aside)
    return np.asarray(score * towards + np.sqrt(1 - score**2) * aside, np.float32)


def test_from_which_score_on_a_photo_is_theirs_or_somebody_elses(sqlite_registry: Registry) -> None:
    registry = sqlite_registry
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben")
    calibration = shipped_calibration("sface-2021dec")
    own, close = calibration.threshold_score(OWN_FMR), close_score(calibration, 1)
    first = vector_of("anna")
    assert outcome(registry, face("anna", first, 0)) == [Enrolled]
    assert outcome(registry, face("anna", turned(first, own - 1e-3), 1)) == [OtherPersonError]
    assert outcome(registry, face("ben", turned(first, close + 1e-3), 1)) == [DuplicatePersonError]
    assert outcome(registry, face("ben", turned(first, close - 1e-3), 2)) == [Enrolled]
    assert outcome(registry, face("anna", turned(first, own + 1e-3), 2)) == [DuplicatePersonError]  # as ben


def test_those_whose_consent_expired_do_not_hide_those_who_live(registry: Registry, clock: Clock) -> None:
    galleries.create(registry, "staff", PURPOSE)
    gone = [f"p{i}" for i in range(30)]
    for subject in gone:
        give(registry, Given(subject, PURPOSE, Terms(until=NOW + 10)))
    agree(registry, "anna", "ben", "eva")
    wanted = [replace(face(subject, vector_of("x"), 0), confirmed=True) for subject in gone]
    wanted.append(replace(face("anna", turned(vector_of("x"), 0.9), 0), confirmed=True))
    assert set(outcome(registry, *wanted)) == {Enrolled}
    clock.now += 10
    assert outcome(registry, face("ben", vector_of("x"), 0)) == [DuplicatePersonError]
    assert outcome(registry, face("eva", vector_of("eva"), 0)) == [Enrolled]


@pytest.mark.parametrize("size", [0, 1, 100, 10**4, 10**7])
def test_few_new_people_are_taken_for_somebody(size: int) -> None:
    """As far as the calibration reaches, 1 in 100 is asked about at most; beyond it, the score only rises."""
    calibration = shipped_calibration("sface-2021dec")
    score = close_score(calibration, size)
    if score < calibration.scores[-1]:
        assert calibration.fpir(score, max(size, 1)) <= 0.01 + 1e-9
    assert score <= 0.99
