"""Calls are kept apart and bounded in number."""

from __future__ import annotations

import itertools
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.evaluation.pace import Pace, make_calls

UNHURRIED = Pace(1e9)


@given(st.lists(st.floats(0, 3), min_size=1, max_size=30), st.floats(0.1, 10))
def test_calls_are_apart(works: list[float], per_second: float) -> None:
    """Whatever lies between two calls, they are as far apart as asked, and no further than that or the work."""
    now = 0.0
    begun: list[float] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    pace = Pace(per_second, lambda: now, sleep)
    for work in works:
        before = now
        pace.wait()
        if begun:
            assert now - begun[-1] >= 1 / per_second - 1e-9
            assert now == pytest.approx(max(before, begun[-1] + 1 / per_second))
        begun.append(now)
        now += work


def test_every_item_is_called_once() -> None:
    assert sorted(make_calls(lambda item: item * 2, range(50), UNHURRIED, 4)) == [
        (i, 2 * i) for i in range(50)
    ]
    assert list(make_calls(lambda item: item, [], UNHURRIED, 4)) == []


def test_so_many_at_a_time() -> None:
    together, lock, most = threading.Barrier(3), threading.Lock(), 0
    under_way = 0

    def call(_item: int) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        together.wait(60)  # three must be under way, or this never returns
        with lock:
            under_way -= 1

    assert len(list(make_calls(call, range(9), UNHURRIED, 3))) == 9
    assert most == 3


def test_a_failure_ends_it() -> None:
    """Of calls without end, the first that fails is the last but for those under way."""
    noted: list[int] = []

    def call(item: int) -> None:
        if item == 3:
            raise ZeroDivisionError
        noted.append(item)

    with pytest.raises(ZeroDivisionError):
        list(make_calls(call, itertools.count(), UNHURRIED, 2))
    assert {0, 1, 2} <= set(noted)
