"""Who is found, and who is not any more."""

from __future__ import annotations

from registries import PURPOSE, agree, enrolled, template_of

from visavis.services import consents, galleries, identify
from visavis.services.registry import Registry


def test_a_person_is_found_until_they_withdraw(registry: Registry) -> None:
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben")
    enrolled(registry, "staff", "anna", "ben")
    found = identify.identify(registry, "staff", [template_of("anna", 7)])
    assert [candidate.subject for candidate in found.candidates] == ["anna"]
    consents.withdraw(registry, "anna", PURPOSE)
    assert identify.identify(registry, "staff", [template_of("anna", 7)]).candidates == ()
