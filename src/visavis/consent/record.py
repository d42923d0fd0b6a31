"""The record of one consent: all that is known of it, and no template."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from visavis.consent.states import Event, State, next_state
from visavis.consent.terms import Terms, check_purpose, check_retention_days, check_subject, check_text
from visavis.consent.times import is_time
from visavis.errors import ConsentTermsError

MAX_PROOF_DAYS = 3653
"""Ten years."""


@dataclass(frozen=True, slots=True)
class Controller:
    """Who answers for the use: name and contact, each 1 to 256 printable characters. Raises ConsentTermsError."""

    name: str
    contact: str

    def __post_init__(self) -> None:
        check_text(self.name, "controller_name", 256)
        check_text(self.contact, "controller_contact", 256)


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """What happened to a consent, and when: epoch seconds, UTC."""

    at: int
    event: Event


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One person's consent to one purpose, as it stands and as it came to be.

    id: a UUID in its usual text. events: at least one, in the order in which they happened; they lead to `state`.
    expires_at: the first second at which the consent no longer holds; None where none was given.
    retention_days: how long it holds after the person's last own interaction, 1 to 1096.
    proof_days: how long this record is kept after the consent has ended, 0 to 3653. proof_until: until when, once it has.
    Times are epoch seconds, UTC. Raises ConsentTermsError where the parts do not fit, ConsentError where the events do not.
    """

    id: str
    subject: str = field(repr=False)
    purpose: str
    controller: Controller
    state: State
    terms: Terms
    events: tuple[ConsentEvent, ...]
    expires_at: int | None
    retention_days: int
    proof_days: int
    proof_until: int | None = None

    def __post_init__(self) -> None:
        check_subject(self.subject)
        check_purpose(self.purpose)
        check_retention_days(self.retention_days)
        if not 0 <= self.proof_days <= MAX_PROOF_DAYS:
            raise ConsentTermsError(
                f"a record is kept for 0 to {MAX_PROOF_DAYS} days after its consent has ended",
                field="proof_days",
            )
        if not _is_uuid(self.id):
            raise ConsentTermsError("the id of a record is a UUID in lower case", field="id")
        for name, time in (("expires_at", self.expires_at), ("proof_until", self.proof_until)):
            if time is not None and not is_time(time):
                raise ConsentTermsError("a time is in whole seconds between 1970 and 9999", field=name)
        if self.state is State.GIVEN and self.expires_at is None:
            raise ConsentTermsError("a consent that was given ends", field="expires_at")
        self._check_events()

    @property
    def yes(self) -> ConsentEvent | None:
        """The last time that somebody gave or renewed the consent, which is what its terms are of; None where nobody did."""
        said = (past for past in reversed(self.events) if past.event in {Event.GIVE, Event.RENEW})
        return next(said, None)

    def _check_events(self) -> None:
        state, times = None, [event.at for event in self.events]
        for event in self.events:
            state = next_state(state, event.event)
        if state is not self.state:
            raise ConsentTermsError("the events of a record lead to its state", field="events")
        if not all(map(is_time, times)) or times != sorted(times):
            raise ConsentTermsError("the events of a record follow each other in time", field="events")


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
