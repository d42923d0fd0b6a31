"""Which moments are shown, and the option that corrects each."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from visavis.redaction.corrections import read_correction
from visavis.redaction.moments import Moment, Span, chosen, clock

corners = st.builds(
    lambda x, y, w, h: (x, y, x + w, y + h),
    st.integers(0, 8000),
    st.integers(0, 8000),
    st.integers(1, 900),
    st.integers(1, 900),
)
times = st.floats(0, 36_000_000)
spans = st.builds(lambda at, before, after: Span(at, 0, max(0, at - before), at + after), times, times, times)


def moment(weight: float, at_ms: float | None = None) -> Moment:
    span = None if at_ms is None else Span(at_ms, 0, at_ms, at_ms)
    return Moment("reason", weight, None, span)


@given(corners, spans | st.none())
def test_the_option_says_where_and_when(where: tuple[int, int, int, int], span: Span | None) -> None:
    option, text = Moment("", 0.5, where, span).option.split(" ")
    correction = read_correction(text)
    assert option == "--also"
    assert correction.box.xyxy == tuple(map(float, where))
    if span is None:
        assert not correction.is_timed
    else:
        assert span.from_ms - 100.01 <= correction.from_ms <= span.from_ms + 0.01
        assert span.until_ms - 0.01 <= correction.until_ms <= span.until_ms + 100.01


def test_where_the_place_is_not_known_it_is_to_be_filled_in() -> None:
    quiet = Moment("", 0.1, None, Span(65_000, 0, 61_050, 3_661_449))
    assert quiet.option == "--also X,Y,W,H@1:01.0-1:01:01.5"


def test_a_moment_of_a_single_frame_takes_some_time() -> None:
    assert Moment("", 0.5, (0, 0, 9, 9), Span(0, 0, 0, 0)).option == "--also 0,0,9,9@0:00.0-0:00.1"


def test_clocks() -> None:
    assert [clock(ms) for ms in (0, 99, 7_500, 59_999, 60_000, 3_600_000)] == [
        "0:00.0",
        "0:00.0",
        "0:07.5",
        "0:59.9",
        "1:00.0",
        "1:00:00.0",
    ]
    assert clock(59_901, up=True) == "1:00.0"


def test_the_worst_come_first() -> None:
    files = [[moment(0.2), moment(0.9)], [moment(0.5)]]
    assert [m.weight for _, m in chosen(files, 9)] == [0.9, 0.5, 0.2]
    assert chosen(files, 1) == [(0, files[0][1])]
    assert chosen([], 5) == chosen([[]], 5) == []


def test_one_second_does_not_fill_the_page() -> None:
    """Thirty moments of one second, and a lesser one minutes later."""
    video = [*(moment(0.9, 5_000 + 33 * i) for i in range(30)), moment(0.3, 400_000)]
    shown = [m.span.at_ms for _, m in chosen([video], 4) if m.span]
    assert 400_000 in shown


def test_one_file_does_not_fill_the_page() -> None:
    video = [moment(0.9, 60_000 * i) for i in range(100)]
    others = [[moment(0.5)] for _ in range(10)]
    assert {number for number, _ in chosen([video, *others], 48)} == set(range(11))


@given(
    st.lists(st.lists(st.tuples(st.floats(0, 1), st.none() | times), max_size=8), max_size=6),
    st.integers(0, 60),
)
def test_each_is_shown_once_until_the_page_is_full(
    files: list[list[tuple[float, float | None]]], most: int
) -> None:
    moments = [[moment(*given) for given in own] for own in files]
    shown = chosen(moments, most)
    assert len(shown) == min(most, sum(map(len, moments)))
    assert len({id(m) for _, m in shown}) == len(shown)
    assert all(any(m is own for own in moments[number]) for number, m in shown)
    if shown:
        assert shown[0][1].weight == max(m.weight for own in moments for m in own)
