"""Ending consents: withdrawal and expiry. The key goes first, then the rows; once it returned, nobody answers with the person.

What was cut off in between is finished whenever a registry is opened: a tombstone says what is left to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from visavis.audit.commitments import Kind
from visavis.audit.entry import Action, Counted
from visavis.consent.states import Event, State, next_state
from visavis.consent.times import SECONDS_PER_DAY
from visavis.errors import ClockError, EraseUnfinishedError, StoreError
from visavis.services.jobs import forget_old
from visavis.services.registry import Registry
from visavis.services.work import Concerned, Logged, Work, check_clock, working
from visavis.store.grants import (
    OPEN,
    Grant,
    GrantEvent,
    delete_proofs,
    expired_grants,
    grants_by_id,
    has_old_proofs,
    insert_events,
    replace_grants,
)
from visavis.store.log import read_head
from visavis.store.references import delete_references_of

_SWEEP = 500
_ACTIONS = {Event.WITHDRAW: Action.WITHDRAW, Event.EXPIRE: Action.EXPIRE}


@dataclass(frozen=True, slots=True)
class Ended:
    """A consent that ended. references: how many were erased; logged: its leaf."""

    grant: Grant
    references: int
    logged: Logged


def end_grants(registry: Registry, grant_ids: Sequence[bytes], event: Event) -> list[Ended]:
    """Erase everything under these grants. Safe to repeat: each call leaves a leaf for each of them.

    event: withdraw or expire. Raises ClockError, and then erases nothing; EraseUnfinishedError where the keys are erased, but the store could not be brought to say so.
    """
    with registry.store.read() as connection:
        check_clock(read_head(connection), registry.clock())  # what cannot be logged is not begun
    registry.keyring.erase(grant_ids, event.value, registry.clock())
    try:
        ended = _erase_rows(registry, grant_ids, event)
        registry.store.overwrite_freed()
    except StoreError as error:
        raise EraseUnfinishedError(
            f"{EraseUnfinishedError.__doc__} The store says: {error.message}"
        ) from None
    registry.keyring.settle(grant_ids)
    registry.indexes.refresh()
    return ended


def finish_erasures(registry: Registry) -> None:
    """Do what a process left undone that ended while it erased. Under a wrong clock it waits: nobody is found without a key."""
    by_cause: dict[Event, list[bytes]] = {}
    for grave in registry.keyring.graves(unsettled=True):
        by_cause.setdefault(Event(grave.cause), []).append(grave.grant_id)
    for event, grant_ids in by_cause.items():
        with suppress(ClockError):
            end_grants(registry, grant_ids, event)


def sweep(registry: Registry) -> int:
    """Erase whoever's consent expired, the records of ended consents that need not be proven any more, and old jobs; how many people."""
    swept = 0
    while True:
        with registry.store.read() as connection:
            expired = expired_grants(connection, registry.clock(), _SWEEP)
        if not expired:
            break
        swept += len(end_grants(registry, [grant.id for grant in expired], Event.EXPIRE))
    _forget_proofs(registry)
    forget_old(registry)
    return swept


def _erase_rows(registry: Registry, grant_ids: Sequence[bytes], event: Event) -> list[Ended]:
    with registry.store.read() as connection:
        if not grants_by_id(connection, grant_ids):  # keys of grants that never came to be
            return []
    with working(registry) as work:
        found = grants_by_id(work.connection, grant_ids)
        return [_end(work, grant, event) for grant in found.values()]


def _end(work: Work, grant: Grant, event: Event) -> Ended:
    references = delete_references_of(work.connection, grant.id)
    if grant.state == State.REQUESTED:  # what ends before it was given, in this store at least, expires
        event = Event.EXPIRE
    if grant.state in OPEN:
        grant = replace(
            grant,
            state=next_state(State(grant.state), event).value,
            proof_until=work.now + grant.proof_days * SECONDS_PER_DAY,
        )
        replace_grants(work.connection, [grant])
        insert_events(work.connection, [GrantEvent(grant.id, work.now, event.value, work.by)])
    logged = work.log(
        _ACTIONS[event],
        where=grant.purpose,
        counts={Counted.REFERENCES: references},
        people=[Concerned(grant.id, None, [(Kind.SUBJECT, grant.subject)])],
    )
    return Ended(grant, references, logged)


def _forget_proofs(registry: Registry) -> None:
    with registry.store.read() as connection:
        if not has_old_proofs(connection, registry.clock()):
            return
    with working(registry) as work:
        forgotten = delete_proofs(work.connection, work.now)
        counts: Mapping[Counted, int] = {Counted.SUBJECTS: forgotten}
        work.log(Action.ERASE, counts=counts)
    registry.store.overwrite_freed()
