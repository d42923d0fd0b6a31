"""Who calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from visavis.services.access import AccessKey


def _nothing() -> None:
    """What needs no check."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose signature was verified. region: as their client is set to; request_id: of this request, a UUID.

    check: to be called by whatever is done later than at once: raises UnrecognizedClientException where the key was ended since. It blocks.
    """

    key: AccessKey
    region: str
    request_id: str
    check: Callable[[], None] = field(default=_nothing, compare=False, repr=False)
