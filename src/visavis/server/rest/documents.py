"""The parts of which the JSON of /v1 is made."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema

from visavis.consent.times import end_of, start_of, utc_text
from visavis.services.work import uuid_text


class Asked(BaseModel):
    """What a caller sends: a member that is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """What a caller is told; made from the attributes of what the services give."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


def _start(value: object) -> int:
    return _time(value, start_of)


def _end(value: object) -> int:
    return _time(value, end_of)


def _time(value: object, read: Callable[[str], int]) -> int:
    with suppress(ValueError):
        if isinstance(value, str):
            return read(value)
    raise ValueError("a time is a day such as 2026-12-31, or 2026-12-31T18:00:00Z")


_DAY_OR_TIME = {"type": "string", "examples": ["2026-12-31", "2026-12-31T18:00:00Z"]}

Time = Annotated[
    int,
    PlainSerializer(utc_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-10-05T12:00:00Z"]}),
]
"""A time that is told: seconds since 1970 inside, RFC 3339 in UTC outside."""

Start = Annotated[
    int,
    BeforeValidator(_start),
    WithJsonSchema({**_DAY_OR_TIME, "description": "A day, which is its first second in UTC, or a time."}),
]
"""A time that is asked for."""

End = Annotated[
    int,
    BeforeValidator(_end),
    WithJsonSchema({**_DAY_OR_TIME, "description": "A day, to its end in UTC, or a time."}),
]
"""The end of a time that is asked for."""

Identifier = Annotated[
    bytes,
    PlainSerializer(uuid_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "uuid"}),
]
"""An id that is told: 16 bytes inside, UUID text outside."""
