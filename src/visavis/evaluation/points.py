"""Operating points: what a threshold costs and what it lets through."""

from __future__ import annotations

from dataclasses import dataclass

from visavis.evaluation.bootstrap import Resampled
from visavis.evaluation.rates import FMRS, Rate, rate, rate_at
from visavis.evaluation.run import Run
from visavis.evaluation.scores import Floats, ScoreSet


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold. A point that the sample does not resolve has no threshold and no rates.

    asked: the FMR that was asked for, or the similarity. nominal_fmr: what the
    calibration says of it, None where the FMR was asked for. far, frr: FMR and FNMR
    with comparisons that failed counted, as ones that do not match.
    """

    asked: float
    nominal_fmr: float | None
    threshold: float | None
    similarity: float | None
    fmr: Rate | None = None
    fnmr: Rate | None = None
    far: Rate | None = None
    frr: Rate | None = None


def points_at_fmrs(run: Run, resampled: Resampled) -> list[Point]:
    """A point for each FMR of `FMRS`; each bootstrap replicate finds its own threshold."""
    points = []
    for fmr in FMRS:
        if run.comparisons.non_mated.resolution > fmr:
            points.append(Point(fmr, None, None, None))
            continue
        threshold = run.comparisons.non_mated.threshold_at(fmr)
        replicates = resampled.fmr(threshold), resampled.fnmr_at_fmr(fmr)
        points.append(_point(run, fmr, None, threshold, replicates))
    return points


def points_at_similarities(run: Run, resampled: Resampled) -> list[Point]:
    """A point for each similarity that the calibration names; none without one."""
    return [
        _point(run, similarity, fmr, threshold, (resampled.fmr(threshold), resampled.fnmr(threshold)))
        for similarity, fmr, threshold in (run.calibration.anchors() if run.calibration else ())
    ]


def _point(
    run: Run, asked: float, nominal_fmr: float | None, threshold: float, replicates: tuple[Floats, Floats]
) -> Point:
    mated, non_mated = run.comparisons.mated, run.comparisons.non_mated
    fmr, fnmr = replicates
    return Point(
        asked,
        nominal_fmr,
        threshold,
        run.calibration.similarity(threshold) if run.calibration else None,
        rate_at(non_mated, threshold, fmr),
        rate_at(mated, threshold, fnmr),
        _with_failures(non_mated, threshold, fmr),
        _with_failures(mated, threshold, fnmr),
    )


def _with_failures(scores: ScoreSet, threshold: float, replicates: Floats) -> Rate:
    """The rate of all that were asked for; its interval takes the failures as they were counted."""
    missed = int(scores.failed.sum()) if scores.mated else 0
    attempted = scores.attempted
    share = (replicates * scores.total + missed) / attempted if attempted else replicates
    return rate(scores.errors_at(threshold) + missed, attempted, scores.distinct_in_all, share)
