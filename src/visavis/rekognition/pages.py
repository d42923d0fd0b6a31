"""Tokens of pages: after which row of which list the next page begins."""

from __future__ import annotations

import base64
import json

from visavis.rekognition.errors import InvalidPaginationTokenException


def read_token(token: str | None, *place: str) -> int:
    """The number of the last row that was given, 0 where there is no token; place: the list, as `write_token` was told it."""
    if token is None:
        return 0
    try:
        after, *written = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError):
        raise InvalidPaginationTokenException from None
    if tuple(written) != place or type(after) is not int or after < 0:
        raise InvalidPaginationTokenException
    return after


def write_token(after: int, *place: str) -> str:
    """The token of the page after a row."""
    return base64.urlsafe_b64encode(json.dumps([after, *place]).encode()).decode()
