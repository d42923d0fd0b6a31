"""Calls to a server: so many a second at most, and so many under way at a time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
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
    """Call with each item on threads; yield items with their results as they come.

    What a call raises ends it: no more are begun, and those under way come to their end before it is
    raised. So it is where the caller is interrupted.
    """
    under_way: dict[Future[Result], Item] = {}

    def ended() -> Iterator[tuple[Item, Result]]:
        for future in wait(under_way, return_when=FIRST_COMPLETED).done:
            yield under_way.pop(future), future.result()

    with ThreadPoolExecutor(at_once) as pool:
        for item in items:
            pace.wait()  # here and not on the threads: an interrupted wait begins no call
            under_way[pool.submit(call, item)] = item
            if len(under_way) == at_once:
                yield from ended()
        while under_way:
            yield from ended()
