"""Charts: nothing below the resolution, every curve named, the same file every time."""

from __future__ import annotations

from typing import Any
from xml.parsers.expat import ParserCreate

import matplotlib as mpl
import pytest

from visavis.evaluation.charts import (
    Mark,
    TradeOff,
    distributions_chart,
    distributions_figure,
    dots_chart,
    dots_figure,
    trade_off_chart,
    trade_off_figure,
)
from visavis.evaluation.wording import percent

FALLING = [0.5, 0.1, 0.02, 1e-3, 1e-4, 1e-5]
RISING = [0.0, 0.002, 0.01, 0.03, 0.08, 0.2]


def trade_off(
    name: str = "all", fmr_resolution: float = 5e-4, fnmr_resolution: float = 5e-3, *marks: Mark
) -> TradeOff:
    return TradeOff(name, {"fmr": [*FALLING], "fnmr": [*RISING]}, fmr_resolution, fnmr_resolution, marks)


def rate(value: float | None, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    return {"value": value, "errors": 3, "trials": 900, "resolution": 0.004, "low": low, "high": high}


def texts(svg: bytes) -> list[str]:
    """The words in a chart, which must be well-formed."""
    found: list[str] = []
    inside = [False]

    def start(tag: str, _: dict[str, str]) -> None:
        inside[0] = tag == "text"
        if inside[0]:
            found.append("")

    def write(words: str) -> None:
        if inside[0]:
            found[-1] += words

    parser = ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: inside.__setitem__(0, False)
    parser.CharacterDataHandler = write
    parser.Parse(svg, True)
    return found


@pytest.mark.parametrize(
    ("share", "up", "expected"),
    [
        (0, False, "0 %"),
        (1, False, "100 %"),
        (0.0123, False, "1.23 %"),
        (0.000215, False, "0.0215 %"),
        (9.37e-7, False, "0.0000937 %"),
        (0.1, False, "10 %"),
        (0.99967, False, "99.967 %"),
        (0.999999, False, "99.9999 %"),
        (0.5, False, "50 %"),
        (9.37e-7, True, "0.000094 %"),
        (0.0011, True, "0.11 %"),
        (0.0011853, True, "0.12 %"),
        (0.003, True, "0.3 %"),
    ],
)
def test_a_share_in_percent(share: float, up: bool, expected: str) -> None:
    assert percent(share, up=up) == expected.replace(" ", "\u00a0")


def test_a_bound_is_never_rounded_down() -> None:
    for i in range(1, 400):
        bound = 3 / (7 * i + 3)
        assert float(percent(bound, up=True).split("\u00a0")[0]) / 100 >= bound * (1 - 1e-9)


def test_axes_end_at_the_resolution() -> None:
    axes = trade_off_figure([trade_off()], named=False).axes[0]
    assert axes.get_xlim()[0] == pytest.approx(5e-4)
    assert axes.get_ylim()[0] == pytest.approx(5e-3)
    x, y = axes.lines[0].get_data()
    assert (list(x), list(y)) == ([0.02, 1e-3], [0.01, 0.03])


def test_each_curve_ends_at_its_own_resolution() -> None:
    figure = trade_off_figure([trade_off("a", 5e-6), trade_off("b", 5e-4)], named=True)
    curves = figure.axes[0].lines[::2]  # between them stand the samples beside the names
    assert [min(curve.get_xdata()) for curve in curves] == [pytest.approx(1e-5), pytest.approx(1e-3)]


def test_no_tick_lies_below_the_resolution() -> None:
    figure = trade_off_figure([trade_off()], named=False)
    assert figure.axes[0].get_xticks().min() >= 5e-4
    assert figure.axes[0].get_yticks().min() >= 5e-3


def test_curves_are_named_and_differ_without_colour() -> None:
    curves = [trade_off(f"group {i}", 5e-4, 5e-3 / (i + 1)) for i in range(8)]
    chart = trade_off_chart(curves)
    assert chart is not None
    written = texts(chart.svg)
    for i in range(8):
        assert f"group {i}" in written
        assert written.count(str(i + 1)) == 2  # on the curve and beside its name
        assert f"group {i}: FNMR" in chart.alt
    lines = trade_off_figure(curves, named=True).axes[0].lines[::2]
    assert len({str(line._dash_pattern) for line in lines}) == 8


def test_a_curve_of_one_group_is_named_too() -> None:
    chart = trade_off_chart([trade_off("seen"), trade_off("unseen", fmr_resolution=0.9)])
    assert chart is not None
    assert "seen" in texts(chart.svg)
    assert "unseen" not in chart.alt


def test_without_a_resolved_point_there_is_no_chart() -> None:
    assert trade_off_chart([trade_off(fmr_resolution=0.6)]) is None
    assert trade_off_chart([TradeOff("none", {"fmr": [], "fnmr": []}, 0.1, 0.1)]) is None
    assert trade_off_chart([TradeOff("null", {"fmr": [None], "fnmr": [None]}, 0.1, 0.1)]) is None
    assert dots_chart([("none", rate(None) | {"resolution": None})], "FMR", None) is None
    assert distributions_chart({"edges": [0, 1], "mated": [0.0], "non_mated": [0.0]}, []) is None


def test_marks_bear_their_names() -> None:
    chart = trade_off_chart([trade_off("all", 5e-4, 5e-3, Mark("80", 1e-3, 0.03, 0.02, 0.04))])
    assert chart is not None
    assert "80" in texts(chart.svg)


def test_the_alternative_text_says_what_the_curve_says() -> None:
    chart = trade_off_chart([trade_off("all")])
    assert chart is not None
    assert chart.alt == "all: FNMR 1 % at an FMR of 2 %, 3 % at an FMR of 0.1 %.".replace(" %", "\u00a0%")


def test_dots_say_below_where_nothing_is_resolved() -> None:
    rows = [("first", rate(0.02, 0.01, 0.03)), ("second", rate(None, 0.0, 0.0051))]
    chart = dots_chart(rows, "FMR", 0.01)
    assert chart is not None
    written = texts(chart.svg)
    assert written.index("first") < written.index("second")
    assert "2\u00a0%" in written
    assert "below 0.51\u00a0%" in written
    assert chart.alt == "FMR, by group: first 2 % (1 % to 3 %); second below 0.51 %.".replace(" %", "\u00a0%")


def test_dots_draw_nothing_below_the_resolution() -> None:
    axes = dots_figure([("one", rate(0.01, 0.0, 0.02))], "FMR", None).axes[0]
    assert min(min(line.get_xdata()) for line in axes.lines) == pytest.approx(0.004)


def test_both_kinds_of_scores_are_named_and_hatched_differently() -> None:
    shares = {
        "edges": [0.0, 0.25, 0.5, 0.75, 1.0],
        "mated": [0, 0.1, 0.3, 0.6],
        "non_mated": [0.7, 0.3, 0, 0],
    }
    figure = distributions_figure(shares, [("80", 0.5), ("outside", 7.0)])
    assert len({patch.get_hatch() for patch in figure.axes[0].patches}) == 2
    written = [text.get_text() for text in figure.axes[0].texts]
    assert written == ["different people", "one person", "80"]


def test_names_of_any_kind_are_drawn() -> None:
    names = ["日本", "a$b_{$", "<script>&", "a\x00\nb", "x" * 300, "العربية"]
    chart = dots_chart([(name, rate(0.02)) for name in names], "FMR", None)
    assert chart is not None
    written = texts(chart.svg)  # which parses it
    assert {"日本", "a$b_{$", "<script>&", "a\ufffd\ufffdb"} <= set(written)
    assert max(len(text) for text in written) < 40


def test_charts_are_the_same_each_time_and_leave_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [("one", rate(0.02, 0.01, 0.03))]
    first = dots_chart(rows, "FMR", 0.01), trade_off_chart([trade_off("a"), trade_off("b")])
    monkeypatch.setitem(mpl.rcParams, "font.size", 33)
    monkeypatch.setitem(mpl.rcParams, "axes.facecolor", "black")
    settings = dict(mpl.rcParams)
    assert (dots_chart(rows, "FMR", 0.01), trade_off_chart([trade_off("a"), trade_off("b")])) == first
    assert dict(mpl.rcParams) == settings
