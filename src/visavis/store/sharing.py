"""A lock that readers share and a writer has alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, Lock


class SharedLock:
    """Held by any number of readers at once, or by one writer.

    A writer waits for the readers that are in, not for those that come after it. Nobody may enter twice.
    """

    def __init__(self) -> None:
        self._gate = Lock()
        self._left = Condition(Lock())
        self._readers = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Hold it beside other readers."""
        with self._gate, self._left:
            self._readers += 1
        try:
            yield
        finally:
            with self._left:
                self._readers -= 1
                self._left.notify()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold it alone."""
        with self._gate:
            with self._left:
                self._left.wait_for(lambda: not self._readers)
            yield
