"""Making and writing a calibration table from finished runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from visavis.comparison import parse_calibration
from visavis.errors import CalibrationError, EvaluationError
from visavis.evaluation.calibration import MIN_PAIRS_OF_PEOPLE, Table, make_table
from visavis.evaluation.calibration_groups import RATES
from visavis.evaluation.measure import plain
from visavis.evaluation.run_files import SCORES, read_run, write_text
from visavis.extras import require_extra
from visavis.models.manifest import NAME
from visavis.settings import calibration_folder


def calibrate(runs: Sequence[Path], out: Path | None = None) -> tuple[dict[str, Any], Path]:
    """Make the table of one recogniser from its runs and write it; return it and where it lies.

    runs: folders that `visavis evaluate` wrote. out: the file to write; by default the
    state folder's table for this recogniser, which from then on is used instead of the shipped one.
    Raises EvaluationError where the runs are of several recognisers, or too small.
    """
    require_extra("evaluation", "scipy")
    read = [read_run(folder / SCORES if folder.is_dir() else folder) for folder in runs]
    names = {str(system.get("compatibility", "")) for _, system in read}
    if len(names) != 1 or not all(NAME.fullmatch(name) for name in names):
        raise EvaluationError(
            "a calibration is made from runs of one of visavis's recognisers",
            hint="give folders that `visavis evaluate` wrote with the same --recogniser",
        )
    (name,) = names
    table = as_json(name, make_table([run for run, _ in read]))
    text = json.dumps(table, indent=1, ensure_ascii=False) + "\n"
    try:
        parse_calibration(text)
    except CalibrationError:
        raise EvaluationError(
            "these runs make no usable table: their rarest scores leave the scale or do not differ",
            hint="look for images that stand under two people, and evaluate more people",
        ) from None
    path = out or calibration_folder() / f"{name}.json"
    write_text(path, text)
    return table, path


def as_json(name: str, table: Table) -> dict[str, Any]:
    """The table as it is written: `points` from the lowest score on, the worst group first in `groups`."""
    points: list[dict[str, Any]] = [{"score": -1.0, "fmr": 1.0}]
    for rate, threshold, worst, interval in zip(
        RATES, table.thresholds, table.worst, table.intervals, strict=True
    ):
        points.append(
            {
                "score": round(threshold, 5),
                "fmr": rate,
                "worst_group": worst,
                "score_interval": plain(interval),
            }
        )
    return {
        "name": name,
        "made_at": datetime.now(UTC).strftime("%Y-%m-%d"),
        "visavis": version("visavis"),
        "provenance": _provenance(table),
        "resolved_fmr": table.resolved_fmr,
        "points": points,
        "tail": plain(table.tail),
        "rates": list(RATES),
        "groups": plain(table.groups),
        "left_out": list(table.left_out),
    }


def _provenance(table: Table) -> str:
    groups = "; ".join(
        f"{g.name} ({g.comparisons:,} comparisons of {g.pairs_of_people:,} pairs of people)"
        for g in table.groups
    )
    left_out = (
        f" Too small to speak (under {MIN_PAIRS_OF_PEOPLE} pairs of people): {', '.join(table.left_out)}."
        if table.left_out
        else ""
    )
    return (
        f"Non-mated comparisons within groups, the most demanding first: {groups}.{left_out} At each rate the group "
        f"that asks for the highest score. Below {table.resolved_fmr:g} that group is not measured: its mean and "
        "deviation are, and the shape of the tail is that of all groups (peaks over threshold)."
    )
