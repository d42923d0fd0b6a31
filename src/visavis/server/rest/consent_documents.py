"""What /v1 takes and tells of consents."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from visavis.consent.states import Event, State
from visavis.consent.terms import Consenter, Terms
from visavis.server.rest.documents import Asked, End, Identifier, Start, Time, Told
from visavis.services.consents import Given

SUBJECT = "The person: best a pseudonym, such as p-0417. 1 to 255 letters, digits, `_`, `.` and `-`."
PURPOSE = "What for: exactly the text of the gallery's purpose."

_PERSON: JsonDict = {"subject": "p-0417", "purpose": "entry to the workshop"}
_CONSENT: JsonDict = {
    "id": "5b0f6d1e-2f0f-4d53-9a56-0f3f7f2f9f10",
    **_PERSON,
    "state": "withdrawn",
    "consented_by": "person",
    "notice_version": "2026-03",
    "language": "de",
    "evidence_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "until": "2027-01-01T00:00:00Z",
    "controller_name": "Museum",
    "controller_contact": "privacy@museum.example",
    "retention_days": 1096,
    "expires_at": "2027-01-01T00:00:00Z",
    "proof_days": 1096,
    "proof_until": "2029-10-05T12:00:00Z",
}
"""No example has a null: FastAPI would leave it out."""


class Person(Asked):
    """One person and one purpose."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PERSON]})

    subject: str = Field(description=SUBJECT)
    purpose: str = Field(description=PURPOSE)


class PersonsAnswer(Person):
    """What a person said, or was asked."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{**_PERSON, "until": "2026-12-31", "notice_version": "2026-03", "language": "de"}]
        }
    )

    until: End | None = Field(None, description="When it ends; else after the setting retention_days.")
    given_at: Start | None = Field(None, description="When the person answered; else now.")
    consented_by: Consenter = Field(Consenter.PERSON, description="Who answered.")
    notice_version: str | None = Field(None, description="Which version of your notice they had read.")
    language: str | None = Field(None, description="In which language, such as de or pt-BR.")
    evidence_sha256: str | None = Field(
        None, description="The SHA-256 of what shows it, such as a scan, which is not sent."
    )

    def given(self) -> Given:
        """The same for the services. Raises ConsentTermsError."""
        terms = Terms(self.consented_by, self.notice_version, self.language, self.evidence_sha256, self.until)
        return Given(self.subject, self.purpose, terms, self.given_at)


class ConsentQuery(Asked):
    """Which part of the list."""

    purpose: str | None = Field(
        None, description="Only consents to this purpose; a key for some galleries must name one."
    )
    state: State | None = Field(None, description="Only consents in this state.")
    after: UUID | None = Field(None, description="Only what follows the consent with this id.")
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class SubjectQuery(Asked):
    """One person."""

    subject: str = Field(description=SUBJECT)


class Consent(Told):
    """A consent as it stands. until: as the person agreed; expires_at: its end, which may be sooner; proof_until: how long its record is kept, once it ended."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CONSENT]})

    id: Identifier
    subject: str
    purpose: str
    state: State
    consented_by: Consenter
    notice_version: str | None
    language: str | None
    evidence_sha256: str | None
    until: Time | None
    controller_name: str
    controller_contact: str
    retention_days: int
    expires_at: Time
    proof_days: int
    proof_until: Time | None


class ConsentEvent(Told):
    """What happened to a consent, when, and who recorded it: an access key, or `local`."""

    event: Event
    at: Time
    by: str


class ConsentHistory(Told):
    """A consent and what happened to it, in order."""

    consent: Consent
    events: list[ConsentEvent]


class ConsentPage(Told):
    """Consents by subject. after: what to ask with for those that follow; null at the end."""

    consents: list[Consent]
    after: Identifier | None


class RecordedConsent(Told):
    """What was recorded, and the proof for the person."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "consent": _CONSENT,
                    "leaf": 17,
                    "purpose_has_gallery": True,
                    "receipt": '{"format":"visavis-consent-receipt-1"}',
                    "page": "<!doctype html>",
                }
            ]
        }
    )

    consent: Consent
    leaf: int = Field(description="Which entry of the audit log says so, from 0.")
    purpose_has_gallery: bool = Field(description="Whether a gallery has this purpose, letter for letter.")
    receipt: str = Field(
        description="The signed receipt, JSON: kept byte for byte, `visavis consent verify` verifies it."
    )
    page: str = Field(description="The receipt as a page to print, HTML.")
