"""Rates of keys, and the memory of bodies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.rekognition.errors import ThrottlingException
from visavis.server.limits import Bodies, Rates


class Watch:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def taken(rates: Rates, key: str) -> bool:
    try:
        rates.take(key)
    except ThrottlingException as error:
        assert error.message == "Rate exceeded"
        return False
    return True


@given(st.lists(st.floats(0, 3), min_size=1, max_size=80), st.integers(1, 20))
def test_never_more_than_the_rate_and_a_seconds_worth(pauses: list[float], per_second: int) -> None:
    watch = Watch()
    rates = Rates(per_second, watch)
    times = []
    for pause in pauses:
        watch.now += pause
        if taken(rates, "a"):
            times.append(watch.now)
    for i, begin in enumerate(times):
        for j in range(i, len(times)):
            assert j - i + 1 <= per_second * (times[j] - begin) + per_second + 1e-6


def test_a_key_waits_for_no_other_and_gets_its_rate_again() -> None:
    watch = Watch()
    rates = Rates(3, watch)
    assert [taken(rates, "a") for _ in range(5)] == [True, True, True, False, False]
    assert taken(rates, "b")
    watch.now += 0.34
    assert [taken(rates, "a") for _ in range(2)] == [True, False]
    watch.now += 1000
    assert [taken(rates, "a") for _ in range(4)] == [True, True, True, False], "no more is saved up"


def test_bodies_are_bounded_together_and_given_back() -> None:
    bodies = Bodies(100)
    with bodies.one() as first, bodies.one() as second:
        first(60)
        second(40)
        assert bodies.held == 100
        with pytest.raises(ThrottlingException):
            second(1)
        assert bodies.held == 100
    assert bodies.held == 0
    third = bodies.one()
    third.__enter__()(100)
    assert third.__exit__(KeyError, KeyError(), None) is False
    assert bodies.held == 0
