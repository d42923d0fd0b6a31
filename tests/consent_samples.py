"""Consents that are the same in every run: what the consent tests share."""

from __future__ import annotations

from dataclasses import replace

from visavis.consent.record import ConsentEvent, ConsentRecord, Controller
from visavis.consent.states import Event, State, is_final
from visavis.consent.terms import Consenter, Terms, expires_at

NOON = 1_791_201_600
"""2026-10-05T12:00:00Z"""
DAY = 86_400
EVIDENCE = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

GIVEN = ConsentRecord(
    id="5a1d6c0e-3a86-4f0e-9b57-0e3a4c1f2b6d",
    subject="p-0417",
    purpose="entry to the workshop – Zürich",  # noqa: RUF001
    controller=Controller("Werkstatt Zürich", "privacy@workshop.example"),
    state=State.GIVEN,
    terms=Terms(
        Consenter.PERSON,
        notice_version="2026-09",
        language="de-CH",
        evidence_sha256=EVIDENCE,
        until=NOON + 200 * DAY,
    ),
    events=(ConsentEvent(NOON - DAY, Event.REQUEST), ConsentEvent(NOON, Event.GIVE)),
    expires_at=expires_at(NOON, NOON + 200 * DAY, 365),
    retention_days=365,
    proof_days=1_000,
)

BARE = replace(GIVEN, terms=Terms(), events=GIVEN.events[1:])
"""Nothing is known that need not be."""


def after(record: ConsentRecord, event: Event, state: State, days: int = 30) -> ConsentRecord:
    """The record once one more thing has happened to it."""
    at = record.events[-1].at + days * DAY
    proof_until = at + record.proof_days * DAY if is_final(state) else None
    past = (*record.events, ConsentEvent(at, event))
    return replace(record, state=state, events=past, proof_until=proof_until)


RENEWED = after(
    replace(GIVEN, terms=replace(GIVEN.terms, consented_by=Consenter.GUARDIAN)), Event.RENEW, State.GIVEN
)
WITHDRAWN = after(GIVEN, Event.WITHDRAW, State.WITHDRAWN)
EXPIRED = after(BARE, Event.EXPIRE, State.EXPIRED, 200)
REQUESTED = replace(BARE, state=State.REQUESTED, events=GIVEN.events[:1], expires_at=None)
REFUSED = after(REQUESTED, Event.REFUSE, State.REFUSED, 1)

RECORDS = {
    "given": GIVEN,
    "bare": BARE,
    "renewed": RENEWED,
    "withdrawn": WITHDRAWN,
    "expired": EXPIRED,
    "requested": REQUESTED,
    "refused": REFUSED,
}

RECEIPT = {
    "Log": "visavis.example/log",
    "Public key": "visavis.example/log+4b2f8c1e+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
    "Entry": "17",
    "Checkpoint": "visavis.example/log\n18\nDgMgz2CTIqmUJkp1h2fGBQ4rOX4aCqKXgVkZ2YcUQ5k=\n\n— visavis.example/log Sy+MHkL0vPz0m1m8yM3l4m2bQ6b8m0v1qk3q2h5o3rV9J0m7Zg==\n",
}
