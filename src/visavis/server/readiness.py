"""Whether the server can do its work, asked by whoever sends it work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from visavis.server.logs import log_event

_FRESH_S = 1.0
_PATIENCE_S = 10.0


class Readiness:
    """Asks at most once at a time and once a second, in a thread, however often it is asked.

    check: raises where the server is not ready.
    """

    def __init__(self, check: Callable[[], object], clock: Callable[[], float] = time.monotonic) -> None:
        self._check = check
        self._clock = clock
        self._asking: asyncio.Future[bool] | None = None
        self._asked_at = 0.0

    async def ready(self) -> bool:
        """Whether it was ready just now. A check that does not end within 10 seconds is a no."""
        old = self._asking is not None and self._asking.done() and self._clock() - self._asked_at > _FRESH_S
        if self._asking is None or old:
            self._asked_at = self._clock()
            self._asking = asyncio.ensure_future(asyncio.to_thread(self._ask))
        done, _ = await asyncio.wait({self._asking}, timeout=_PATIENCE_S)
        return bool(done) and self._asking.result()

    def _ask(self) -> bool:
        try:
            self._check()
        except Exception as error:  # noqa: BLE001  whatever stands in the way, the answer is no
            log_event("not ready", error)
            return False
        return True
