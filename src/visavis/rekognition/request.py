"""What an operation is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from visavis.rekognition.tokens import Tokens
from visavis.services.access import AccessKey
from visavis.services.registry import Registry


@dataclass(frozen=True, slots=True)
class Request:
    """A call that may be answered. registry: acting as the caller's key; parameters: by the input shape, constraints kept.

    region: as the client's signature has it; ARNs repeat it. tokens: shared by all calls of a server.
    """

    registry: Registry
    key: AccessKey
    region: str
    parameters: dict[str, Any]
    tokens: Tokens = field(default_factory=Tokens)
