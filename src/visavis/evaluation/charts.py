"""Charts of a report, as SVG: read without colour, on a phone and on paper.

Nothing is drawn below what the sample resolves, as nothing is printed below it.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any

from visavis.evaluation.wording import bound, percent

MOST_CURVES = 8
"""More curves than this cannot be told apart; the worst groups are drawn."""

MOST_ROWS = 16

_WIDTH_IN, _HEIGHT_IN = 4.7, 3.5
_HEAD, _TAIL = 9, 5

_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "visavis",
    "text.parse_math": False,
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 0.7,
}

# Line and colour of each curve; curves bear their number as well.
_CURVES: tuple[tuple[Any, str], ...] = (
    ("-", "#000000"),
    ((0, (6, 2)), "#00578a"),
    ((0, (1, 1.5)), "#a03c00"),
    ((0, (7, 2, 1, 2)), "#006b4f"),
    ((0, (3, 1.5)), "#8a3369"),
    ((0, (10, 3)), "#4d4d4d"),
    ((0, (4, 1, 1, 1, 1, 1)), "#0064a8"),
    ((0, (1, 3)), "#7a5c00"),
)
_GREY = "#555555"
_PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 1}


@dataclass(frozen=True, slots=True)
class Chart:
    """An SVG file, and the same in words for whoever does not see it."""

    svg: bytes
    alt: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A threshold on a curve; `low` and `high` bound its FNMR, None where that is not known."""

    text: str
    fmr: float
    fnmr: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class TradeOff:
    """A curve of FMR and FNMR, what the sample resolves of each, and thresholds to mark on it."""

    name: str
    det: dict[str, list[float | None]]
    fmr_resolution: float
    fnmr_resolution: float
    marks: tuple[Mark, ...] = ()

    @property
    def points(self) -> list[tuple[float, float]]:
        """The points (FMR, FNMR) that the sample resolves, FMR falling."""
        return [
            (fmr, fnmr)
            for fmr, fnmr in zip(self.det["fmr"], self.det["fnmr"], strict=True)
            if fmr is not None and fnmr is not None and self.resolves(fmr, fnmr)
        ]

    def resolves(self, fmr: float, fnmr: float) -> bool:
        """Whether both rates can be told from the sample."""
        return fmr >= self.fmr_resolution and fnmr >= self.fnmr_resolution


def trade_off_chart(curves: Sequence[TradeOff]) -> Chart | None:
    """A DET chart on logarithmic axes; None where the sample resolves no point of any curve."""
    drawn = [curve for curve in curves[:MOST_CURVES] if len(curve.points) > 1]
    if not drawn:
        return None
    with _style():
        figure = trade_off_figure(drawn, named=len(curves) > 1)
        return Chart(_svg(figure), " ".join(map(_told, drawn)))


def trade_off_figure(curves: Sequence[TradeOff], *, named: bool) -> Any:
    """The Matplotlib figure of `trade_off_chart`: curves bear numbers, which the margin names."""
    figure, axes = _figure(_HEIGHT_IN, (0.145, 0.14, 0.52 if named else 0.825, 0.83))
    points = [point for curve in curves for point in curve.points]
    ends = [mark.high for curve in curves for mark in curve.marks if mark.high]
    left, bottom = min(c.fmr_resolution for c in curves), min(c.fnmr_resolution for c in curves)
    right, top = max(x for x, _ in points), max(*(y for _, y in points), *ends)
    axes.loglog()
    axes.set(xlim=(left, 1.3 * right), ylim=(bottom, 1.2 * top))
    _tick(axes.xaxis, 4 if named else 6)
    _tick(axes.yaxis, 8)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_xlabel("different people who match (FMR)")
    axes.set_ylabel("one person who does not match (FNMR)")
    for i, curve in enumerate(curves):
        line, colour = _CURVES[i]
        axes.plot(*zip(*curve.points, strict=True), color=colour, linestyle=line, linewidth=1.6)
        for mark in curve.marks:
            _mark(axes, mark, str(i + 1) if named else "", colour)
        if named:
            _name(axes, i, curve)
    return figure


def dots_chart(rows: Sequence[tuple[str, dict[str, Any]]], what: str, overall: float | None) -> Chart | None:
    """Rates as dots with their intervals on a logarithmic axis, in the order given; None without any."""
    shown = [(name, rate) for name, rate in rows if rate["resolution"] is not None][:MOST_ROWS]
    if not shown:
        return None
    with _style():
        figure = dots_figure(shown, what, overall)
        told = "; ".join(f"{name} {_rate_told(rate)}" for name, rate in shown)
        return Chart(_svg(figure), f"{what}, by group: {told}.")


def dots_figure(rows: Sequence[tuple[str, dict[str, Any]]], what: str, overall: float | None) -> Any:
    """The Matplotlib figure of `dots_chart`; a triangle stands for "below"."""
    height = 0.82 + 0.27 * len(rows)
    figure, axes = _figure(height, (0.27, 0.5 / height, 0.47, 1 - 0.74 / height))
    highs = [max(rate["value"] or 0, rate["high"] or 0, rate["resolution"]) for _, rate in rows]
    left = min(*map(_low, (rate for _, rate in rows)), overall or 1) / 1.5
    axes.set_xscale("log")
    axes.set(xlim=(left, min(1.0, 1.3 * max(*highs, overall or 0))), ylim=(len(rows) - 0.4, -0.6))
    axes.set_xlabel(what)
    _tick(axes.xaxis, 4)
    axes.set_yticks(range(len(rows)), [_short(name) for name, _ in rows])
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    if overall is not None:
        axes.axvline(overall, color=_GREY, linestyle=(0, (4, 3)), linewidth=1)
        place = {"xycoords": ("data", "axes fraction"), "ha": "center", "va": "bottom", "color": _GREY}
        axes.annotate(f"all: {percent(overall)}", (overall, 1.01), fontsize=8, **place)
    for i, (_, rate) in enumerate(rows):
        _dot(axes, i, rate, left)
        axes.annotate(_value(rate), (1.03, i), xycoords=("axes fraction", "data"), va="center", fontsize=8)
    return figure


def distributions_chart(shares: dict[str, Any], marks: Sequence[tuple[str, float]]) -> Chart | None:
    """How the scores of both kinds are spread, with thresholds marked; None where there are none.

    shares: `edges` (bins + 1), `mated` and `non_mated` (bins). marks: what to write, and at which score.
    """
    if not any(shares["mated"]) and not any(shares["non_mated"]):
        return None
    with _style():
        figure = distributions_figure(shares, marks)
        told = [
            f"{what} score {_middle(shares['edges'], shares[key])} most often"
            for key, what in (("non_mated", "Pairs of different people"), ("mated", "pairs of one person"))
            if any(shares[key])
        ]
        return Chart(_svg(figure), f"Shares of the comparisons by score. {', '.join(told)}.")


def distributions_figure(shares: dict[str, Any], marks: Sequence[tuple[str, float]]) -> Any:
    """The Matplotlib figure of `distributions_chart`."""
    figure, axes = _figure(3.1, (0.06, 0.17, 0.92, 0.61))
    edges = shares["edges"]
    used = [i for key in ("mated", "non_mated") for i, share in enumerate(shares[key]) if share > 0.0005]
    first, last = max(0, min(used) - 1), min(len(edges) - 2, max(used) + 1)
    axes.set(
        xlim=(edges[first], edges[last + 1]), ylim=(0, 1.22 * max(shares["mated"] + shares["non_mated"]))
    )
    looks = (
        ("non_mated", "different people", "#444444", "-", "\\\\\\"),
        ("mated", "one person", "#00578a", (0, (5, 1.5)), "///"),
    )
    for key, what, colour, line, hatch in looks:
        if not any(shares[key]):
            continue
        look = {"facecolor": "none", "edgecolor": colour, "linestyle": line, "linewidth": 1.4}
        axes.stairs(shares[key], edges, fill=True, hatch=hatch, **look)
        highest = max(range(len(shares[key])), key=shares[key].__getitem__)
        peak = (edges[highest] + edges[highest + 1]) / 2, shares[key][highest]
        beside = {"textcoords": "offset points", "ha": "center", "bbox": _PAPER, "zorder": 4}
        axes.annotate(what, peak, (0, 5), color=colour, **beside)
    _lines(axes, [mark for mark in marks if edges[first] <= mark[1] <= edges[last + 1]])
    axes.set_xlabel("score: the higher, the more alike")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    return figure


def _lines(axes: Any, marks: Sequence[tuple[str, float]]) -> None:
    """Upright lines, their names in three rows, since thresholds lie close together."""
    for i, (text, score) in enumerate(marks):
        axes.axvline(score, color="#a03c00", linestyle=(0, (1, 1.5)), linewidth=1.4)
        place = {"xycoords": ("data", "axes fraction"), "ha": "center", "va": "bottom", "fontsize": 8}
        axes.annotate(text, (score, 1.01 + 0.085 * (i % 3)), color="#a03c00", **place)


def _style() -> Any:
    """Settings for as long as a chart is drawn: Matplotlib's own and ours, whatever the user's are."""
    import matplotlib as mpl

    defaults = {key: value for key, value in mpl.rcParamsDefault.items() if key != "backend"}
    return mpl.rc_context(defaults | _STYLE)


def _figure(height: float, place: tuple[float, float, float, float]) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH_IN, height))
    return figure, figure.add_axes(place)


def _svg(figure: Any) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings():
        # Names in scripts that Matplotlib's font lacks: the reader's font draws the text.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()


def _tick(axis: Any, most: int) -> None:
    """Name as many round percentages as there is room for, and no others."""
    low, high = axis.get_view_interval()
    decades = range(floor(log10(low)), 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        ticks = [step * 10.0**k for k in decades for step in steps if low <= step * 10.0**k <= min(high, 1)]
        if len(ticks) <= most:
            break
    ticks = ticks[:: -(-len(ticks) // most)] if ticks else [low]
    axis.set_ticks(ticks, [percent(tick) for tick in ticks])
    axis.set_ticks([], minor=True)


def _mark(axes: Any, mark: Mark, number: str, colour: str) -> None:
    """A threshold: a dot with its name, or with its curve's number inside."""
    if mark.low is not None and mark.high is not None:
        axes.plot([mark.fmr, mark.fmr], [mark.low, mark.high], color=colour, linewidth=1)
    place = mark.fmr, mark.fnmr
    if number:
        _disc(axes, number, (place, "data"), colour, filled=True)
        return
    axes.plot(*([value] for value in place), marker="o", markersize=7, color=colour, clip_on=False)
    beside = {"textcoords": "offset points", "fontsize": 8, "bbox": _PAPER, "zorder": 4}
    axes.annotate(mark.text, place, (8, 4), **beside)


def _name(axes: Any, place: int, curve: TradeOff) -> None:
    """Write a curve's number on its upper end, and number and name in the right margin."""
    number, (line, colour), height = str(place + 1), _CURVES[place], 0.95 - 0.11 * place
    _disc(axes, number, (curve.points[-1], "data"), colour, filled=False)
    axes.plot(
        [1.03, 1.15], [height, height], color=colour, linestyle=line, transform=axes.transAxes, clip_on=False
    )
    _disc(axes, number, ((1.09, height), "axes fraction"), colour, filled=False)
    beside = {"xycoords": "axes fraction", "va": "center", "fontsize": 8.5, "annotation_clip": False}
    axes.annotate(_short(curve.name), (1.18, height), **beside)


def _disc(axes: Any, number: str, where: tuple[Any, str], colour: str, *, filled: bool) -> None:
    """A number in a circle. where: a place and its coordinates, as Matplotlib calls them."""
    back, front = (colour, "white") if filled else ("white", colour)
    disc = {"boxstyle": "circle,pad=0.18", "facecolor": back, "edgecolor": colour, "linewidth": 0.9}
    centred = {"ha": "center", "va": "center", "fontsize": 7, "fontweight": "bold", "zorder": 5 + filled}
    place, coordinates = where
    axes.annotate(
        number, place, xycoords=coordinates, color=front, bbox=disc, annotation_clip=False, **centred
    )


def _dot(axes: Any, row: int, rate: dict[str, Any], left: float) -> None:
    if rate["value"] is None:
        end = bound(rate)
        axes.plot([left, end], [row, row], color="black", linewidth=1, linestyle=(0, (1, 1.5)))
        axes.plot([end], [row], marker="<", color="black", markerfacecolor="white", markersize=7)
        return
    if rate["high"] is not None:
        axes.plot([_low(rate), rate["high"]], [row, row], color="black", linewidth=1.6)
    axes.plot([rate["value"]], [row], marker="o", color="black", markersize=6)


def _low(rate: dict[str, Any]) -> float:
    """The lowest that is drawn of a rate, never below what the sample resolves."""
    ends = [end for end in (rate["value"], rate["low"]) if end is not None]
    return float(max(rate["resolution"], min(ends))) if rate["value"] is not None else bound(rate)


def _value(rate: dict[str, Any]) -> str:
    return percent(rate["value"]) if rate["value"] is not None else f"below {percent(bound(rate), up=True)}"


def _rate_told(rate: dict[str, Any]) -> str:
    if rate["value"] is None or rate["low"] is None or rate["low"] < rate["resolution"]:
        return _value(rate)
    return f"{_value(rate)} ({percent(rate['low'])} to {percent(rate['high'])})"


def _told(curve: TradeOff) -> str:
    """A curve in words: its FNMR at the round false match rates that it reaches."""
    points = curve.points
    rounds = [10.0**-k for k in range(1, 9) if points[-1][0] <= 10.0**-k <= points[0][0]]
    nearest = [min(points, key=lambda point: abs(log10(point[0] / fmr))) for fmr in rounds] or [points[-1]]
    told = ", ".join(f"{percent(fnmr)} at an FMR of {percent(fmr)}" for fmr, fnmr in nearest)
    return f"{curve.name}: FNMR {told}."


def _middle(edges: list[float], shares: list[float]) -> str:
    highest = max(range(len(shares)), key=shares.__getitem__)
    return f"about {(edges[highest] + edges[highest + 1]) / 2:.3g}"


def _short(name: str) -> str:
    """A name for a margin, without what an SVG file cannot hold."""
    shown = "".join(c if c.isprintable() else "\ufffd" for c in name)
    return shown if len(shown) <= _HEAD + _TAIL + 1 else f"{shown[:_HEAD]}…{shown[-_TAIL:]}"
