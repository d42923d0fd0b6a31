"""Readers together, a writer alone, and no reader before a writer that waits."""

from __future__ import annotations

from threading import Barrier, Event, Thread

import pytest

from visavis.store.sharing import SharedLock

SECONDS = 10  # Only a broken lock waits this long.


def test_readers_hold_it_together() -> None:
    lock, together = SharedLock(), Barrier(3)

    def read() -> None:
        with lock.shared():
            together.wait(SECONDS)

    readers = [Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    together.wait(SECONDS)  # Breaks unless both are inside at once.
    for reader in readers:
        reader.join(SECONDS)


def test_a_writer_waits_for_readers_and_holds_back_new_ones() -> None:
    lock, order = SharedLock(), list[str]()
    reading, may_leave = Event(), Event()

    def read_first() -> None:
        with lock.shared():
            reading.set()
            may_leave.wait(SECONDS)
            order.append("first reader")

    def write() -> None:
        with lock.exclusive():
            order.append("writer")

    def read_later() -> None:
        with lock.shared():
            order.append("later reader")

    threads = [Thread(target=read_first), Thread(target=write), Thread(target=read_later)]
    threads[0].start()
    assert reading.wait(SECONDS)
    threads[1].start()
    while not lock._gate.locked():
        pass
    threads[2].start()
    may_leave.set()
    for thread in threads:
        thread.join(SECONDS)
    assert order == ["first reader", "writer", "later reader"]


def test_it_is_free_again_after_an_error() -> None:
    lock = SharedLock()
    for hold in (lock.shared, lock.exclusive):
        with pytest.raises(KeyError), hold():
            raise KeyError
    with lock.exclusive():
        pass
