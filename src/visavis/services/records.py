"""From the rows of a grant to the record of a consent."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from visavis.audit.commitments import Kind
from visavis.audit.entry import Action
from visavis.consent.record import ConsentEvent, ConsentRecord, Controller
from visavis.consent.states import Event, State
from visavis.consent.terms import Consenter, Terms, check_subject
from visavis.errors import NoConsentError
from visavis.services.registry import Registry
from visavis.services.work import Concerned, uuid_text, working
from visavis.store.grants import Grant, events_of, grants_of, list_grants

_PAGE = 1_000


def record_of(connection: Connection, grant: Grant) -> ConsentRecord:
    """The record of a grant, with all that happened to it."""
    return ConsentRecord(
        id=uuid_text(grant.id),
        subject=grant.subject,
        purpose=grant.purpose,
        controller=Controller(grant.controller_name, grant.controller_contact),
        state=State(grant.state),
        terms=Terms(
            consented_by=Consenter(grant.consented_by),
            notice_version=grant.notice_version,
            language=grant.language,
            evidence_sha256=grant.evidence_sha256,
            until=grant.until,
        ),
        events=tuple(ConsentEvent(event.at, Event(event.event)) for event in events_of(connection, grant.id)),
        expires_at=grant.expires_at,
        retention_days=grant.retention_days,
        proof_days=grant.proof_days,
        proof_until=grant.proof_until,
    )


def records_about(registry: Registry, subject: str) -> list[ConsentRecord]:
    """Every consent that is recorded of a person, the first first. Raises NoConsentError where there is none."""
    check_subject(subject)
    with working(registry) as work:
        grants = grants_of(work.connection, subject)
        if not grants:
            raise NoConsentError("no consent of this person is recorded")
        keys = registry.keyring.keys(grant.id for grant in grants)
        people = [Concerned(g.id, keys[g.id], [(Kind.SUBJECT, subject)]) for g in grants if g.id in keys]
        work.log(Action.VIEW, people=people)
        return [record_of(work.connection, grant) for grant in grants]


def list_consents(
    registry: Registry, purpose: str | None = None, state: State | None = None
) -> Iterator[Grant]:
    """The grants for a purpose and in a state, by subject; that they are looked at is logged before the first is given."""
    with working(registry) as work:
        work.log(Action.VIEW, where=purpose)
    after = "", b""
    while True:
        with registry.store.read() as connection:
            page = list_grants(connection, purpose, state, after, _PAGE)
        if not page:
            return
        yield from page
        after = page[-1].subject, page[-1].id
