"""What of consents is told in parts, and what that leaves in the log."""

from __future__ import annotations

import pytest
from registries import PURPOSE, agree

from visavis.audit.entry import Action
from visavis.consent.states import State
from visavis.errors import ConsentTermsError, NoConsentError
from visavis.services import consents
from visavis.services.log import latest_entries, log_size
from visavis.services.records import consents_after, latest_with_events
from visavis.services.registry import Registry


def test_a_part_of_the_list_follows_the_last(registry: Registry) -> None:
    agree(registry, "ben", "anna", "carl")
    consents.withdraw(registry, "ben", PURPOSE)
    first, second = consents_after(registry, PURPOSE, None, None, 2)
    assert (first.subject, second.subject) == ("anna", "ben")
    assert [g.subject for g in consents_after(registry, None, None, second.id, 2)] == ["carl"]
    assert [g.subject for g in consents_after(registry, None, State.WITHDRAWN, None, 9)] == ["ben"]
    entries = [n.entry for n in latest_entries(registry, 3)]
    assert [(e.action, e.purpose) for e in entries] == [(Action.VIEW, p) for p in (PURPOSE, None, None)]
    before = log_size(registry)
    for purpose, after in (("a\0", None), (None, bytes(16))):
        with pytest.raises(ConsentTermsError):
            consents_after(registry, purpose, None, after, 2)
    assert log_size(registry) == before


def test_of_several_grants_the_last_is_told(registry: Registry) -> None:
    agree(registry, "anna")
    consents.withdraw(registry, "anna", PURPOSE)
    grant, events = latest_with_events(registry, "anna", PURPOSE)
    assert (grant.state, [e.event for e in events]) == ("withdrawn", ["give", "withdraw"])
    assert latest_entries(registry, 1)[0].entry.commitments == ()  # nothing can be opened for them any more
    agree(registry, "anna")
    grant, events = latest_with_events(registry, "anna", PURPOSE)
    assert (grant.state, [e.event for e in events]) == ("given", ["give"])
    assert len(latest_entries(registry, 1)[0].entry.commitments) == 2
    with pytest.raises(NoConsentError):
        latest_with_events(registry, "ben", PURPOSE)
    with pytest.raises(ConsentTermsError):
        latest_with_events(registry, "anna\0", PURPOSE)
