"""Consents that do not allow what was asked, or cannot be recorded."""

from __future__ import annotations

from visavis.errors.base import VisavisError


class ConsentError(VisavisError):
    """The person's consent does not allow this."""


class NoConsentError(ConsentError):
    """There is no consent of this person for this purpose."""

    hint = "ask the person; `visavis consent grant --subject S --purpose P` records a yes"


class ConsentRefusedError(ConsentError):
    """The person refused to consent to this purpose."""

    hint = "a no holds; if the person says yes after all, `visavis consent grant --subject S --purpose P` records it"


class ConsentExpiredError(ConsentError):
    """The person's consent to this purpose has expired."""

    hint = "ask the person again; `visavis consent grant --subject S --purpose P` records a new yes"


class ConsentWithdrawnError(ConsentError):
    """The person withdrew their consent to this purpose."""

    hint = "only the person can consent anew; `visavis consent grant --subject S --purpose P` records it"


class OtherPurposeError(ConsentError):
    """The person consented, but to another purpose."""

    hint = "another purpose needs a consent of its own: `visavis consent grant --subject S --purpose P`"


class ConsentStateError(ConsentError):
    """This cannot be done with a consent in its state."""

    hint = "`visavis consent show --subject S --purpose P` shows its state; `visavis consent withdraw` ends one that was given"


class ConsentTermsError(ConsentError):
    """This does not describe a consent."""

    hint = "docs/consent.md lists what describes a consent"

    def __init__(self, message: str | None = None, *, field: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.field = field


class ConsentListError(ConsentError):
    """This is not a list of consents."""

    hint = "it is a CSV file with the columns subject,purpose and, where known, until,given_at,consented_by,notice_version,language,evidence (docs/consent.md)"
