from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.comparison import (
    Calibration,
    compare_templates,
    score_templates,
    shipped_calibration,
    similarity_at,
)
from visavis.errors import IncompatibleTemplatesError, NotCalibratedError
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


@pytest.mark.parametrize(("fmr", "score"), [(1e-3, 0.457), (1e-4, 0.525), (1e-5, 0.585)])
def test_the_shipped_table_says_what_was_measured(fmr: float, score: float) -> None:
    assert TABLE.threshold_score(fmr) == pytest.approx(score, abs=1e-3)
    assert TABLE.fmr(score) == pytest.approx(fmr, rel=0.05)


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


def test_an_unknown_calibration() -> None:
    for name in ("", "nobody"):
        with pytest.raises(NotCalibratedError):
            shipped_calibration(name)
