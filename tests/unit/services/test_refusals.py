"""What was asked for and not done is in the log, with a reason."""

from __future__ import annotations

import pytest

from visavis import errors
from visavis.audit.entry import Action, Refusal
from visavis.errors import ConsentError, EnrolmentError, NoFaceError, StoreFullError, VisavisError
from visavis.services.log import latest_entries
from visavis.services.refusals import reason_of, refusals_logged
from visavis.services.registry import Registry


def with_subclasses(kind: type[VisavisError]) -> set[type[VisavisError]]:
    return {kind}.union(*map(with_subclasses, kind.__subclasses__()))


def made(kind: type[VisavisError]) -> VisavisError:
    if kind is errors.ConsentTermsError:
        return errors.ConsentTermsError(field="subject")
    return errors.MissingImagesError([], 1) if kind is errors.MissingImagesError else kind()


def test_every_error_has_a_reason() -> None:
    of_people = with_subclasses(ConsentError)
    for kind in with_subclasses(VisavisError):
        reason = reason_of(made(kind))
        if kind in of_people or kind in with_subclasses(EnrolmentError):
            assert reason is not Refusal.FAILED
    assert reason_of(errors.ConsentWithdrawnError()) is Refusal.WITHDRAWN
    assert reason_of(errors.ConsentExpiredError()) is Refusal.EXPIRED
    assert reason_of(errors.OtherPurposeError()) is Refusal.OTHER_PURPOSE
    assert reason_of(errors.ConsentRefusedError()) is Refusal.NO_CONSENT
    assert reason_of(made(errors.ConsentTermsError)) is Refusal.BAD_REQUEST
    assert reason_of(errors.NotAllowedError()) is Refusal.NOT_ALLOWED
    assert reason_of(errors.CorruptImageError()) is Refusal.UNUSABLE_PHOTO
    assert reason_of(errors.WeightsMissingError()) is Refusal.FAILED


def test_an_error_is_logged_and_raised_again(registry: Registry) -> None:
    with pytest.raises(NoFaceError), refusals_logged(registry, Action.IDENTIFY, None):
        raise NoFaceError
    entry = latest_entries(registry, 1)[0].entry
    assert (entry.action, entry.refusal) == (Action.IDENTIFY, Refusal.NO_FACE)
    with pytest.raises(StoreFullError), refusals_logged(registry, Action.IDENTIFY, None):
        raise StoreFullError
    assert len(latest_entries(registry, 9)) == 1
