"""Every error has a place in the one form, and a code of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rest_calls import Rest

from visavis import errors
from visavis.errors import StoreBusyError, VisavisError
from visavis.rekognition.errors import ThrottlingException
from visavis.server.rest.failures import code_of, failure

PAGE = (Path(__file__).resolve().parents[4] / "docs" / "rest.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.NotAllowedError(), 403, "not-allowed"),
        (errors.NoConsentError(), 403, "no-consent"),
        (errors.OtherPurposeError(), 403, "other-purpose"),
        (errors.ConsentRefusedError(), 403, "consent-refused"),
        (errors.ConsentExpiredError(), 403, "consent-expired"),
        (errors.ConsentWithdrawnError(), 403, "consent-withdrawn"),
        (errors.ConsentTermsError(field="until"), 400, "consent-terms"),
        (errors.GalleryNameError(), 400, "gallery-name"),
        (errors.UnknownModelError(), 400, "unknown-model"),
        (errors.AccessKeyError(), 400, "access-key"),
        (errors.InclusionError(), 400, "inclusion"),
        (errors.UnknownGalleryError(), 404, "unknown-gallery"),
        (errors.UnknownAccessKeyError(), 404, "unknown-access-key"),
        (errors.ReceiptGoneError(), 404, "receipt-gone"),
        (errors.GalleryExistsError(), 409, "gallery-exists"),
        (errors.ConsentStateError(), 409, "consent-state"),
        (ThrottlingException(), 429, "throttling"),
        (errors.StoreBusyError(), 503, "store-busy"),
        (errors.EraseUnfinishedError(), 503, "erase-unfinished"),
        (errors.KeyringMissingError(), 503, "keyring-missing"),
        (errors.ClockError(), 503, "clock"),
        (errors.LeafAlteredError(), 500, "leaf-altered"),
    ],
)
def test_an_error_has_a_status_and_a_code(error: VisavisError, status: int, code: str) -> None:
    answer = failure(error)
    assert answer.status_code == status
    expected = {"code": code, "message": error.message, "hint": error.hint}
    assert json.loads(bytes(answer.body)) == {"error": expected}
    assert code_of(error) == code
    assert f"`{code}`" in PAGE or code in {"inclusion", "keyring-missing", "leaf-altered"}


def test_a_store_that_is_busy_is_503(sqlite_rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> None:
        raise StoreBusyError

    monkeypatch.setattr("visavis.services.galleries.summaries", busy)
    sqlite_rest.refused(503, "store-busy", "GET", "/galleries")


BODIES = (
    b"",
    b"{",
    b"null",
    b"[]",
    b'"anna"',
    b"[" * 100_000,
    b"\xff\xfe",
    b"9" * 5_000,
    b'{"subject": "anna"}',
)


def test_a_body_that_is_none_is_a_bad_request_and_not_repeated(sqlite_rest: Rest) -> None:
    headers = {"Content-Type": "application/json"}
    for body in BODIES:
        said = sqlite_rest.refused(400, "bad-request", "POST", "/consents", content=body, headers=headers)
        assert "anna" not in said


def test_half_a_character_is_no_name(sqlite_rest: Rest) -> None:
    headers = {"Content-Type": "application/json"}
    for name in ("subject", "purpose", "notice_version"):
        body = json.dumps({"subject": "anna", "purpose": "p"} | {name: "\ud800"})
        sqlite_rest.refused(400, "consent-terms", "POST", "/consents", content=body, headers=headers)


def test_a_form_is_no_json(sqlite_rest: Rest) -> None:
    assert "body" in sqlite_rest.refused(
        400, "bad-request", "POST", "/consents", data={"subject": "anna", "purpose": "p"}
    )
