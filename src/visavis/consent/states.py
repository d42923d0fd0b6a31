"""A grant as a state machine: what can happen to one person's consent to one purpose.

Refused, expired and withdrawn are final: whoever says yes after that gives another consent, which is another grant.
"""

from __future__ import annotations

from enum import StrEnum

from visavis.errors import (
    ConsentExpiredError,
    ConsentRefusedError,
    ConsentStateError,
    ConsentWithdrawnError,
    NoConsentError,
)


class State(StrEnum):
    """How a grant stands. Only a consent that is given allows anything."""

    REQUESTED = "requested"
    GIVEN = "given"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Event(StrEnum):
    """What happens to a grant. Renew: the person says yes again, from when the time of retention counts anew."""

    REQUEST = "request"
    GIVE = "give"
    RENEW = "renew"
    REFUSE = "refuse"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"


_NEXT: dict[State | None, dict[Event, State]] = {
    None: {
        Event.REQUEST: State.REQUESTED,
        Event.GIVE: State.GIVEN,
        Event.REFUSE: State.REFUSED,
    },
    State.REQUESTED: {
        Event.GIVE: State.GIVEN,
        Event.REFUSE: State.REFUSED,
        Event.EXPIRE: State.EXPIRED,
    },
    State.GIVEN: {
        Event.RENEW: State.GIVEN,
        Event.EXPIRE: State.EXPIRED,
        Event.WITHDRAW: State.WITHDRAWN,
    },
    State.REFUSED: {},
    State.EXPIRED: {},
    State.WITHDRAWN: {},
}


def is_final(state: State) -> bool:
    """Whether nothing can happen to the grant any more."""
    return not _NEXT[state]


def next_state(state: State | None, event: Event) -> State:
    """The state after an event; None is no grant yet.

    Raises NoConsentError where there is no grant for that to happen to, ConsentStateError where it cannot happen in that state.
    """
    following = _NEXT[state].get(event)
    if following is not None:
        return following
    if state is None:
        raise NoConsentError
    raise ConsentStateError(f"{event} is not possible: the consent is {state}")


def require_live(state: State | None, expires_at: int | None, at: int) -> None:
    """Pass in silence where a grant allows its purpose at a time; None is no grant.

    expires_at: the first second at which it no longer does, even if nobody recorded that yet; None: no end.
    Both times are epoch seconds, UTC.
    Raises NoConsentError (also where nobody has answered yet), ConsentRefusedError, ConsentExpiredError or ConsentWithdrawnError.
    """
    match state:
        case None | State.REQUESTED:
            raise NoConsentError
        case State.REFUSED:
            raise ConsentRefusedError
        case State.WITHDRAWN:
            raise ConsentWithdrawnError
        case State.EXPIRED:
            raise ConsentExpiredError
    if expires_at is not None and at >= expires_at:
        raise ConsentExpiredError
