"""A fixed number of threads for what blocks, and a short queue before them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar

from visavis.rekognition.errors import ThrottlingException
from visavis.server.bodies import GoneError

Result = TypeVar("Result")


class Run(Protocol):
    """Does blocking work in a worker, and gives what it returns or raises."""

    def __call__(self, work: Callable[[], Result], /) -> Awaitable[Result]:
        """Do this work; raises ThrottlingException where there is no room for it, and whatever it raises."""


class Workers:
    """Places to work in. All but what they run happens on the event loop, so nothing here waits for the machine.

    count: works at once; queue: how many may wait for a place; wait_s: for how many seconds.
    """

    def __init__(
        self, name: str, count: int, queue: int, wait_s: float, on_full: Callable[[], None] = lambda: None
    ) -> None:
        """on_full: told when the last place of the queue is taken."""
        self._on_full = on_full
        self._threads = ThreadPoolExecutor(count, thread_name_prefix=name)
        self._queue = queue
        self._wait_s = wait_s
        self._free = count
        self._waiting: deque[asyncio.Future[bool]] = deque()

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return len(self._waiting)

    def check_room(self) -> None:
        """Raise ThrottlingException where nobody else may wait."""
        if not self._free and len(self._waiting) >= self._queue:
            raise ThrottlingException

    @asynccontextmanager
    async def place(self, client_gone: asyncio.Future[None]) -> AsyncIterator[bool]:
        """A place for the length of the block, in the order of asking; whether one had to wait for it.

        Raises ThrottlingException, at once where the queue is full, or after the time that one may wait; and GoneError
        where the client left meanwhile.
        """
        self.check_room()
        if at_once := self._free > 0:
            self._free -= 1
        else:
            await self._turn(client_gone)
        try:
            yield not at_once
        finally:
            self._give_back()

    async def run(self, work: Callable[[], Result]) -> Result:
        """Do a work in a thread; only for whoever has a place, so that it begins at once."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def run_in_turn(self, work: Callable[[], Result]) -> Result:
        """Do a work in a thread, in a place of its own; raises ThrottlingException as `place` does."""
        stays: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        async with self.place(stays):
            return await self.run(work)

    def turn_away(self) -> None:
        """Throttle everybody who waits for a place."""
        while self._waiting:
            self._waiting.popleft().set_result(False)

    def close(self) -> None:
        """Wait for what runs, and end the threads."""
        self._threads.shutdown()

    async def _turn(self, client_gone: asyncio.Future[None]) -> None:
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        if len(self._waiting) >= self._queue:
            self._on_full()
        taken = False
        try:
            either: set[asyncio.Future[Any]] = {turn, client_gone}
            first = asyncio.FIRST_COMPLETED
            await asyncio.wait(either, timeout=self._wait_s, return_when=first)
            taken = turn.done() and turn.result() and not client_gone.done()
        finally:
            if not taken:
                self._leave(turn)
        if not taken:
            raise GoneError if client_gone.done() else ThrottlingException

    def _leave(self, turn: asyncio.Future[bool]) -> None:
        if not turn.done():
            self._waiting.remove(turn)
        elif turn.result():
            self._give_back()

    def _give_back(self) -> None:
        if self._waiting:
            self._waiting.popleft().set_result(True)
        else:
            self._free += 1
