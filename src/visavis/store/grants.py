"""The rows of grants and of what happened to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from visavis.store.batches import batched
from visavis.store.schema import consent_events, grants

OPEN = ("requested", "given")
"""The states that are not final."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A row of `grants`. id: 16 bytes; times in seconds since 1970, UTC."""

    id: bytes
    subject: str
    purpose: str
    state: str
    consented_by: str
    notice_version: str | None
    language: str | None
    evidence_sha256: str | None
    until: int | None
    controller_name: str
    controller_contact: str
    retention_days: int
    expires_at: int
    proof_days: int
    proof_until: int | None

    def __repr__(self) -> str:
        return f"Grant(<of one person>, state={self.state!r})"


@dataclass(frozen=True, slots=True)
class GrantEvent:
    """What happened to a grant, when, and who recorded it."""

    grant_id: bytes
    at: int
    event: str
    by: str


def open_grants(connection: Connection, purpose: str, subjects: Iterable[str]) -> dict[str, Grant]:
    """The grants of these people for a purpose that are requested or given, by subject."""
    found: dict[str, Grant] = {}
    for batch in batched(dict.fromkeys(subjects)):
        query = select(grants).where(
            grants.c.subject.in_(batch), grants.c.purpose == purpose, grants.c.state.in_(OPEN)
        )
        found.update({row.subject: Grant(*row) for row in connection.execute(query)})
    return found


def latest_grant(connection: Connection, subject: str, purpose: str) -> Grant | None:
    """The grant to which something happened last, whatever its state."""
    query = (
        select(grants)
        .join(consent_events)
        .where(grants.c.subject == subject, grants.c.purpose == purpose)
        .order_by(consent_events.c.number.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return Grant(*row) if row else None


def grants_of(connection: Connection, subject: str) -> list[Grant]:
    """Every grant of a person, the first first."""
    first = select(func.min(consent_events.c.number)).where(consent_events.c.grant_id == grants.c.id)
    query = select(grants).where(grants.c.subject == subject).order_by(first.scalar_subquery())
    return [Grant(*row) for row in connection.execute(query)]


def list_grants(
    connection: Connection, purpose: str | None, state: str | None, after: tuple[str, bytes], limit: int
) -> list[Grant]:
    """Grants by subject and id, at most `limit` after the one with this subject and id."""
    query = select(grants).order_by(grants.c.subject, grants.c.id).limit(limit)
    query = query.where(
        (grants.c.subject > after[0]) | ((grants.c.subject == after[0]) & (grants.c.id > after[1]))
    )
    if purpose is not None:
        query = query.where(grants.c.purpose == purpose)
    if state is not None:
        query = query.where(grants.c.state == state)
    return [Grant(*row) for row in connection.execute(query)]


def grants_by_id(connection: Connection, ids: Iterable[bytes]) -> dict[bytes, Grant]:
    """Grants by their ids, those that are there."""
    found: dict[bytes, Grant] = {}
    for batch in batched(ids):
        rows = connection.execute(select(grants).where(grants.c.id.in_(batch)))
        found.update({row.id: Grant(*row) for row in rows})
    return found


def ids_of_given(connection: Connection) -> list[bytes]:
    """The ids of all grants that are given."""
    return list(connection.scalars(select(grants.c.id).where(grants.c.state == "given")))


def has_given(connection: Connection, subject: str) -> bool:
    """Whether a person has a grant that is given, to whatever purpose."""
    query = select(grants.c.id).where(grants.c.subject == subject, grants.c.state == "given").limit(1)
    return connection.execute(query).first() is not None


def expired_grants(connection: Connection, now: int, limit: int) -> list[Grant]:
    """Open grants that count no more."""
    query = select(grants).where(grants.c.state.in_(OPEN), grants.c.expires_at <= now).limit(limit)
    return [Grant(*row) for row in connection.execute(query)]


def events_of(connection: Connection, grant_id: bytes) -> list[GrantEvent]:
    """What happened to a grant, in order."""
    columns = consent_events.c
    query = select(columns.grant_id, columns.at, columns.event, columns.by)
    query = query.where(columns.grant_id == grant_id).order_by(columns.number)
    return [GrantEvent(*row) for row in connection.execute(query)]


def latest_times(connection: Connection, ids: Iterable[bytes]) -> dict[bytes, int]:
    """When something happened last to each of these grants."""
    found: dict[bytes, int] = {}
    columns = consent_events.c
    for batch in batched(ids):
        query = select(columns.grant_id, func.max(columns.at)).where(columns.grant_id.in_(batch))
        found.update((grant_id, at) for grant_id, at in connection.execute(query.group_by(columns.grant_id)))
    return found


def insert_grants(connection: Connection, new: Sequence[Grant]) -> None:
    """Add grants."""
    if new:
        connection.execute(insert(grants), [asdict(grant) for grant in new])


def replace_grants(connection: Connection, changed: Sequence[Grant]) -> None:
    """Write grants that are there already as they are now."""
    rows = [{f"new_{name}": value for name, value in asdict(grant).items()} for grant in changed]
    if rows:
        values: Mapping[str, object] = {
            c.name: bindparam(f"new_{c.name}") for c in grants.c if c.name != "id"
        }
        connection.execute(update(grants).where(grants.c.id == bindparam("new_id")).values(**values), rows)


def insert_events(connection: Connection, events: Sequence[GrantEvent]) -> None:
    """Add what happened."""
    if events:
        connection.execute(insert(consent_events), [asdict(event) for event in events])


def has_old_proofs(connection: Connection, now: int) -> bool:
    """Whether there are records of ended grants that need to be proven no more."""
    return (
        connection.execute(select(grants.c.id).where(grants.c.proof_until <= now).limit(1)).first()
        is not None
    )


def delete_proofs(connection: Connection, now: int) -> int:
    """Delete the records of ended grants that need to be proven no more, with their events; how many."""
    return connection.execute(delete(grants).where(grants.c.proof_until <= now)).rowcount
