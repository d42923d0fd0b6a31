"""What one client, and all of them together, may take of the server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from visavis.rekognition.errors import ThrottlingException
from visavis.rekognition.wire import MAX_BODY_BYTES
from visavis.settings import DEFAULT_CALLS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of a server. Sizes in bytes, times in seconds.

    workers: calls that are worked on at once; queue: calls that wait for each of them, for at most wait_s.
    verifiers, verifying_queue: the same of signatures. calls_per_second: of one access key, as many at once.
    body_bytes, rest_body_bytes: of one body, on the wire and at /v1, which parses it on the event loop unless it is a photo.
    body_s: how long a body may take; it may also take only grace_s and what it needs at body_bytes_per_second.
    bodies_bytes: of all bodies that are read, wait or are worked on. head_s, idle_s, drain_s: for a request's header to
    come, for a connection to say nothing, and for what follows an early answer, which is read and dropped up to drain_bytes.
    stop_s: for calls in flight when the server stops.
    """

    workers: int = 1
    queue: int = 4
    wait_s: float = 10
    verifiers: int = 2
    verifying_queue: int = 8
    calls_per_second: int = DEFAULT_CALLS_PER_SECOND
    body_bytes: int = MAX_BODY_BYTES
    rest_body_bytes: int = 2**17
    body_s: float = 120
    grace_s: float = 5
    body_bytes_per_second: int = 2**15
    bodies_bytes: int = 2**28
    head_bytes: int = 2**16
    head_s: float = 10
    idle_s: float = 60
    drain_s: float = 10
    drain_bytes: int = 2**26
    connections: int = 512
    stop_s: float = 30


class Rates:
    """A bucket of calls for each access key: it holds a second's worth, and fills at that rate. Only for verified keys."""

    def __init__(self, per_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, access_key_id: str) -> None:
        """One call of this key; raises ThrottlingException where its bucket is empty."""
        now = self._clock()
        left, at = self._buckets.get(access_key_id, (float(self._per_second), now))
        left = min(self._per_second, left + (now - at) * self._per_second)
        taken = left >= 1
        self._buckets[access_key_id] = (left - taken, now)
        if not taken:
            raise ThrottlingException


class Bodies:
    """The memory of all bodies together. Used on the event loop only."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self.held = 0

    @contextmanager
    def one(self) -> Iterator[Callable[[int], None]]:
        """What counts the bytes of one body as they come; it raises ThrottlingException where all together would be too many.

        They are given back when the block ends.
        """
        own = 0

        def count(size: int) -> None:
            nonlocal own
            if self.held + size > self._bound:
                raise ThrottlingException
            own += size
            self.held += size

        try:
            yield count
        finally:
            self.held -= own
