"""Who calls."""

from __future__ import annotations

from dataclasses import dataclass

from visavis.services.access import AccessKey


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose signature a request bears. region: as the client's signature has it; request_id: this request's alone."""

    key: AccessKey
    region: str
    request_id: str
