from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.consent.states import Event, State, is_final, next_state, require_live
from visavis.errors import (
    ConsentError,
    ConsentExpiredError,
    ConsentRefusedError,
    ConsentStateError,
    ConsentWithdrawnError,
    NoConsentError,
)

POSSIBLE = {
    (None, Event.REQUEST): State.REQUESTED,
    (None, Event.GIVE): State.GIVEN,
    (None, Event.REFUSE): State.REFUSED,
    (State.REQUESTED, Event.GIVE): State.GIVEN,
    (State.REQUESTED, Event.REFUSE): State.REFUSED,
    (State.REQUESTED, Event.EXPIRE): State.EXPIRED,
    (State.GIVEN, Event.RENEW): State.GIVEN,
    (State.GIVEN, Event.EXPIRE): State.EXPIRED,
    (State.GIVEN, Event.WITHDRAW): State.WITHDRAWN,
}


@pytest.mark.parametrize("state", [None, *State])
@pytest.mark.parametrize("event", Event)
def test_every_state_and_event(state: State | None, event: Event) -> None:
    if (state, event) in POSSIBLE:
        assert next_state(state, event) is POSSIBLE[state, event]
    else:
        with pytest.raises(NoConsentError if state is None else ConsentStateError):
            next_state(state, event)


@given(st.lists(st.sampled_from(Event), max_size=12))
def test_nothing_leads_out_of_a_final_state_and_only_a_yes_into_given(events: list[Event]) -> None:
    state: State | None = None
    for event in events:
        try:
            following = next_state(state, event)
        except ConsentError:
            continue
        assert state is None or not is_final(state)
        assert (following is State.GIVEN) == (event in {Event.GIVE, Event.RENEW})
        state = following


def test_final_states() -> None:
    assert [state for state in State if is_final(state)] == [State.REFUSED, State.EXPIRED, State.WITHDRAWN]


@pytest.mark.parametrize(
    ("state", "error"),
    [
        (None, NoConsentError),
        (State.REQUESTED, NoConsentError),
        (State.REFUSED, ConsentRefusedError),
        (State.EXPIRED, ConsentExpiredError),
        (State.WITHDRAWN, ConsentWithdrawnError),
    ],
)
def test_only_a_given_consent_is_live(state: State | None, error: type[ConsentError]) -> None:
    with pytest.raises(error):
        require_live(state, None, 0)


def test_a_given_consent_is_live_until_the_second_before_it_expires() -> None:
    require_live(State.GIVEN, 100, 99)
    require_live(State.GIVEN, None, 99)
    with pytest.raises(ConsentExpiredError):
        require_live(State.GIVEN, 100, 100)


def test_a_withdrawal_is_named_even_after_the_time_is_over() -> None:
    with pytest.raises(ConsentWithdrawnError):
        require_live(State.WITHDRAWN, 100, 200)
