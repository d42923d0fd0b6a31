"""What was asked for and not done leaves a leaf as well."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from visavis.audit.entry import Action, Refusal
from visavis.errors import (
    ConsentError,
    ConsentExpiredError,
    ConsentTermsError,
    ConsentWithdrawnError,
    EnrolmentError,
    ImageError,
    NoFaceError,
    NotAllowedError,
    OtherPurposeError,
    SearchRateError,
    StoreError,
    UnknownGalleryError,
    UnknownReferenceError,
    UnknownSubjectError,
    UnknownUserError,
    UserError,
    VisavisError,
)
from visavis.services.registry import Registry
from visavis.services.work import working
from visavis.store.galleries import Gallery

_REASONS: tuple[tuple[type[VisavisError], Refusal], ...] = (
    (NotAllowedError, Refusal.NOT_ALLOWED),
    (ConsentTermsError, Refusal.BAD_REQUEST),
    (ConsentWithdrawnError, Refusal.WITHDRAWN),
    (ConsentExpiredError, Refusal.EXPIRED),
    (OtherPurposeError, Refusal.OTHER_PURPOSE),
    (ConsentError, Refusal.NO_CONSENT),
    (UnknownGalleryError, Refusal.NOT_FOUND),
    (UnknownReferenceError, Refusal.NOT_FOUND),
    (UnknownSubjectError, Refusal.NOT_FOUND),
    (UnknownUserError, Refusal.NOT_FOUND),
    (UserError, Refusal.BAD_REQUEST),
    (SearchRateError, Refusal.BAD_REQUEST),
    (NoFaceError, Refusal.NO_FACE),
    (EnrolmentError, Refusal.UNUSABLE_PHOTO),
    (ImageError, Refusal.UNUSABLE_PHOTO),
)


def reason_of(error: VisavisError) -> Refusal:
    """How the log names an error."""
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), Refusal.FAILED)


@contextmanager
def refusals_logged(registry: Registry, action: Action, gallery: Gallery | None) -> Iterator[None]:
    """Log an error of the block as a refusal, and raise it again. Errors of the store itself cannot be logged in it."""
    try:
        yield
    except StoreError:
        raise
    except VisavisError as error:
        with working(registry) as work:
            work.log(action, where=gallery, refusal=reason_of(error))
        raise
