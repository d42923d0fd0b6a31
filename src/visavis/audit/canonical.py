"""JSON in the one form that RFC 8785 gives it, so that equal values have equal bytes and equal hashes."""

from __future__ import annotations

import base64
import json
from typing import Any

import rfc8785

from visavis.errors import NotCanonicalError

MAX_DOCUMENT_BYTES = 2**20
"""The largest document that is written or read."""

LARGEST_INTEGER = 2**53 - 1
"""The largest integer that every reader of JSON keeps (RFC 7493, section 2.2)."""


def canonical(document: dict[str, Any]) -> bytes:
    """The bytes of a document; what this writes, `read_canonical` reads back as the same bytes.

    Raises NotCanonicalError where JSON has no form for a value: a float that is not finite, an
    integer beyond 2**53 - 1, half of a surrogate pair, a key that is no text, another type; or too large a document.
    """
    try:
        data = rfc8785.dumps(document)
    except (ValueError, RecursionError):  # rfc8785's own errors are ValueErrors
        raise NotCanonicalError("a value has no canonical form in JSON (RFC 8785)") from None
    if len(data) > MAX_DOCUMENT_BYTES:
        raise NotCanonicalError(f"a document of more than {MAX_DOCUMENT_BYTES:,} bytes")
    return data


def read_canonical(data: bytes) -> dict[str, Any]:
    """The document in these bytes.

    Raises NotCanonicalError unless they are the canonical form of an object, to the byte.
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        raise NotCanonicalError(f"a document of more than {MAX_DOCUMENT_BYTES:,} bytes")
    try:
        document = json.loads(data.decode("utf-8"), parse_int=_number)
    except (ValueError, RecursionError):
        raise NotCanonicalError from None
    # Keys that stand twice, NaN, spaces and all other forms of a value differ from what is written.
    if not isinstance(document, dict) or canonical(document) != data:
        raise NotCanonicalError
    return document


def to_base64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648, section 4)."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str, size: int | None = None) -> bytes:
    """The bytes that `text` stands for; `size` of them where given.

    Raises NotCanonicalError for any text that `to_base64` would not have written.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise NotCanonicalError("this is not base64") from None
    if to_base64(data) != text or (size is not None and len(data) != size):
        raise NotCanonicalError("this is not base64 of the expected length")
    return data


def _number(digits: str) -> int | float:
    # Beyond what every reader keeps, RFC 8785 writes a float without a point.
    number = int(digits)
    return number if abs(number) <= LARGEST_INTEGER else float(digits)
