"""What is remembered of one request, for logs and metrics: nothing of its content."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from uuid import uuid4

OTHER = "other"
OK = "OK"
GONE = "ClientGone"


@dataclass(slots=True)
class Exchange:
    """A request while it is answered; each part of the server notes here what it finds out.

    operation: set by whoever reads it, a name of Rekognition's or of `/v1`; code: OK, the name of the error that was
    answered, or ClientGone; status: None until an answer begins. received_bytes: of the body, as far as it was read.
    """

    operation: str = OTHER
    code: str = ""
    status: int | None = None
    access_key_id: str | None = None
    received_bytes: int = 0
    request_id: str = field(default_factory=lambda: str(uuid4()))
    began: float = field(default_factory=time.perf_counter)

    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.perf_counter() - self.began
