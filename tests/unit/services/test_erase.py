"""Whoever's consent ended is erased, and what was cut off is finished."""

from __future__ import annotations

import pytest
from registries import NOW, PURPOSE, Clock, agree, enrolled, registry_at, template_of
from sqlalchemy import func, select

from visavis.audit.entry import Action
from visavis.consent.states import Event
from visavis.consent.terms import Terms
from visavis.errors import ClockError, EraseUnfinishedError, StoreBusyError
from visavis.services import doctor, erase, galleries
from visavis.services.consents import Given, give, request, withdraw
from visavis.services.erase import end_grants, finish_erasures, sweep
from visavis.services.identify import identify
from visavis.services.log import latest_entries
from visavis.services.registry import Registry
from visavis.store import schema


def actions(registry: Registry) -> list[Action]:
    return [numbered.entry.action for numbered in latest_entries(registry, 1_000)]


def rows(registry: Registry, table: str) -> int:
    with registry.store.read() as connection:
        query = select(func.count()).select_from(schema.store.tables[table])
        return int(connection.execute(query).scalar_one())


def busy(*_: object) -> None:
    """What a store answers that another process reads from for too long."""
    raise StoreBusyError


def test_whatever_is_kept_of_a_person_goes(registry: Registry) -> None:
    galleries.create(registry, "staff", PURPOSE)
    grant = agree(registry, "anna")[0].grant
    enrolled(registry, "staff", "anna", photos=(0, 1))
    identify(registry, "staff", [template_of("anna", 5)])
    assert (rows(registry, "enrolled"), rows(registry, "salts")) == (2, 4)
    withdraw(registry, "anna", PURPOSE)
    assert (rows(registry, "enrolled"), rows(registry, "salts"), rows(registry, "erased")) == (0, 0, 2)
    assert registry.keyring.keys([grant.id]) == {}
    assert registry.keyring.graves(unsettled=True) == []
    assert len(registry.indexes.of(galleries.find(registry, "staff").id)["sface-2021dec"]) == 0


def test_a_sweep_ends_what_expired_and_nothing_else(
    registry: Registry, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erase, "_SWEEP", 2)
    galleries.create(registry, "staff", PURPOSE)
    short = [f"p{i}" for i in range(5)]
    for subject in short:
        give(registry, Given(subject, PURPOSE, Terms(until=NOW + 10)))
    request(registry, Given("asked", PURPOSE, Terms(until=NOW + 10)))
    agree(registry, "anna")
    enrolled(registry, "staff", *short, "anna")
    before = len(actions(registry))
    assert sweep(registry) == 0
    clock.now += 10
    assert sweep(registry) == 6
    assert actions(registry)[before:] == [Action.EXPIRE] * 6
    assert sweep(registry) == 0
    assert rows(registry, "enrolled") == 1
    assert len(registry.keyring.graves(unsettled=False)) == 6


def test_records_that_need_no_proof_are_forgotten_with_a_leaf(registry: Registry, clock: Clock) -> None:
    agree(registry, "anna", "ben")
    withdraw(registry, "anna", PURPOSE)
    clock.now += 1096 * 86_400
    sweep(registry)  # ben's expires, anna's record goes
    assert actions(registry)[-2:] == [Action.EXPIRE, Action.ERASE]
    assert (rows(registry, "grants"), rows(registry, "consent_events")) == (1, 2)


def test_a_key_whose_consent_never_came_to_be_ends_without_a_leaf(registry: Registry) -> None:
    never = bytes(16)
    registry.keyring.ensure_keys([never], NOW)
    before = actions(registry)
    assert end_grants(registry, [never], Event.WITHDRAW) == []
    assert actions(registry) == before
    assert registry.keyring.graves(unsettled=True) == []


def test_a_store_that_stays_busy_is_erased_from_at_the_next_opening(
    registry: Registry, database_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows are gone; that their bytes are overwritten was not yet seen to."""
    agree(registry, "anna")
    with monkeypatch.context() as patch:
        patch.setattr(registry.store, "overwrite_freed", busy)
        for _ in range(2):
            with pytest.raises(EraseUnfinishedError, match="Another process"):
                withdraw(registry, "anna", PURPOSE)
    assert len(registry.keyring.graves(unsettled=True)) == 1
    with registry_at(registry.settings.home, database_url, clock) as again:
        assert again.keyring.graves(unsettled=True) == []
        assert actions(again) == [Action.GRANT, *[Action.WITHDRAW] * 3]
    finish_erasures(registry)
    assert len(actions(registry)) == 4


def test_what_waits_to_be_erased_does_not_keep_a_wrong_clock_from_being_set(
    registry: Registry, database_url: str, clock: Clock
) -> None:
    """The log ran ahead of a wrong clock; then somebody withdrew. The clock is accepted in a registry that has to open first."""
    grant = agree(registry, "anna")[0].grant
    clock.now -= 9_999
    with pytest.raises(ClockError):
        withdraw(registry, "anna", PURPOSE)
    assert registry.keyring.keys([grant.id]), "what cannot be logged is not begun"
    registry.keyring.erase([grant.id], "withdraw", clock.now)  # what another process began before
    with registry_at(registry.settings.home, database_url, clock) as again:
        assert len(again.keyring.graves(unsettled=True)) == 1
        doctor.accept_the_clock(again)
        assert again.keyring.graves(unsettled=True) == []
        assert actions(again)[-2:] == [Action.CLOCK, Action.WITHDRAW]
