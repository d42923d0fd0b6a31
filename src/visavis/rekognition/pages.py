"""Page tokens: where the next page begins, in a text that says of what it is a page. They hold nothing secret and prove nothing."""

from __future__ import annotations

import base64
import hashlib
import json

from visavis.rekognition.errors import InvalidPaginationTokenException

DEFAULT_PAGE = 1_000


def write_token(after: int | str, *place: str) -> str:
    """The token for what comes after a number or an id. place: the operation, the collection and whatever filters."""
    return base64.urlsafe_b64encode(json.dumps([_digest(place), after]).encode()).decode()


def read_token(token: str | None, *place: str) -> int:
    """The number that a token is for, 0 for none; raises InvalidPaginationTokenException for one of another place."""
    after = _read(token, place) if token is not None else 0
    if type(after) is not int or not 0 <= after < 2**63:
        raise InvalidPaginationTokenException
    return after


def read_id_token(token: str | None, *place: str) -> str:
    """The id that a token is for, "" for none; raises InvalidPaginationTokenException for one of another place."""
    after = _read(token, place) if token is not None else ""
    if not isinstance(after, str):
        raise InvalidPaginationTokenException
    return after


def _read(token: str, place: tuple[str, ...]) -> object:
    try:
        digest, after = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except (ValueError, TypeError, RecursionError):
        raise InvalidPaginationTokenException from None
    if digest != _digest(place):
        raise InvalidPaginationTokenException
    return after


def _digest(place: tuple[str, ...]) -> str:
    return hashlib.sha256(json.dumps(place).encode()).hexdigest()[:16]
