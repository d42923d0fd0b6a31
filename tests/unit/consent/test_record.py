from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from consent_samples import GIVEN, NOON, RECORDS, REFUSED, RENEWED, REQUESTED, WITHDRAWN

from visavis.consent.record import ConsentEvent, ConsentRecord, Controller
from visavis.consent.states import Event, State
from visavis.errors import ConsentError, ConsentStateError, ConsentTermsError


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"id": "5A1D6C0E-3A86-4F0E-9B57-0E3A4C1F2B6D"}, "id"), ({"id": "1"}, "id"), ({"id": ""}, "id"),
        ({"subject": "anna:1"}, "subject"), ({"purpose": " "}, "purpose"), ({"retention_days": 0}, "retention_days"),
        ({"retention_days": 1097}, "retention_days"), ({"expires_at": None}, "expires_at"), ({"expires_at": -1}, "expires_at"),
        ({"proof_until": 2**60}, "proof_until"), ({"state": State.WITHDRAWN}, "events"),
        ({"state": State.REQUESTED, "events": ()}, "events"),
        ({"events": (ConsentEvent(NOON, Event.REQUEST), ConsentEvent(NOON - 1, Event.GIVE))}, "events"),
        ({"events": (ConsentEvent(-1, Event.GIVE),)}, "events"),
    ],
)  # fmt: skip
def test_parts_that_do_not_fit(fields: dict[str, Any], at_fault: str) -> None:
    with pytest.raises(ConsentTermsError) as raised:
        replace(GIVEN, **fields)
    assert raised.value.field == at_fault


def test_events_that_cannot_follow_each_other() -> None:
    twice = (*WITHDRAWN.events, ConsentEvent(NOON * 2, Event.GIVE))
    with pytest.raises(ConsentStateError):
        replace(WITHDRAWN, events=twice, state=State.GIVEN)
    with pytest.raises(ConsentError):
        replace(WITHDRAWN, events=WITHDRAWN.events[2:])


@pytest.mark.parametrize(("name", "contact"), [("", "a"), ("a", ""), ("a\n", "a"), ("a", "x" * 257)])
def test_a_controller_has_a_name_and_a_contact(name: str, contact: str) -> None:
    with pytest.raises(ConsentTermsError):
        Controller(name, contact)


def test_the_last_yes() -> None:
    assert GIVEN.yes == ConsentEvent(NOON, Event.GIVE)
    assert RENEWED.yes is RENEWED.events[-1]
    assert WITHDRAWN.yes is WITHDRAWN.events[1]
    assert REQUESTED.yes is REFUSED.yes is None


def test_all_samples_can_be_told_apart() -> None:
    records: set[ConsentRecord] = set(RECORDS.values())
    assert len(records) == len(RECORDS)
    assert {record.state for record in records} == set(State)
