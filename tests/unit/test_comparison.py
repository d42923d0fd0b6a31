from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.comparison import (
    Calibration,
    compare_templates,
    find_calibration,
    mean_template,
    parse_calibration,
    score_templates,
    shipped_calibration,
    similarity_at,
)
from visavis.errors import CalibrationError, IncompatibleTemplatesError, NotCalibratedError
from visavis.faces import ModelIdentity, Template

IDENTITY = ModelIdentity("m", "0" * 64, "f32", "m")
TABLE = shipped_calibration("sface-2021dec")
scores = st.floats(-1, 1)


def template(*values: float, identity: ModelIdentity = IDENTITY) -> Template:
    vector = np.array(values, np.float32)
    return Template(vector / np.linalg.norm(vector), identity)


@pytest.mark.parametrize(
    ("fmr", "similarity"), [(1, 0), (1e-2, 50), (1e-3, 80), (1e-4, 90), (1e-5, 95), (1e-6, 99), (1e-1, 25)]
)
def test_anchors_of_similarity(fmr: float, similarity: float) -> None:
    assert similarity_at(fmr) == pytest.approx(similarity)


def test_the_shipped_table_is_that_of_the_worst_group() -> None:
    path = resources.files("visavis") / "calibrations" / "sface-2021dec.json"
    table = json.loads(path.read_text("utf-8"))
    assert {"lfw_images: F", "lfw_images: M"} < {group["name"] for group in table["groups"]}
    for i, fmr in enumerate(table["rates"]):
        worst = max(group["thresholds"][i] for group in table["groups"])
        assert TABLE.threshold_score(fmr) == pytest.approx(worst, abs=1e-4)
    assert 0.4 < TABLE.threshold_score(1e-3) < 0.5
    assert TABLE.resolved_fmr > 1e-3, (
        "at similarity 80 the worst group is not measured, and the table says so"
    )


@given(scores, scores)
def test_a_higher_score_never_means_less(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert TABLE.fmr(low) >= TABLE.fmr(high)
    assert 0 <= TABLE.similarity(low) <= TABLE.similarity(high) <= 100


@given(st.floats(-6, 0).map(lambda power: 10**power))
def test_threshold_and_rate_are_inverse(max_fmr: float) -> None:
    max_fmr = max(max_fmr, TABLE.fmrs[-1])
    assert TABLE.fmr(TABLE.threshold_score(max_fmr)) == pytest.approx(max_fmr)


def test_ends_of_the_scale() -> None:
    assert TABLE.similarity(1.0) == 100
    assert TABLE.similarity(-1.0) == 0
    assert TABLE.fmr(1.0) == TABLE.fmrs[-1], "no rate is claimed below the table's last"


@pytest.mark.parametrize("max_fmr", [0, 1e-9, 1.5, float("nan"), -1])
def test_a_rate_beyond_the_table_is_refused(max_fmr: float) -> None:
    with pytest.raises(ValueError, match="from 1e-06 to 1"):
        TABLE.threshold_score(max_fmr)


def test_comparing() -> None:
    table = Calibration("t", (-1.0, 0.0, 0.5), (1.0, 0.1, 1e-3), resolved_fmr=1e-2, provenance="")
    a, b = template(1, 0), template(3, 4)
    result = compare_templates(a, b, table, max_fmr=1e-2)
    assert result.score == pytest.approx(0.6)
    assert result.match
    assert result.fmr == pytest.approx(1e-3)
    assert result.fmr_extrapolated
    assert result.threshold == pytest.approx(50)
    assert result.similarity == pytest.approx(80 + 20 * 0.2)
    assert not compare_templates(a, template(0, 1), table).match
    at_threshold = compare_templates(a, b, replace(table, scores=(-1.0, 0.0, result.score)), max_fmr=1e-3)
    assert at_threshold.match, "the threshold is inclusive"


def test_templates_of_other_models_do_not_compare() -> None:
    other = replace(IDENTITY, name="other", compatibility="other")
    with pytest.raises(IncompatibleTemplatesError, match="other"):
        score_templates(template(1, 0), template(1, 0, identity=other))
    other_precision = replace(IDENTITY, precision="bf16")
    assert score_templates(template(1, 0), template(1, 0, identity=other_precision)) == pytest.approx(1)


def test_a_threshold_for_searches() -> None:
    fmr = TABLE.fmr(TABLE.threshold_for_searches(0.1, 1000))
    assert 1 - (1 - fmr) ** 1000 == pytest.approx(0.1, rel=1e-6)
    assert TABLE.threshold_for_searches(0.01, 1) == pytest.approx(TABLE.threshold_score(0.01))
    with pytest.raises(ValueError, match="from 1e-06"):
        TABLE.threshold_for_searches(0.01, 1_000_000)


def test_anchors_are_those_that_the_table_reaches() -> None:
    assert [anchor[0] for anchor in TABLE.anchors()] == [50, 80, 90, 95, 99]
    short = Calibration("t", (-1.0, 0.5), (1.0, 5e-4), resolved_fmr=1e-2, provenance="")
    assert [anchor[:2] for anchor in short.anchors()] == [(50, 1e-2), (80, 1e-3)]


def test_the_mean_of_several_templates() -> None:
    mean = mean_template([template(1, 0), template(0, 1), template(1, 1)])
    assert mean.vector == pytest.approx([np.sqrt(0.5)] * 2)
    assert mean.vector.dtype == np.float32
    assert not mean.vector.flags.writeable
    assert mean_template([template(3, 4)]).vector == pytest.approx([0.6, 0.8])
    with pytest.raises(ValueError, match="at least one"):
        mean_template([])
    with pytest.raises(ValueError, match="cancel out"):
        mean_template([template(1, 0), template(-1, 0)])
    other = replace(IDENTITY, name="other", compatibility="other")
    with pytest.raises(IncompatibleTemplatesError):
        mean_template([template(1, 0), template(1, 0, identity=other)])


GOOD = {
    "name": "t",
    "resolved_fmr": 0.01,
    "provenance": "",
    "points": [{"score": -1, "fmr": 1}, {"score": 0.4, "fmr": 0.01}],
}


@pytest.mark.parametrize(
    "changed",
    [
        {"points": [{"score": 0.4, "fmr": 0.01}]},
        {"points": [{"score": 0.4, "fmr": 1}, {"score": -1, "fmr": 0.01}]},
        {"points": [{"score": -1, "fmr": 0.01}, {"score": 0.4, "fmr": 1}]},
        {"points": [{"score": -1, "fmr": 1}, {"score": 0.4, "fmr": 0}]},
        {"points": [{"score": -1, "fmr": 1}, {"score": float("nan"), "fmr": 0.01}]},
        {"points": "none"},
        {"resolved_fmr": "low"},
    ],
)
def test_a_damaged_table_is_refused(changed: dict[str, object]) -> None:
    assert parse_calibration(json.dumps(GOOD)).threshold_score(0.01) == pytest.approx(0.4)
    for text in (json.dumps(GOOD | changed), "", "[]", "{}"):
        with pytest.raises(CalibrationError):
            parse_calibration(text)


def test_a_table_of_ones_own_comes_first(tmp_path: Path) -> None:
    assert find_calibration("sface-2021dec", tmp_path) == TABLE
    (tmp_path / "sface-2021dec.json").write_text(json.dumps(GOOD))
    assert find_calibration("sface-2021dec", tmp_path).name == "t"
    with pytest.raises(NotCalibratedError):
        find_calibration("nobody", tmp_path)
    with pytest.raises(NotCalibratedError):
        find_calibration("", tmp_path)


def test_an_unknown_calibration() -> None:
    for name in ("", "nobody"):
        with pytest.raises(NotCalibratedError):
            shipped_calibration(name)


@given(st.floats(0, 100))
def test_the_score_of_a_similarity_has_that_similarity(similarity: float) -> None:
    calibration = shipped_calibration("sface-2021dec")
    score = calibration.score_at(similarity)
    assert calibration.similarity(score) == pytest.approx(
        max(similarity, calibration.similarity(-1)), abs=1e-6
    )
    assert calibration.similarity(score - 1e-6) < similarity or score == -1
