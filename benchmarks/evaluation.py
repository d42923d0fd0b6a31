"""Every published error rate: the protocols of the evaluation data through `visavis evaluate`, and the table made from them.

Writes evaluation/ (reports to read, not in the repository), the shipped calibration table, and
results/evaluation.json. The table is made from LFW and the consented sets, then all
rates are read off again with it; UTKFace, whose terms forbid more, only checks it.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from common import CACHE, DATA, ROOT, acquired, consented_protocol, protocol_path, save

from visavis.comparison import shipped_calibration
from visavis.evaluation.calibrate import calibrate
from visavis.evaluation.evaluate import UNFINISHED, Options, evaluate
from visavis.evaluation.run_files import SCORES
from visavis.models.manifest import DEFAULT_RECOGNISER

OUT = ROOT / "evaluation"
TABLE = ROOT / "src" / "visavis" / "calibrations" / f"{DEFAULT_RECOGNISER}.json"
CALIBRATED_FROM = ("lfw_images", "consented_images")
NAMES = ("lfw_images", "consented_images", "london_images", "utkface_images")


def main() -> None:
    """Measure, print and write results/evaluation.json."""
    for name in NAMES:
        _remember_templates(name)
        evaluate(_path(name), Options(DATA, OUT / name))
    calibrate([OUT / name for name in CALIBRATED_FROM], TABLE)
    shipped_calibration.cache_clear()
    results: dict[str, Any] = {
        name: _published(evaluate(OUT / name / SCORES, Options(DATA, OUT / name))) for name in NAMES
    }
    _remember_templates("lfw_images", "lfw_pairs")
    results["lfw_pairs"] = _published(evaluate(_path("lfw_pairs"), Options(DATA, OUT / "lfw_pairs", folds=5)))
    results["after_templates"] = _cost()
    save("evaluation", results)


def _cost() -> dict[str, float]:
    """What `visavis evaluate` takes for LFW's ten million pairs once the templates are there: a whole process."""
    _remember_templates("lfw_images", "cost")
    command = [
        sys.executable,
        "-m",
        "visavis",
        "evaluate",
        str(protocol_path("lfw_images")),
        "--images",
        str(DATA),
    ]
    start = time.perf_counter()
    subprocess.run([*command, "--out", str(OUT / "cost")], check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    shutil.rmtree(OUT / "cost")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {"seconds": round(seconds, 1), "peak_mb": round(peak / 1000)}


def _path(name: str) -> Path:
    return consented_protocol() if name == "consented_images" else protocol_path(name)


def _remember_templates(name: str, to: str = "") -> None:
    """Let an evaluation take up the templates that the other benchmarks made of the same images."""
    acquired(name)
    folder = OUT / (to or name)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(CACHE / f"{name}.templates", folder / UNFINISHED)


def _published(rates: dict[str, Any]) -> dict[str, Any]:
    """What a page needs of rates.json: no names of images, no curves."""
    kept = {name: value for name, value in rates.items() if name not in ("hardest", "against", "made_at")}
    kept["overall"] = {k: v for k, v in rates["overall"].items() if k not in ("det", "distributions")}
    if rates["groups"]:
        groups = [{k: v for k, v in group.items() if k != "det"} for group in rates["groups"]["rates"]]
        kept["groups"] = {**rates["groups"], "rates": groups, "cross": None}
    return kept


if __name__ == "__main__":
    main()
