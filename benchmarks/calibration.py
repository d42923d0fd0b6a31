"""Whether a calibration holds on people it was not made from.

1. Method: LFW's development half cut into five folds of people; a table made from four is tested on the
   fifth: does the 95 % interval of its FMR at nominal 1e-3 and 1e-4 hold the nominal rate?
2. Table: made like the shipped one, from LFW without a fold and the consented sets; at similarity 80
   (nominal 1e-3 in the worst group), the FMR of women and men of that fold, and of UTKFace's cells.
3. Small groups: tables in which thirty of LFW's women stand for all of them; tested on the others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from common import acquired, lfw, part_of, save
from numpy.typing import NDArray

from visavis.evaluation.bootstrap import Resampled, draw_people
from visavis.evaluation.calibration import make_table
from visavis.evaluation.calibration_groups import RATES
from visavis.evaluation.comparisons import compare_every_pair
from visavis.evaluation.measure import plain
from visavis.evaluation.protocols import Protocol
from visavis.evaluation.rates import rate_at
from visavis.evaluation.run import Run

FOLDS, SMALL, DRAWS = 5, 30, 20
WOMEN = "F"


def main() -> None:
    """Measure, print and write results/calibration.json."""
    lfw_sample, consented, utkface = lfw(), acquired("consented_images"), acquired("utkface_images")
    fold = np.random.default_rng(7).integers(0, FOLDS, len(lfw_sample[0].subjects))[lfw_sample[0].people]
    method, table = [], []
    for held_out in range(FOLDS):
        rest, own = (_run(*lfw_sample, side) for side in (fold != held_out, fold == held_out))
        one_group = [
            _run(_ungrouped(lfw_sample[0]), lfw_sample[1], side)
            for side in (fold != held_out, fold == held_out)
        ]
        method += [{"fold": held_out, **entry} for entry in _method(*one_group)]
        made = make_table([rest, _run(*consented)])
        table.append({"fold": held_out, **_by_group(own, made.thresholds[RATES.index(1e-3)])})
    shipped = make_table([_run(*lfw_sample), _run(*consented)]).thresholds[RATES.index(1e-3)]
    results = {
        "method": method,
        "method_held": sum(entry["held"] for entry in method),
        "similarity_80_on_held_out_folds": table,
        "similarity_80_on_utkface": _by_group(_run(*utkface), shipped),
        "small_groups": _small_groups(*lfw_sample),
    }
    save("calibration", results)


def _ungrouped(protocol: Protocol) -> Protocol:
    return replace(protocol, groups=("all",), group=np.zeros_like(protocol.group))


def _run(protocol: Protocol, vectors: NDArray[np.float32], chosen: NDArray[np.bool_] | None = None) -> Run:
    """The comparisons of all images, or of the chosen ones: (images,)."""
    if chosen is not None:
        protocol, vectors = part_of(protocol, chosen), vectors[chosen]
    return Run(protocol, compare_every_pair(protocol, vectors), ("",) * len(vectors), None)


def _method(rest: Run, own: Run) -> list[dict[str, Any]]:
    """All people of LFW as one group: the nominal rates against those of the people held out."""
    one_group = make_table([rest])
    resampled = Resampled(own.comparisons, draw_people(int(own.protocol.people.max()) + 1))
    found = []
    for nominal in (1e-3, 1e-4):
        threshold = one_group.thresholds[RATES.index(nominal)]
        measured = rate_at(own.comparisons.non_mated, threshold, resampled.fmr(threshold))
        assert measured.low is not None
        assert measured.high is not None
        held = measured.low <= nominal <= measured.high
        found.append({"nominal": nominal, "threshold": threshold, "fmr": plain(measured), "held": held})
    return found


def _by_group(run: Run, threshold: float) -> dict[str, Any]:
    """FMR of each group at a threshold, with the bootstrap's upper bound."""
    weights = draw_people(int(run.protocol.people.max()) + 1)
    groups = {}
    for name in run.comparisons.groups:
        scores = run.comparisons.within(name)[1]
        if scores.distinct.sum() < 100:
            continue
        resampled = Resampled(run.comparisons, weights, [run.comparisons.cells.index((name, name))])
        groups[name] = plain(rate_at(scores, threshold, resampled.fmr(threshold)))
    return {"threshold": threshold, "groups": groups}


def _small_groups(protocol: Protocol, vectors: NDArray[np.float32]) -> dict[str, Any]:
    """The FMR at nominal 1e-3 of all women, at thresholds of thirty of them beside all men."""
    rng = np.random.default_rng(11)
    women = protocol.group == protocol.groups.index(WOMEN)
    everyone = _run(protocol, vectors, women).comparisons.non_mated
    fmrs = []
    for _ in range(DRAWS):
        few = np.isin(protocol.people, rng.choice(np.unique(protocol.people[women]), SMALL, replace=False))
        table = make_table([_run(protocol, vectors, few | ~women)])
        curve = next(curve for curve in table.groups if curve.name.endswith(f": {WOMEN}"))
        fmrs.append(float(everyone.rates(np.array([curve.thresholds[RATES.index(1e-3)]]))[0]))
    quartiles = [float(value) for value in np.quantile(fmrs, [0.25, 0.5, 0.75])]
    return {"people": SMALL, "draws": DRAWS, "nominal": 1e-3, "fmr_quartiles": quartiles}


if __name__ == "__main__":
    main()
