"""From the rows of a grant to the record of a consent."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from visavis.audit.commitments import Kind
from visavis.audit.entry import Action
from visavis.consent.record import ConsentEvent, ConsentRecord, Controller
from visavis.consent.states import Event, State
from visavis.consent.terms import Consenter, Terms, check_purpose, check_subject
from visavis.errors import ConsentTermsError, NoConsentError
from visavis.services.registry import Registry
from visavis.services.work import Concerned, uuid_text, working
from visavis.store.grants import (
    Grant,
    GrantEvent,
    events_of,
    grants_by_id,
    grants_of,
    latest_grant,
    list_grants,
)

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


def consents_after(
    registry: Registry, purpose: str | None, state: State | None, after: bytes | None, limit: int
) -> list[Grant]:
    """A part of that list: at most `limit` grants after the one with the id `after`. That it is looked at is logged, each time.

    Raises ConsentTermsError where this cannot be a purpose, or there is no grant `after` any more.
    """
    if purpose is not None:
        check_purpose(purpose)
    with working(registry) as work:
        last = grants_by_id(work.connection, [after]).get(after) if after else None
        if after and last is None:
            raise ConsentTermsError(
                "there is no consent with this id any more", field="after", hint="begin anew"
            )
        work.log(Action.VIEW, where=purpose)
    place = (last.subject, last.id) if last else ("", b"")
    with registry.store.read() as connection:
        return list_grants(connection, purpose, state, place, limit)


def latest_with_events(registry: Registry, subject: str, purpose: str) -> tuple[Grant, list[GrantEvent]]:
    """The last grant of a person for a purpose and what happened to it, in order. That it is looked at is logged.

    Raises ConsentTermsError, and NoConsentError where there is none.
    """
    check_subject(subject)
    check_purpose(purpose)
    with working(registry) as work:
        grant = latest_grant(work.connection, subject, purpose)
        if grant is None:
            raise NoConsentError
        keys = registry.keyring.keys([grant.id])
        people = [Concerned(grant.id, keys[grant.id], [(Kind.SUBJECT, subject)])] if keys else []
        work.log(Action.VIEW, where=purpose, people=people)
        return grant, events_of(work.connection, grant.id)
