"""Times: whole seconds since 1970-01-01, UTC, and their text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

SECONDS_PER_DAY = 86_400

MAX_TIME = 253_402_300_799
"""The last second of the year 9999, beyond which there is no text of a time."""

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = rf"{_DAY}[T ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]{{1,6}})?)?(Z|[+-][0-9]{{2}}:[0-9]{{2}})?"


def is_time(value: object) -> bool:
    """Whether this is a time that has a text: an int from 0 to MAX_TIME."""
    return type(value) is int and 0 <= value <= MAX_TIME


def utc_text(at: int) -> str:
    """A time as an xsd:dateTime: 2026-10-05T12:00:00Z."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def start_of(text: str) -> int:
    """The time that a text names; a day alone (2026-10-05) is its first second.

    Without an offset, a text is in UTC. Fractions of a second are dropped. Raises ValueError.
    """
    if not re.fullmatch(rf"{_DAY}|{_TIME}", text):
        raise ValueError
    parsed = datetime.fromisoformat(text)
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return _checked((aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1))


def end_of(text: str) -> int:
    """The first second after what a text names: for a day alone, that of the next day; a time is itself. Raises ValueError."""
    start = start_of(text)
    return _checked(start + SECONDS_PER_DAY) if re.fullmatch(_DAY, text) else start


def _checked(seconds: int) -> int:
    if not is_time(seconds):
        raise ValueError
    return seconds
