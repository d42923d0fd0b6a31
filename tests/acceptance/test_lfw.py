from __future__ import annotations

import csv

import numpy as np
import pytest
from conftest import DATA

import visavis


@pytest.mark.data
@pytest.mark.slow
def test_pairs_of_lfw(analyzer: visavis.Analyzer) -> None:
    """125 pairs of the development half; benchmarks/accuracy.py measures all of it."""
    with (DATA / "protocols" / "lfw_pairs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))[::24]
    paths = [DATA / row[side] for row in rows for side in ("probe", "reference")]
    vectors = []
    for faces in analyzer.analyze_many(paths):
        assert not isinstance(faces, visavis.VisavisError)
        assert faces, "no face is missed"
        middle = min(
            faces, key=lambda f: abs(f.box.x + f.box.width / 2 - 125) + abs(f.box.y + f.box.height / 2 - 125)
        )
        assert middle.template is not None
        vectors.append(middle.template.vector)
    scores = np.einsum("ij,ij->i", vectors[::2], vectors[1::2])
    mated = np.array([row["mated"] == "1" for row in rows])
    assert len(scores) == 125
    assert np.mean((scores >= 0.33) == mated) >= 0.98
    at_80 = analyzer.calibration.threshold_score(1e-3)
    assert np.mean(scores[~mated] >= at_80) <= 0.01
