"""Everything that is said of an evaluation, as plain values: what becomes rates.json."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from visavis.evaluation.bootstrap import Resampled, draw_people
from visavis.evaluation.comparisons import Comparisons
from visavis.evaluation.failures import failures
from visavis.evaluation.findings import findings
from visavis.evaluation.folds import by_folds
from visavis.evaluation.groups import measure_groups, named_groups
from visavis.evaluation.identification import measure_searches
from visavis.evaluation.labels import check_labels
from visavis.evaluation.points import points_at_fmrs, points_at_similarities
from visavis.evaluation.rates import equal_error_rate, trade_off
from visavis.evaluation.run import Run
from visavis.evaluation.scores import ScoreSet, Weights

_SHOWN_BINS = 80


def measure(run: Run, folds: int | None = None) -> dict[str, Any]:
    """All rates of a run, by the names that docs/evaluation.md explains."""
    protocol, comparisons = run.protocol, run.comparisons
    mated, non_mated = comparisons.mated, comparisons.non_mated
    weights = draw_people(int(comparisons.people.max()) + 1)
    eer = equal_error_rate(mated, non_mated)
    failed = int(mated.failed.sum() + non_mated.failed.sum())
    result = {
        "protocol": _described(run),
        "failures": failures(protocol, run.errors, weights, failed, mated.attempted + non_mated.attempted),
        "overall": _overall(run, weights, eer),
        "groups": measure_groups(run, weights),
        "labels": check_labels(mated, non_mated),
        "identification": None if protocol.pairs else measure_searches(run, weights),
        "folds": None if folds is None else by_folds(protocol, folds),
    }
    rates: dict[str, Any] = plain(result)
    rates["findings"] = plain(findings(rates))
    return rates


def _described(run: Run) -> dict[str, Any]:
    protocol, comparisons = run.protocol, run.comparisons
    return {
        "name": protocol.name,
        "sha256": protocol.sha256,
        "kind": protocol.kind,
        "images": len(protocol.images),
        "people": int(protocol.people.max()) + 1,
        "mated": comparisons.mated.total,
        "non_mated": comparisons.non_mated.total,
        "mated_people": comparisons.mated.distinct_in_all,
        "non_mated_pairs_of_people": comparisons.non_mated.distinct_in_all,
        "groups": list(named_groups(comparisons)),
        "notes": list(protocol.notes),
    }


def _overall(run: Run, weights: Weights, eer: float) -> dict[str, Any]:
    comparisons = run.comparisons
    resampled = Resampled(comparisons, weights)
    curve = trade_off(comparisons.mated, comparisons.non_mated)
    return {
        "eer": eer,
        "fmr_resolution": comparisons.non_mated.resolution,
        "fnmr_resolution": comparisons.mated.resolution,
        "at_fmr": points_at_fmrs(run, resampled),
        "at_similarity": points_at_similarities(run, resampled),
        "det": curve,
        "distributions": _distributions(comparisons),
    }


def _distributions(comparisons: Comparisons) -> dict[str, Any]:
    """Shares of the comparisons by score, in bins for a picture."""
    edges = comparisons.mated.edges
    step = (len(edges) - 1) // _SHOWN_BINS

    def shares(scores: ScoreSet) -> list[float]:
        bins = scores.histogram.sum(axis=0).reshape(_SHOWN_BINS, step).sum(axis=1)
        return [float(share) for share in bins / max(1, scores.total)]

    return {
        "edges": edges[::step],
        "mated": shares(comparisons.mated),
        "non_mated": shares(comparisons.non_mated),
    }


def plain(value: Any) -> Any:
    """Dataclasses and arrays as dicts, lists and numbers; what is not finite as None, for JSON knows no NaN."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value
