"""AWS Signature Version 4: who signed a request, and that nobody changed it since.

The arithmetic is botocore's; this says what may be signed, and refuses the rest with AWS's codes and messages.
Stricter than AWS: no signature in the query string, no unsigned body, no session tokens, the time in x-amz-date,
paths in their plain form, and every header that begins with x-amz- signed, so that nobody can add or change one.
Whoever repeats a request unchanged within the 15 minutes is believed: only TLS keeps it from others.
"""

from __future__ import annotations

import hmac
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from visavis.rekognition.errors import (
    IncompleteSignatureException,
    InvalidSignatureException,
    UnrecognizedClientException,
)
from visavis.server.authorization import Authorization, read_authorization
from visavis.server.canonical import canonical_request, signature, unquoted

MAX_SKEW_SECONDS = 15 * 60
TERMINATOR = "aws4_request"
WIRE_SERVICE = "rekognition"
REST_SERVICE = "visavis"
REST_PATH = "/v1"

_VALUE = re.compile(r"[\t\x20-\x7e]*")
_TIMESTAMP = re.compile(r"[0-9]{8}T[0-9]{6}Z")

_Headers = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Secret:
    """The secret half of an access key."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as received. path: not decoded; query: what follows the question mark, not decoded, or "".

    headers: (name, value) pairs in the order received, decoded as Latin-1.
    body_sha256: of the body that was read, in lowercase hexadecimal; never taken from a header.
    """

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body_sha256: str


@dataclass(frozen=True, slots=True)
class Verified:
    """Who signed, and for what. service: as `service_at` says of the path; region: whatever the client is set to."""

    access_key_id: str
    service: str
    region: str


def verify(request: SignedRequest, find_secret: Callable[[str], Secret | None], now: int) -> Verified:
    """Who signed this request. now: in seconds since 1970, UTC.

    find_secret: the secret of an access key id, or None where no live key has it; what it raises is passed on.
    Raises MissingAuthenticationTokenException, IncompleteSignatureException, UnrecognizedClientException
    (no such key) or InvalidSignatureException (altered, expired, or made for something else).
    """
    headers = _by_name(request)
    if re.search(rb"(?:^|&)x-amz-", unquoted(request.query), re.IGNORECASE):
        raise IncompleteSignatureException("Authentication in the query string is not supported.")
    authorization = read_authorization(headers.get("authorization", []))
    _check_signed_headers(headers, authorization, request.body_sha256)
    timestamp = _read_timestamp(headers)
    _check_scope(authorization, timestamp, service_at(request.path))
    _check_skew(timestamp, now)
    secret = find_secret(authorization.access_key_id)
    if secret is None:
        raise UnrecognizedClientException
    signed = {name: headers[name] for name in authorization.signed_headers}
    canonical = canonical_request(request.method, request.path, request.query, signed, request.body_sha256)
    expected = signature(canonical, authorization, _text(timestamp), secret.value)
    if not hmac.compare_digest(expected, authorization.signature):
        raise InvalidSignatureException
    return Verified(authorization.access_key_id, authorization.service, authorization.region)


def service_at(path: str) -> str:
    """The service that a request to this path is signed for: `visavis` at /v1, `rekognition` elsewhere."""
    return REST_SERVICE if path == REST_PATH or path.startswith(f"{REST_PATH}/") else WIRE_SERVICE


def _by_name(request: SignedRequest) -> _Headers:
    headers: _Headers = defaultdict(list)
    for name, value in request.headers:
        headers[name.lower()].append(value)
    return dict(headers)


def _check_signed_headers(headers: _Headers, authorization: Authorization, body_sha256: str) -> None:
    signed = set(authorization.signed_headers)
    if "host" not in signed:
        raise InvalidSignatureException(
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        )
    if any(name.startswith("x-amz-") for name in headers.keys() - signed):
        raise InvalidSignatureException(
            "Every 'X-Amz-' header must be a 'SignedHeader' in the AWS Authorization."
        )
    values = [value for name in signed for value in headers.get(name, [""])]
    plain = all(_VALUE.fullmatch(value) for value in values)
    if not plain or list(authorization.signed_headers) != sorted(signed & headers.keys()):
        raise InvalidSignatureException
    if len(headers["host"]) > 1:
        raise InvalidSignatureException("The request has more than one Host.")
    if "x-amz-security-token" in headers:
        raise UnrecognizedClientException(
            "The security token included in the request is invalid. No key here has one: unset AWS_SESSION_TOKEN."
        )
    if headers.get("x-amz-content-sha256", [body_sha256]) != [body_sha256]:
        raise InvalidSignatureException("The 'X-Amz-Content-Sha256' header is not that of the body.")


def _read_timestamp(headers: _Headers) -> datetime:
    try:
        (text,) = headers.get("x-amz-date", [])
        if _TIMESTAMP.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise IncompleteSignatureException(
        "Authorization header requires existence of one valid 'X-Amz-Date' header."
    )


def _check_scope(authorization: Authorization, timestamp: datetime, service: str) -> None:
    wrong = []
    if authorization.service != service:
        wrong.append(f"Credential should be scoped to correct service: '{service}'.")
    if authorization.terminator != TERMINATOR:
        wrong.append(f"Credential should be scoped with a valid terminator: '{TERMINATOR}'.")
    if authorization.date != f"{timestamp:%Y%m%d}":
        wrong.append(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP."
        )
    if wrong:
        raise InvalidSignatureException(" ".join(wrong))


def _check_skew(timestamp: datetime, now: int) -> None:
    skew = now - int(timestamp.timestamp())
    edge = _text(now - MAX_SKEW_SECONDS if skew > 0 else now + MAX_SKEW_SECONDS)
    if skew > MAX_SKEW_SECONDS:
        message = f"Signature expired: {_text(timestamp)} is now earlier than {edge} ({_text(now)} - 15 min.)"
        raise InvalidSignatureException(message)
    if skew < -MAX_SKEW_SECONDS:
        message = f"Signature not yet current: {_text(timestamp)} is still later than {edge} ({_text(now)} + 15 min.)"
        raise InvalidSignatureException(message)


def _text(at: datetime | int) -> str:
    moment = at if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y%m%dT%H%M%SZ}"
