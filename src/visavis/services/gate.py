"""The gate: from a person's name to their live grant for a purpose, or to the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from visavis.consent.states import State
from visavis.errors import (
    ConsentError,
    ConsentExpiredError,
    ConsentRefusedError,
    ConsentWithdrawnError,
    NoConsentError,
    OtherPurposeError,
)
from visavis.grants import ConsentGrant
from visavis.store.grants import Grant, has_given, latest_grant, open_grants

_REASONS: dict[str, type[ConsentError]] = {
    State.REFUSED: ConsentRefusedError,
    State.EXPIRED: ConsentExpiredError,
    State.WITHDRAWN: ConsentWithdrawnError,
}


def live_grants(
    connection: Connection, purpose: str, subjects: Iterable[str], now: int
) -> dict[str, ConsentGrant | ConsentError]:
    """The grant that counts now of each of these people, or why there is none; read in the transaction that acts on it."""
    subjects = list(dict.fromkeys(subjects))
    found = open_grants(connection, purpose, subjects)
    return {s: _live(found.get(s), now) or _why_not(connection, found.get(s), s, purpose) for s in subjects}


def live_grant(connection: Connection, purpose: str, subject: str, now: int) -> ConsentGrant:
    """The grant that counts now; raises the ConsentError that says why there is none."""
    grant = live_grants(connection, purpose, [subject], now)[subject]
    if isinstance(grant, ConsentError):
        raise grant
    return grant


def _live(grant: Grant | None, now: int) -> ConsentGrant | None:
    if grant is None or grant.state != State.GIVEN or grant.expires_at <= now:
        return None
    return ConsentGrant(grant.id, grant.subject, grant.purpose, grant.expires_at)


def _why_not(connection: Connection, grant: Grant | None, subject: str, purpose: str) -> ConsentError:
    if grant is not None:
        return ConsentExpiredError() if grant.state == State.GIVEN else NoConsentError()
    latest = latest_grant(connection, subject, purpose)
    if latest is not None:
        return _REASONS[latest.state]()
    return OtherPurposeError() if has_given(connection, subject) else NoConsentError()
