"""What people say is recorded, and holds for as long as they said."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from registries import NOW, PURPOSE, Clock, agree, enrolled, registry_at, template_of

from visavis.consent.terms import Consenter, Terms
from visavis.errors import (
    ConsentExpiredError,
    ConsentRefusedError,
    ConsentStateError,
    ConsentTermsError,
    ConsentWithdrawnError,
    EraseUnfinishedError,
    NoConsentError,
    OtherPurposeError,
    StoreBusyError,
    StoreFullError,
)
from visavis.services import consents, galleries, identify
from visavis.services.consents import Given, give, give_many, not_given_yet, refuse, request, withdraw
from visavis.services.erase import sweep
from visavis.services.gate import live_grant
from visavis.services.receipts import renewed_receipt
from visavis.services.registry import Registry
from visavis.store.grants import events_of, grants_of, latest_grant
from visavis.store.log import read_head

DAY = 86_400
ANNA = Given("anna", PURPOSE, Terms())


def gate(registry: Registry, purpose: str = PURPOSE) -> str:
    with registry.store.read() as connection:
        return live_grant(connection, purpose, "anna", registry.clock()).subject


def events(registry: Registry, subject: str = "anna") -> list[list[str]]:
    with registry.store.read() as connection:
        return [[e.event for e in events_of(connection, g.id)] for g in grants_of(connection, subject)]


def test_only_a_consent_that_is_given_opens_the_gate(registry: Registry, clock: Clock) -> None:
    with pytest.raises(NoConsentError):
        gate(registry)
    request(registry, ANNA)
    with pytest.raises(NoConsentError):
        gate(registry)
    give(registry, Given("anna", PURPOSE, Terms(until=NOW + DAY)))
    assert gate(registry) == "anna"
    with pytest.raises(OtherPurposeError):
        gate(registry, "something else")
    clock.now += DAY - 1
    assert gate(registry) == "anna"
    clock.now += 1
    with pytest.raises(ConsentExpiredError):
        gate(registry)
    sweep(registry)
    with pytest.raises(ConsentExpiredError):
        gate(registry)
    refuse(registry, ANNA)
    with pytest.raises(ConsentRefusedError):
        gate(registry)
    give(registry, ANNA)
    withdraw(registry, "anna", PURPOSE)
    with pytest.raises(ConsentWithdrawnError):
        gate(registry)
    assert events(registry) == [["request", "give", "expire"], ["refuse"], ["give", "withdraw"]]


def test_a_new_yes_is_another_grant_with_another_key(registry: Registry) -> None:
    first = give(registry, ANNA).grant
    assert give(registry, ANNA).grant.id == first.id
    withdraw(registry, "anna", PURPOSE)
    second = give(registry, ANNA).grant
    assert second.id != first.id
    assert registry.keyring.keys([first.id, second.id]).keys() == {second.id}
    assert events(registry) == [["give", "renew", "withdraw"], ["give"]]


def test_a_yes_lasts_until_its_end_or_for_the_time_of_retention(registry: Registry) -> None:
    assert give(registry, ANNA).grant.expires_at == NOW + 1096 * DAY
    earlier = give(registry, Given("ben", PURPOSE, Terms(), given_at=NOW - 1000 * DAY))
    assert earlier.grant.expires_at == NOW + 96 * DAY
    until = give(registry, Given("eva", PURPOSE, Terms(until=NOW + 7)))
    assert until.grant.expires_at == NOW + 7


@pytest.mark.parametrize("consent", [
    Given("anna", PURPOSE, Terms(until=NOW)),
    Given("anna", PURPOSE, Terms(), given_at=NOW - 1096 * DAY),
])  # fmt: skip
def test_what_has_ended_is_not_recorded(registry: Registry, consent: Given) -> None:
    with registry.store.read() as connection:
        size = read_head(connection).size
    with pytest.raises(ConsentTermsError):
        give(registry, consent)
    assert events(registry) == []
    with registry.store.read() as connection:
        assert read_head(connection).size == size


@pytest.mark.parametrize("record", [give, request, refuse])
def test_what_happened_before_the_last_that_is_recorded_is_not(
    registry: Registry, record: Callable[[Registry, Given], object]
) -> None:
    """A record whose events are not in order is none: there would be no receipt of that consent any more."""
    request(registry, ANNA)
    give(registry, Given("ben", PURPOSE, Terms(), given_at=NOW - DAY))
    for late in (Given("anna", PURPOSE, Terms(), NOW - 1), Given("ben", PURPOSE, Terms(), NOW - DAY - 1)):
        before = events(registry, late.subject)
        with pytest.raises((ConsentTermsError, ConsentStateError)):
            record(registry, late)
        assert events(registry, late.subject) == before
    with pytest.raises(ConsentTermsError):
        give_many(registry, [Given("eva", PURPOSE, Terms(), NOW), Given("eva", PURPOSE, Terms(), NOW - 1)])
    assert events(registry, "eva") == []
    give(registry, Given("ben", PURPOSE, Terms(), given_at=NOW - DAY))
    assert renewed_receipt(registry, "ben", PURPOSE)


def test_renewing_writes_the_new_terms(registry: Registry) -> None:
    give(registry, ANNA)
    terms = Terms(Consenter.GUARDIAN, notice_version="2", language="de", until=NOW + 9)
    grant = give(registry, Given("anna", PURPOSE, terms)).grant
    with registry.store.read() as connection:
        assert latest_grant(connection, "anna", PURPOSE) == grant
    assert (grant.consented_by, grant.notice_version, grant.expires_at) == ("guardian", "2", NOW + 9)


def test_what_cannot_be_ended_or_refused(registry: Registry) -> None:
    with pytest.raises(NoConsentError):
        withdraw(registry, "anna", PURPOSE)
    request(registry, ANNA)
    with pytest.raises(ConsentStateError):
        withdraw(registry, "anna", PURPOSE)
    give(registry, ANNA)
    with pytest.raises(ConsentStateError):
        refuse(registry, ANNA)
    with pytest.raises(ConsentStateError):
        request(registry, ANNA)


def test_a_withdrawal_can_be_repeated(registry: Registry) -> None:
    give(registry, ANNA)
    first, second = withdraw(registry, "anna", PURPOSE), withdraw(registry, "anna", PURPOSE)
    assert second.logged.number == first.logged.number + 1
    assert events(registry) == [["give", "withdraw"]]


def test_purposes_are_independent(registry: Registry) -> None:
    give(registry, ANNA)
    give(registry, Given("anna", "something else", Terms()))
    withdraw(registry, "anna", PURPOSE)
    assert gate(registry, "something else") == "anna"


def test_many_are_recorded_in_batches_each_whole(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consents, "_BATCH", 3)
    many = [Given(f"p{i}", PURPOSE, Terms()) for i in range(7)]
    bad = Given("late", PURPOSE, Terms(until=NOW))
    with pytest.raises(ConsentTermsError):
        give_many(registry, [*many[:4], bad, many[5]])
    assert [c.subject for c in not_given_yet(registry, many)] == ["p3", "p4", "p5", "p6"]
    assert len(give_many(registry, not_given_yet(registry, many))) == 4
    assert not_given_yet(registry, many) == []


def test_records_of_ended_consents_are_kept_as_long_as_was_promised(registry: Registry, clock: Clock) -> None:
    give(registry, ANNA)
    withdraw(registry, "anna", PURPOSE)
    clock.now += 1096 * DAY - 1
    sweep(registry)
    assert events(registry) == [["give", "withdraw"]]
    clock.now += 1
    sweep(registry)
    assert events(registry) == []


def test_who_stands_in_a_list_twice_renews(registry: Registry) -> None:
    twice = [ANNA, Given("ben", PURPOSE, Terms()), Given("anna", PURPOSE, Terms(language="de"))]
    first, _, last = give_many(registry, twice)
    assert first.grant.id == last.grant.id
    assert events(registry) == [["give", "renew"]]
    with registry.store.read() as connection:
        assert latest_grant(connection, "anna", PURPOSE) == last.grant


def test_many_threads_record_one_person_once(registry: Registry) -> None:
    """Whoever comes second either renews what the first recorded, or is told to repeat it."""
    outcomes: list[object] = []
    start = threading.Barrier(6)

    def say_yes() -> None:
        start.wait()
        try:
            outcomes.append(give(registry, ANNA).grant.id)
        except StoreBusyError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=say_yes) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorded = [found for found in outcomes if isinstance(found, bytes)]
    assert len(outcomes) == 6
    assert len(set(recorded)) == 1
    assert events(registry) == [["give", *["renew"] * (len(recorded) - 1)]]


@pytest.mark.parametrize(("subject", "purpose"), [("\udc80", PURPOSE), ("a\0", PURPOSE), ("anna", "\udc80")])
def test_what_names_nobody_is_not_asked_a_database_for(
    registry: Registry, subject: str, purpose: str
) -> None:
    with pytest.raises(ConsentTermsError):
        withdraw(registry, subject, purpose)
    with pytest.raises(ConsentTermsError):
        renewed_receipt(registry, subject, purpose)


def test_a_record_that_another_process_forgets_meanwhile(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(registry, ANNA)
    withdraw(registry, "anna", PURPOSE)
    monkeypatch.setattr(consents, "end_grants", lambda *_: [])
    with pytest.raises(NoConsentError):
        withdraw(registry, "anna", PURPOSE)


def full() -> None:
    """What a disk without room answers."""
    raise StoreFullError


def test_an_erasure_that_cannot_be_finished_is_finished_at_the_next_opening(
    database_url: str, registry: Registry, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben")
    enrolled(registry, "staff", "anna", "ben")
    with monkeypatch.context() as patch:
        patch.setattr(registry.store, "write", full)
        with pytest.raises(EraseUnfinishedError, match="no room"):
            withdraw(registry, "anna", PURPOSE)
    found = identify.identify(registry, "staff", [template_of("anna", 1)])
    assert found.candidates == ()  # her key is gone already
    assert events(registry) == [["give"]]
    with registry_at(registry.settings.home, database_url, clock) as again:
        assert events(again) == [["give", "withdraw"]]
        assert again.keyring.graves(unsettled=True) == []
        with pytest.raises(ConsentWithdrawnError):
            gate(again)
