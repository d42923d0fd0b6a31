"""Errors of /v1, all in one form: {"error": {"code": ..., "message": ..., "hint": ...}}."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from visavis.errors import (
    AccessKeyError,
    ClockError,
    ConsentError,
    ConsentStateError,
    ConsentTermsError,
    GalleryExistsError,
    GalleryNameError,
    ImageError,
    ImageTooLargeError,
    JobTokenError,
    KeyringError,
    MissingExtraError,
    NotAllowedError,
    ProofError,
    ReceiptGoneError,
    RedactionError,
    SearchRateError,
    StoreError,
    TargetExistsError,
    TooManyJobsError,
    UnknownAccessKeyError,
    UnknownGalleryError,
    UnknownJobError,
    UnknownModelError,
    UnsupportedImageError,
    VideoFormatError,
    VisavisError,
)
from visavis.rekognition.errors import (
    IncompleteSignatureException,
    InternalServerError,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
    ProvisionedThroughputExceededException,
    ThrottlingException,
    UnrecognizedClientException,
    WireError,
)

_STATUSES: tuple[tuple[type[VisavisError], int], ...] = (
    (NotAllowedError, 403),
    (ConsentTermsError, 400),
    (ConsentStateError, 409),
    (ConsentError, 403),
    (GalleryExistsError, 409),
    (GalleryNameError, 400),
    (UnknownGalleryError, 404),
    (UnknownModelError, 400),
    (UnknownAccessKeyError, 404),
    (AccessKeyError, 400),
    (ReceiptGoneError, 404),
    (ProofError, 400),
    (SearchRateError, 400),
    (RedactionError, 400),
    (ImageTooLargeError, 413),
    (UnsupportedImageError, 415),
    (ImageError, 400),
    (VideoFormatError, 400),
    (UnknownJobError, 404),
    (JobTokenError, 409),
    (TargetExistsError, 409),
    (TooManyJobsError, 429),
    (MissingExtraError, 501),
    (MissingAuthenticationTokenException, 403),
    (IncompleteSignatureException, 403),
    (InvalidSignatureException, 403),
    (UnrecognizedClientException, 403),
    (ThrottlingException, 429),
    (ProvisionedThroughputExceededException, 429),
    (StoreError, 503),
    (KeyringError, 503),
    (ClockError, 503),
)
_HTTP_ERRORS = {
    404: ("no-such-path", "There is nothing at this path."),
    405: ("no-such-method", "This path does not take this method."),
}


class Failure(BaseModel):
    """Why a call was not answered. code: for programs, and stays; message: for people; hint: what to do, may be empty."""

    code: str
    message: str
    hint: str = ""


class FailureAnswer(BaseModel):
    """The answer to a call that failed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"error": {"code": "not-allowed", "message": "The access key is not for this.", "hint": ""}}
            ]
        }
    )

    error: Failure


def failure(error: VisavisError) -> JSONResponse:
    """How /v1 answers an error of visavis."""
    if isinstance(error, InternalServerError):
        return broken()
    own = error.status if isinstance(error, WireError) else 500
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), own)
    return _answer(status, code_of(error), error.message, error.hint)


def code_of(error: VisavisError) -> str:
    """How /v1 names an error: `NoConsentError` is no-consent."""
    name = type(error).__name__.removesuffix("Error").removesuffix("Exception")
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def install(app: FastAPI) -> None:
    """Let an app answer every error in this form."""
    app.add_exception_handler(VisavisError, _failed)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _unroutable)
    app.add_exception_handler(Exception, _broken)


async def _failed(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, VisavisError)
    return failure(error)


async def _malformed(_: Request, error: Exception) -> JSONResponse:
    """Where it is wrong, and what is: never what stands there, which may be a name."""
    assert isinstance(error, RequestValidationError)
    return _answer(
        400,
        "bad-request",
        "; ".join(map(_described, error.errors())),
        "GET /v1/openapi.json says what it takes",
    )


def _described(detail: Mapping[str, Any]) -> str:
    place = detail["loc"][:-1] if detail["type"] == "extra_forbidden" else detail["loc"]
    what = detail["msg"].removeprefix("Value error, ")
    return f"{'.'.join(map(str, place))}: {what}"


async def _unroutable(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code, message = _HTTP_ERRORS.get(error.status_code, ("bad-request", "The body cannot be read."))
    return _answer(error.status_code, code, message, headers=error.headers)


async def _broken(_: Request, __: Exception) -> JSONResponse:
    """A fault of visavis itself; Starlette raises it again, for the server to count."""
    return broken()


def broken() -> JSONResponse:
    """How /v1 answers a fault of visavis itself."""
    return _answer(500, "failed", "The server failed. Try your call again.")


def _answer(
    status: int, code: str, message: str, hint: str = "", headers: Mapping[str, str] | None = None
) -> JSONResponse:
    document = FailureAnswer(error=Failure(code=code, message=message, hint=hint))
    return JSONResponse(document.model_dump(), status, headers=headers)
