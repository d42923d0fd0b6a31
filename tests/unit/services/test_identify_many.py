"""Searches that have to look further than the first few references."""

from __future__ import annotations

from registries import (
    MODEL,
    NOW,
    OTHER_MODEL,
    PURPOSE,
    Clock,
    agree,
    enrolled,
    photo_of,
    portrait_of,
    template_of,
    vector_of,
)

from visavis.consent.terms import Terms
from visavis.services import galleries
from visavis.services.candidates import Asked
from visavis.services.consents import Given, give
from visavis.services.enrol import Enrolled, Enrolment, enrol
from visavis.services.identify import identify, identify_photo
from visavis.services.registry import Registry
from visavis.store.galleries import set_recogniser

PHOTOS = range(80)
PROBE = 1_000


def test_all_references_of_a_person_are_found_in_their_exact_order(registry: Registry) -> None:
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben")
    enrolled(registry, "staff", "anna", photos=PHOTOS)
    enrolled(registry, "staff", "ben")
    found = identify(registry, "staff", [template_of("anna", PROBE)])
    exact = sorted((float(vector_of("anna", i) @ vector_of("anna", PROBE)) for i in PHOTOS), reverse=True)
    assert [candidate.score for candidate in found.candidates] == exact
    best = identify(registry, "staff", [template_of("anna", PROBE)], Asked(max_candidates=70))
    assert best.candidates == found.candidates[:70]


def test_whoever_lives_is_found_below_many_who_expired(registry: Registry, clock: Clock) -> None:
    galleries.create(registry, "staff", PURPOSE)
    give(registry, Given("anna", PURPOSE, Terms(until=NOW + 60)))
    agree(registry, "twin")
    enrolled(registry, "staff", "anna", photos=PHOTOS)
    alike = Enrolment("twin", portrait_of("anna", PROBE), confirmed=True)
    assert isinstance(enrol(registry, "staff", [alike])[0], Enrolled)
    probe, one = template_of("anna", PHOTOS[0]), Asked(max_candidates=1)
    assert [c.subject for c in identify(registry, "staff", [probe], one).candidates] == ["anna"]
    clock.now += 60
    assert [c.subject for c in identify(registry, "staff", [probe], one).candidates] == ["twin"]


def test_a_photo_is_searched_with_every_model_that_references_have(registry: Registry) -> None:
    galleries.create(registry, "staff", PURPOSE)
    galleries.create(registry, "new", PURPOSE)
    agree(registry, "anna", "ben")
    for person, model in (("anna", MODEL), ("ben", OTHER_MODEL)):
        gallery = "staff" if model == MODEL else "new"
        with registry.store.write() as connection:
            set_recogniser(connection, galleries.find(registry, gallery).id, model)
        assert isinstance(
            enrol(registry, gallery, [Enrolment(person, portrait_of(person, 0, model))])[0], Enrolled
        )
    for gallery, person, other in (("staff", "anna", "ben"), ("new", "ben", "anna")):
        found = identify_photo(registry, gallery, photo_of(person, photo=1)).candidates
        assert [candidate.subject for candidate in found] == [person]
        assert identify_photo(registry, gallery, photo_of(other, photo=1)).candidates == ()
