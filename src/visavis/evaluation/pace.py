"""Calls to a server: so many a second at most, and so many under way at a time."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Pace:
    """Keeps calls apart. clock: seconds; sleep: waits so many."""

    def __init__(
        self,
        per_second: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._apart, self._clock, self._sleep = 1 / per_second, clock, sleep
        self._next = -math.inf

    def wait(self) -> None:
        """Return when the next call may be made."""
        now = self._clock()
        if now < self._next:
            self._sleep(self._next - now)
        self._next = max(now, self._next) + self._apart


def make_calls(
    call: Callable[[Item], Result], items: Iterable[Item], pace: Pace, at_once: int
) -> Iterator[tuple[Item, Result]]:
    """Call with each item on threads; yield items with their results, in their order.

    What a call raises ends it: no more are begun, and those under way come to their end before it is
    raised. So it is where the caller is interrupted.
    """
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    with ThreadPoolExecutor(at_once) as pool:
        for item in items:
            pace.wait()  # here and not on the threads: an interrupted wait begins no call
            waiting.append((item, pool.submit(call, item)))
            if len(waiting) == at_once:
                begun, result = waiting.popleft()
                yield begun, result.result()
        for begun, result in waiting:
            yield begun, result.result()
