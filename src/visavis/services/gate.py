"""The gate: from a person's name to their live grant for a purpose, or to the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from visavis.consent.states import State, require_live
from visavis.errors import ConsentError, NoConsentError, OtherPurposeError
from visavis.grants import ConsentGrant
from visavis.store.grants import Grant, has_given, latest_grant, open_grants


def live_grants(
    connection: Connection, purpose: str, subjects: Iterable[str], now: int
) -> dict[str, ConsentGrant | ConsentError]:
    """The grant that counts now of each of these people, or why there is none; read in the transaction that acts on it."""
    subjects = list(dict.fromkeys(subjects))
    found = open_grants(connection, purpose, subjects)
    return {
        subject: _live(found.get(subject) or latest_grant(connection, subject, purpose), now)
        or _no_consent(connection, subject)
        for subject in subjects
    }


def live_grant(connection: Connection, purpose: str, subject: str, now: int) -> ConsentGrant:
    """The grant that counts now; raises the ConsentError that says why there is none."""
    grant = live_grants(connection, purpose, [subject], now)[subject]
    if isinstance(grant, ConsentError):
        raise grant
    return grant


def _live(grant: Grant | None, now: int) -> ConsentGrant | ConsentError | None:
    """The grant, if it counts, or why it does not; None where there is none."""
    if grant is None:
        return None
    try:
        require_live(State(grant.state), grant.expires_at, now)
    except ConsentError as error:
        return error
    return ConsentGrant(grant.id, grant.subject, grant.purpose, grant.expires_at)


def _no_consent(connection: Connection, subject: str) -> ConsentError:
    return OtherPurposeError() if has_given(connection, subject) else NoConsentError()
