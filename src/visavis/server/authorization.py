"""The Authorization header of AWS Signature Version 4: who signed, for what, and which headers.

AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, SignedHeaders=A;B, Signature=HEXADECIMAL
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from visavis.rekognition.errors import (
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
)

ALGORITHM = "AWS4-HMAC-SHA256"
MAX_AUTHORIZATION_CHARACTERS = 4096

_SCOPE_PART = re.compile(r"[A-Za-z0-9_.\-]{1,128}")
_SIGNATURE = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Authorization:
    """What the header says. date: YYYYMMDD; signed_headers: names in the order given; signature: 64 hexadecimal digits."""

    access_key_id: str
    date: str
    region: str
    service: str
    terminator: str
    signed_headers: tuple[str, ...]
    signature: str


def read_authorization(values: list[str]) -> Authorization:
    """Read the values of all Authorization headers of a request.

    Raises MissingAuthenticationTokenException if there is none and IncompleteSignatureException unless there is one
    in this form; a signature that no SHA-256 has is an InvalidSignatureException.
    """
    if not values:
        raise MissingAuthenticationTokenException
    if len(values) > 1 or len(values[0]) > MAX_AUTHORIZATION_CHARACTERS:
        raise IncompleteSignatureException("One Authorization header of a sensible length is required.")
    algorithm, _, rest = values[0].strip().partition(" ")
    if algorithm != ALGORITHM:
        raise IncompleteSignatureException(f"Unsupported AWS 'algorithm': '{ALGORITHM}' is required.")
    fields = _read_fields(rest)
    scope = fields["Credential"].split("/")
    if len(scope) != 5 or not all(_SCOPE_PART.fullmatch(part) for part in scope):
        raise IncompleteSignatureException(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term."
        )
    access_key_id, date, region, service, terminator = scope
    signed_headers = tuple(fields["SignedHeaders"].split(";"))
    return Authorization(
        access_key_id, date, region, service, terminator, signed_headers, fields["Signature"]
    )


def _read_fields(text: str) -> dict[str, str]:
    pairs = [part.strip().partition("=") for part in text.split(",")]
    fields = {key: value for key, _, value in pairs if value}
    names = ("Credential", "Signature", "SignedHeaders")
    missing = [f"Authorization header requires '{name}' parameter." for name in names if name not in fields]
    if missing:
        raise IncompleteSignatureException(" ".join(missing))
    if len(pairs) != len(names):
        raise IncompleteSignatureException("Authorization header holds parameters that are not known.")
    if not _SIGNATURE.fullmatch(fields["Signature"]):
        raise InvalidSignatureException
    return fields
