from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.consent.times import MAX_TIME, SECONDS_PER_DAY, end_of, is_time, start_of, utc_text

NOON = 1_791_201_600


def test_text_of_a_time() -> None:
    assert utc_text(NOON) == "2026-10-05T12:00:00Z"
    assert utc_text(0) == "1970-01-01T00:00:00Z"
    assert utc_text(MAX_TIME) == "9999-12-31T23:59:59Z"


@given(st.integers(0, MAX_TIME))
def test_a_text_goes_round(at: int) -> None:
    assert start_of(utc_text(at)) == end_of(utc_text(at)) == at


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-05T12:00:00Z", "2026-10-05T12:00Z", "2026-10-05 12:00", "2026-10-05T12:00:00.999Z",
        "2026-10-05T14:00:00+02:00", "2026-10-05T00:30:00-11:30",
    ],
)  # fmt: skip
def test_forms_of_a_time(text: str) -> None:
    assert start_of(text) == end_of(text) == NOON


def test_a_day_begins_and_ends() -> None:
    start = NOON - SECONDS_PER_DAY // 2
    assert start_of("2026-10-05") == start
    assert end_of("2026-10-05") == start + SECONDS_PER_DAY


@pytest.mark.parametrize(
    "text",
    [
        "", "2026-10-5", "20261005", "2026-W40-1", "2026-02-30", "2026-10-05T25:00", "1969-12-31", "tomorrow",
        "2026-10-05T12", "2026-10-05T12:00:00+2", "2026-10-05T12:00:00+99:99", "٢٠٢٦-10-05", "0001-01-01",
        "0001-01-01T00:00+23:59", "9999-12-31T23:59-23:59", "2026-10-05\n", " 2026-10-05",
    ],
)  # fmt: skip
def test_what_is_no_time(text: str) -> None:
    for read in (start_of, end_of):
        with pytest.raises(ValueError):  # noqa: PT011  of whatever message
            read(text)


def test_the_last_day_of_all_has_no_end() -> None:
    assert start_of("9999-12-31") == MAX_TIME - SECONDS_PER_DAY + 1
    with pytest.raises(ValueError):  # noqa: PT011
        end_of("9999-12-31")


@pytest.mark.parametrize("value", [-1, MAX_TIME + 1, 1.0, True, None, "0"])
def test_what_is_not_kept_as_a_time(value: object) -> None:
    assert not is_time(value)
