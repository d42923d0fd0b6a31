"""Who calls."""

from __future__ import annotations

from dataclasses import dataclass

from visavis.services.access import AccessKey


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose signature was verified. region: as their client is set to; request_id: of this request, a UUID."""

    key: AccessKey
    region: str
    request_id: str
