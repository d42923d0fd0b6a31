"""report.html: what was measured, on whom and how sure, for people who know no statistics.

One file that loads nothing and runs nothing. It is made from rates.json alone;
`report.html` beside this module is its template, this module the words and numbers in it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable
from functools import cache
from importlib import resources
from typing import Any

from visavis.evaluation.bootstrap import REPLICATES
from visavis.evaluation.charts import (
    MOST_CURVES,
    MOST_ROWS,
    Chart,
    Mark,
    TradeOff,
    distributions_chart,
    dots_chart,
    trade_off_chart,
)
from visavis.evaluation.shuffles import SHUFFLES
from visavis.evaluation.wording import FILTERS, below, interval, number, one_in, percent

DEFAULT_SIMILARITY = 80
MOST_CROSSED = 10
"""Larger tables of each two groups do not fit on paper; the worst groups are shown."""

_OF_A_SYSTEM = ("sha256", "precision", "detector", "calibration", "endpoint", "asked")
"""What may be known of a system."""

Json = dict[str, Any]
Pictures = Callable[[str], bytes | None]


def render_report(rates: Json, pictures: Pictures | None = None) -> str:
    """The report of an evaluation, a whole HTML file.

    rates: what rates.json holds. pictures: from the path of an image to a small
    JPEG of it, None where it has none; without `pictures` the report names paths only.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {**FILTERS, "data_uri": _data_uri}
    template = resources.files("visavis.evaluation").joinpath("report.html").read_text("utf-8")
    return environment.from_string(template).render(**_view(rates, pictures))


def _view(rates: Json, pictures: Pictures | None) -> Json:
    """Everything the template needs."""
    shown = {"against": None, "hardest": None, **rates}
    shown["system"] = dict.fromkeys(_OF_A_SYSTEM) | rates["system"]
    shown["hardest"] = {"mated": [], "non_mated": []} | (shown["hardest"] or {})
    return shown | {
        "alarms": [finding for finding in rates["findings"] if finding["level"] == "alarm"],
        "others": [finding for finding in rates["findings"] if finding["level"] != "alarm"],
        "key_numbers": list(_key_numbers(rates)),
        "eer": _equal_error_rate(rates["overall"]),
        "searches": _searches(rates["identification"]),
        "differences": _differences(shown["against"], rates["overall"]["fnmr_resolution"]),
        "charts": _charts(rates),
        "picture": cache(pictures) if pictures else None,
        "replicates": REPLICATES,
        "shuffles": SHUFFLES,
        "most_rows": MOST_ROWS,
        "most_curves": MOST_CURVES,
        "most_crossed": MOST_CROSSED,
    }


def _key_numbers(rates: Json) -> Iterable[Json]:
    """Three or four numbers for the first screen: what is counted, the number, how sure."""
    overall, protocol = rates["overall"], rates["protocol"]
    default = next((p for p in overall["at_similarity"] or [] if p["asked"] == DEFAULT_SIMILARITY), None)
    if default:
        where = f"at similarity {DEFAULT_SIMILARITY}"
        yield _key_number(f"Two different people match, {where}", default["fmr"], rare=True)
        yield _key_number(f"One person does not match, {where}", default["fnmr"])
    point = _usual_point(overall["at_fmr"] or [])
    where = f", where {one_in(point['asked'])} pairs of different people may" if point else ""
    yield _key_number(f"One person does not match{where}", point["fnmr"] if point else None)
    if not default:
        yield _key_number("Both errors, where they are equally frequent", _equal_error_rate(overall))
    failed, what = rates["failures"]["fta"], "Probe images" if protocol["kind"] == "pairs" else "Images"
    without = f"{what} without a usable face"
    if failed is None:
        failed, without = rates["failures"]["comparisons"], "Comparisons without a score"
    yield _key_number(without, failed, counted=True)


def _key_number(what: str, rate: Json | None, *, rare: bool = False, counted: bool = False) -> Json:
    value = rate["value"] if rate else None
    sure = f"95 % confidence: {interval(rate)}" if interval(rate) else ""
    if counted and rate and rate["trials"]:
        share = f"{below(rate)} with 95 % confidence" if value is None else percent(value)
        figure = f"{number(rate['errors'])} of {number(rate['trials'])}"
        return {"what": what, "figure": figure, "share": share, "sure": sure}
    if value is None:
        return {"what": what, "figure": below(rate), "share": "", "sure": ""}
    figures = percent(value), one_in(value)
    figure, share = figures[::-1] if rare else figures
    return {"what": what, "figure": figure, "share": share, "sure": sure}


def _usual_point(points: list[Json]) -> Json | None:
    """The point at an FMR of 1e-3, or the lowest above it that the sample resolves."""
    resolved = [point for point in points if point["threshold"] is not None and point["asked"] >= 1e-3]
    return min(resolved, key=lambda point: float(point["asked"]), default=None)


def _equal_error_rate(overall: Json) -> Json | None:
    resolutions = overall["fmr_resolution"], overall["fnmr_resolution"]
    if overall["eer"] is None or None in resolutions:
        return None
    resolution = min(1.0, max(resolutions))
    value = overall["eer"] if overall["eer"] >= resolution else None
    return {"value": value, "resolution": resolution, "low": None, "high": None}


def _searches(found: Json | None) -> Json | None:
    """Searches as tables: a row for each similarity, a column for each gallery size, one size beyond included."""
    if found is None:
        return None
    by_similarity, by_fpir = (
        [_search_point(found, point) for point in found[key] or []] for key in ("at_similarity", "at_fpir")
    )
    beyond = 10 ** len(str(max(1, found["references"] - 1)))
    sizes = sorted({point["gallery"] for point in [*by_similarity, *by_fpir]} | {beyond})
    cells = {(round(point["similarity"], 3), point["gallery"]): point for point in by_similarity}
    similarities = sorted({similar for similar, _ in cells})
    return {
        "sizes": sizes,
        "rows": [(similar, [cells.get((similar, size)) for size in sizes]) for similar in similarities],
        "by_fpir": by_fpir,
        "beyond": beyond,
    }


def _search_point(found: Json, point: Json) -> Json:
    """A point whose FPIR and FNIR have the form of every other rate."""
    rates = {
        key: {
            "value": point[key],
            "resolution": found[f"{key}_resolution"],
            **dict(zip(("low", "high"), point[f"{key}_interval"] or (None, None), strict=True)),
        }
        for key in ("fpir", "fnir")
    }
    return point | rates


def _differences(against: Json | None, resolution: float | None) -> list[Json]:
    """The rows of a comparison of two systems; FNMRs that their sample does not resolve are none."""
    if against is None:
        return []
    least = max(resolution or 0, min(1.0, 3 / against["mated"] if against["mated"] else 1.0))

    def told(value: float | None) -> Json:
        known = value is not None and value >= least
        return {
            "value": value if known else None,
            "resolution": None if value is None else least,
            "low": None,
            "high": None,
        }

    return [row | {key: told(row[key]) for key in ("ours", "theirs")} for row in against["rows"]]


def _charts(rates: Json) -> dict[str, Chart | None]:
    overall, groups = rates["overall"], rates["groups"]
    curve = _curve("All comparisons", overall["det"], overall["fmr_resolution"], overall["fnmr_resolution"])
    charts = {
        "det": trade_off_chart([_marked(curve, overall)]) if curve else None,
        "scores": distributions_chart(overall["distributions"], _thresholds(overall))
        if overall["distributions"]
        else None,
    }
    if groups is None:
        return charts | dict.fromkeys(("group_fmr", "group_fnmr", "group_fta", "group_det"))
    at_same = next((p for p in overall["at_fmr"] or [] if p["asked"] == groups["overall_fmr"]), None)
    missed = at_same["fnmr"]["value"] if at_same and at_same["fnmr"] else None
    failed = rates["failures"]["fta"]
    curves = [_group_curve(group) for group in groups["rates"]]
    return charts | {
        "group_fmr": _dots(groups, "fmr", "FMR: different people who match", groups["overall_fmr"]),
        "group_fnmr": _dots(groups, "fnmr", "FNMR: one person who does not match", missed),
        "group_fta": _dots(groups, "fta", "FTA: images without a usable face", failed and failed["value"])
        if groups["fta"] and any(group["fta"]["value"] for group in groups["rates"])
        else None,
        "group_det": trade_off_chart([curve for curve in curves if curve]),
    }


def _dots(groups: Json, key: str, what: str, overall: float | None) -> Chart | None:
    return dots_chart([(group["name"], group[key]) for group in groups["rates"] if group[key]], what, overall)


def _curve(name: str, det: Json | None, fmr: float | None, fnmr: float | None) -> TradeOff | None:
    return None if det is None or fmr is None or fnmr is None else TradeOff(name, det, fmr, fnmr)


def _group_curve(group: Json) -> TradeOff | None:
    fmr, fnmr = group["fmr"] or {}, group["fnmr"] or {}
    curve = _curve(group["name"], group["det"], fmr.get("resolution"), fnmr.get("resolution"))
    if curve is None or fmr["value"] is None or fnmr["value"] is None:
        return curve
    marks = (Mark("", fmr["value"], fnmr["value"]),)
    return TradeOff(curve.name, curve.det, curve.fmr_resolution, curve.fnmr_resolution, marks)


def _marked(curve: TradeOff, overall: Json) -> TradeOff:
    """The curve with its thresholds: similarities where there is a calibration, else false match rates."""
    points = overall["at_similarity"] or overall["at_fmr"] or []
    marks = tuple(
        Mark(_threshold_name(overall, point), fmr["value"], fnmr["value"], fnmr["low"], fnmr["high"])
        for point in points
        if (fmr := point["fmr"]) and (fnmr := point["fnmr"]) and fmr["value"] and fnmr["value"]
    )
    return TradeOff(curve.name, curve.det, curve.fmr_resolution, curve.fnmr_resolution, marks)


def _thresholds(overall: Json) -> list[tuple[str, float]]:
    points = overall["at_similarity"] or overall["at_fmr"] or []
    return [(_threshold_name(overall, point), point["threshold"]) for point in points if point["threshold"]]


def _threshold_name(overall: Json, point: Json) -> str:
    return f"{point['asked']:g}" if overall["at_similarity"] else percent(point["asked"])


def _data_uri(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{b64encode(data).decode('ascii')}"
