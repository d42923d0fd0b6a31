"""Recording what people say: yes, no, not yet, and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from sqlalchemy import Connection

from visavis.audit.commitments import Kind
from visavis.audit.entry import Action
from visavis.consent.states import Event, State, is_final, next_state
from visavis.consent.terms import Terms, check_purpose, check_subject, expires_at
from visavis.consent.times import SECONDS_PER_DAY
from visavis.errors import ConsentTermsError, ConsentWithdrawnError, NoConsentError, StoreBusyError
from visavis.services.erase import end_grants
from visavis.services.registry import Registry
from visavis.services.work import Concerned, Logged, Work, working
from visavis.store.crypto import Key
from visavis.store.grants import (
    Grant,
    GrantEvent,
    insert_events,
    insert_grants,
    latest_grant,
    latest_times,
    open_grants,
    replace_grants,
)

_BATCH = 1_000
NOT_NAMED = "not named (setting controller_name, controller_contact)"


@dataclass(frozen=True, slots=True)
class Given:
    """A consent to record. given_at: when the person said so, UTC; None where it is now."""

    subject: str = field(repr=False)
    purpose: str
    terms: Terms
    given_at: int | None = None

    def __post_init__(self) -> None:
        check_subject(self.subject)
        check_purpose(self.purpose)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A grant as it is now, and the leaf that says what was done to it."""

    grant: Grant
    logged: Logged


def give(registry: Registry, consent: Given) -> Recorded:
    """Record that a person agrees; where they agreed before, that they still do, on these terms."""
    return give_many(registry, [consent])[0]


def give_many(registry: Registry, consents: Sequence[Given]) -> list[Recorded]:
    """Record many consents, a thousand to a transaction. Of one person to one purpose, the later renews the earlier."""
    recorded = []
    for start in range(0, len(consents), _BATCH):
        batch = consents[start : start + _BATCH]
        _end_expired(registry, batch)
        recorded += _give(registry, batch)
    return recorded


def not_given_yet(registry: Registry, consents: Sequence[Given]) -> list[Given]:
    """Those of these consents that do not count already."""
    missing = []
    for start in range(0, len(consents), _BATCH):
        batch = consents[start : start + _BATCH]
        with registry.store.read() as connection:
            found = _open_grants(connection, batch)
        known = {p for p, g in found.items() if g.state == State.GIVEN and g.expires_at > registry.clock()}
        missing += [consent for consent in batch if (consent.subject, consent.purpose) not in known]
    return missing


def request(registry: Registry, consent: Given) -> Recorded:
    """Record that a person was asked."""
    return _record_answer(registry, consent, Event.REQUEST, Action.CONSENT_REQUEST)


def refuse(registry: Registry, consent: Given) -> Recorded:
    """Record that a person said no. Who agreed before withdraws instead."""
    return _record_answer(registry, consent, Event.REFUSE, Action.REFUSE)


def withdraw(registry: Registry, subject: str, purpose: str) -> Recorded:
    """Erase a person's references for a purpose; once this returns, no process finds them any more.

    Safe to repeat; each time gives a receipt anew. Raises NoConsentError where there never was a consent, ConsentStateError
    where there is nothing to withdraw, EraseUnfinishedError where the store could not be brought to say so yet, ConsentTermsError
    where this cannot be a subject or a purpose.
    """
    check_subject(subject)
    check_purpose(purpose)
    with registry.store.read() as connection:
        grant = latest_grant(connection, subject, purpose)
    if grant is None:
        raise NoConsentError
    if grant.state != State.WITHDRAWN:
        next_state(State(grant.state), Event.WITHDRAW)
    ended = end_grants(registry, [grant.id], Event.WITHDRAW)
    if not ended:  # another process just forgot the record of a consent that ended long ago
        raise NoConsentError
    return Recorded(ended[0].grant, ended[0].logged)


def _end_expired(registry: Registry, consents: Sequence[Given]) -> None:
    """Who agrees again after their consent expired gets a new grant; the old one is erased first."""
    with registry.store.read() as connection:
        found = _open_grants(connection, consents)
    expired = [grant.id for grant in found.values() if grant.expires_at <= registry.clock()]
    if expired:
        end_grants(registry, expired, Event.EXPIRE)


def _give(registry: Registry, consents: Sequence[Given]) -> list[Recorded]:
    with registry.store.read() as connection:
        before = _open_grants(connection, consents)
        times = _latest_times(connection, before)
    for consent in consents:  # before a key is made for it
        _end_of(registry, consent, registry.clock())
        _check_follows(consent, times)
    pairs = dict.fromkeys((consent.subject, consent.purpose) for consent in consents)
    ids = {pair: before[pair].id if pair in before else uuid4().bytes for pair in pairs}
    keys = registry.keyring.ensure_keys(list(ids.values()), registry.clock())
    with working(registry) as work:
        now_open = _open_grants(work.connection, consents)
        _check_unchanged(before, now_open)
        times = _latest_times(work.connection, now_open)
        changes = []
        for consent in consents:
            pair = consent.subject, consent.purpose
            _check_follows(consent, times)
            changes.append(_give_one(work, consent, now_open.get(pair), ids[pair]))
            now_open[pair], times[pair] = changes[-1].grant, changes[-1].event.at
        _write(work, changes)
        return [_log(work, change, Action.GRANT, keys) for change in changes]


def _record_answer(registry: Registry, consent: Given, event: Event, action: Action) -> Recorded:
    """A request or a refusal: nothing is kept of the person besides it, so it needs no key."""
    _end_expired(registry, [consent])
    with working(registry) as work:
        found = _open_grants(work.connection, [consent])
        _check_follows(consent, _latest_times(work.connection, found))
        change = _change(work, consent, event, found.get((consent.subject, consent.purpose)), uuid4().bytes)
        _write(work, [change])
        return _log(work, change, action, {})


@dataclass(frozen=True, slots=True)
class _Change:
    grant: Grant
    event: GrantEvent
    is_new: bool


def _give_one(work: Work, consent: Given, found: Grant | None, fresh_id: bytes) -> _Change:
    event = Event.RENEW if found and found.state == State.GIVEN else Event.GIVE
    return _change(work, consent, event, found, fresh_id)


def _change(work: Work, consent: Given, event: Event, found: Grant | None, fresh_id: bytes) -> _Change:
    settings = work.registry.settings
    state = next_state(State(found.state) if found else None, event)
    at, expires = _end_of(work.registry, consent, work.now)
    terms = consent.terms
    grant = Grant(
        id=found.id if found else fresh_id,
        subject=consent.subject,
        purpose=consent.purpose,
        state=state.value,
        consented_by=terms.consented_by.value,
        notice_version=terms.notice_version,
        language=terms.language,
        evidence_sha256=terms.evidence_sha256,
        until=terms.until,
        controller_name=settings.controller_name or NOT_NAMED,
        controller_contact=settings.controller_contact or NOT_NAMED,
        retention_days=settings.retention_days,
        expires_at=expires,
        proof_days=settings.proof_days,
        proof_until=work.now + settings.proof_days * SECONDS_PER_DAY if is_final(state) else None,
    )
    return _Change(grant, GrantEvent(grant.id, at, event.value, work.by), found is None)


def _end_of(registry: Registry, consent: Given, now: int) -> tuple[int, int]:
    """When it was given, and when it ends; raises ConsentTermsError where it has ended."""
    at = now if consent.given_at is None else min(consent.given_at, now)
    expires = expires_at(at, consent.terms.until, registry.settings.retention_days)
    if expires <= now:
        raise ConsentTermsError("this consent has ended already", field="until")
    return at, expires


def _check_follows(consent: Given, times: Mapping[tuple[str, str], int]) -> None:
    """Raise ConsentTermsError where it was given before what happened last to its grant: a record tells events in order.

    times: when that was, by subject and purpose.
    """
    last = times.get((consent.subject, consent.purpose))
    if last is not None and consent.given_at is not None and consent.given_at < last:
        raise ConsentTermsError(
            "something that happened later is recorded of this consent already",
            field="given_at",
            hint="leave given_at out where the person answered just now",
        )


def _write(work: Work, changes: Sequence[_Change]) -> None:
    insert_grants(work.connection, [change.grant for change in changes if change.is_new])
    replace_grants(work.connection, [change.grant for change in changes if not change.is_new])
    insert_events(work.connection, [change.event for change in changes])


def _log(work: Work, change: _Change, action: Action, keys: Mapping[bytes, Key]) -> Recorded:
    grant = change.grant
    if action is Action.GRANT and grant.id not in keys:  # a tombstone: they are just withdrawing
        raise ConsentWithdrawnError
    person = Concerned(grant.id, keys.get(grant.id), [(Kind.SUBJECT, grant.subject)])
    return Recorded(grant, work.log(action, where=grant.purpose, people=[person]))


def _check_unchanged(before: Mapping[tuple[str, str], Grant], now: Mapping[tuple[str, str], Grant]) -> None:
    if {pair: grant.id for pair, grant in now.items()} != {pair: grant.id for pair, grant in before.items()}:
        raise StoreBusyError(
            "another process recorded something of these people just now; nothing was changed"
        )


def _latest_times(
    connection: Connection, found: Mapping[tuple[str, str], Grant]
) -> dict[tuple[str, str], int]:
    """When something happened last to open grants, by subject and purpose."""
    times = latest_times(connection, [grant.id for grant in found.values()])
    return {pair: times[grant.id] for pair, grant in found.items()}


def _open_grants(connection: Connection, consents: Sequence[Given]) -> dict[tuple[str, str], Grant]:
    """Open grants by subject and purpose."""
    found: dict[tuple[str, str], Grant] = {}
    for purpose in dict.fromkeys(consent.purpose for consent in consents):
        subjects = [consent.subject for consent in consents if consent.purpose == purpose]
        for subject, grant in open_grants(connection, purpose, subjects).items():
            found[subject, purpose] = grant
    return found
