"""The reason why a person may not be looked at is the one that helps whoever asked."""

from __future__ import annotations

from registries import NOW, PURPOSE, Clock, agree

from visavis.consent.terms import Terms
from visavis.errors import (
    ConsentExpiredError,
    ConsentRefusedError,
    ConsentWithdrawnError,
    NoConsentError,
    OtherPurposeError,
)
from visavis.grants import ConsentGrant
from visavis.services.consents import Given, give, refuse, request, withdraw
from visavis.services.erase import sweep
from visavis.services.gate import live_grants
from visavis.services.registry import Registry

OTHER = "something else"


def yes(subject: str, purpose: str = PURPOSE, until: int | None = None) -> Given:
    return Given(subject, purpose, Terms(until=until))


def test_why_there_is_no_consent(registry: Registry, clock: Clock) -> None:
    give(registry, yes("swept", until=NOW + 1))
    clock.now += 1
    sweep(registry)
    give(registry, yes("late", until=NOW + 2))
    request(registry, yes("asked"))
    refuse(registry, yes("refused"))
    agree(registry, "agreed", "left", "asked.again")
    for subject in ("left", "asked.again"):
        withdraw(registry, subject, PURPOSE)
    request(registry, yes("asked.again"))
    agree(registry, "elsewhere", "left.elsewhere", purpose=OTHER)
    withdraw(registry, "left.elsewhere", OTHER)
    clock.now += 1
    expected = {
        "elsewhere": OtherPurposeError,
        "left.elsewhere": NoConsentError,
        "agreed": ConsentGrant,
        "late": ConsentExpiredError,
        "swept": ConsentExpiredError,
        "asked": NoConsentError,
        "refused": ConsentRefusedError,
        "left": ConsentWithdrawnError,
        "asked.again": NoConsentError,
        "nobody": NoConsentError,
    }
    with registry.store.read() as connection:
        found = live_grants(connection, PURPOSE, [*expected, "agreed"], clock())
    assert list(found) == list(expected)
    assert {subject: type(answer) for subject, answer in found.items()} == expected


def test_a_grant_is_handed_out_with_its_end(registry: Registry) -> None:
    grant = give(registry, yes("anna", until=NOW + 9)).grant
    with registry.store.read() as connection:
        (found,) = live_grants(connection, PURPOSE, ["anna"], NOW).values()
    assert found == ConsentGrant(grant.id, "anna", PURPOSE, NOW + 9)
    assert "anna" not in repr(found)
