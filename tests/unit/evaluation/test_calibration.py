from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from evaluation_samples import make_run, make_templates, unit
from scipy.stats import genpareto, norm

from visavis import Analyzer
from visavis.comparison import parse_calibration
from visavis.errors import EvaluationError
from visavis.evaluation.calibrate import as_json, calibrate
from visavis.evaluation.calibration import make_table
from visavis.evaluation.calibration_groups import RATES
from visavis.evaluation.run import Run
from visavis.evaluation.run_files import write_run
from visavis.evaluation.tails import fit_tail

PEOPLE = np.arange(400, dtype=np.int32)


def at(table_thresholds: tuple[float, ...], rate: float) -> float:
    return table_thresholds[RATES.index(rate)]


def run_of(seed: int, people: int = 400, name: str = "made_up") -> Run:
    some = PEOPLE[:people]
    return make_run(some.tolist(), vectors=make_templates(some, seed=seed), name=name)


@pytest.mark.parametrize("shape", [-0.3, -0.1, -0.05])
def test_a_tail_is_found_again(shape: float) -> None:
    peaks = genpareto.rvs(shape, scale=0.3, size=40_000, random_state=1)
    found = fit_tail(np.concatenate([np.zeros(60_000), 1 + peaks]), 1.0, 100_000)
    assert found.rate == pytest.approx(0.4)
    assert found.shape == pytest.approx(shape, abs=0.03)
    assert found.scale == pytest.approx(0.3, rel=0.03)
    rates = np.array([0.1, 1e-3, 1e-5])
    expected = 1 + genpareto.isf(rates / 0.4, shape, scale=0.3)
    np.testing.assert_allclose(found.score(rates), expected, rtol=0.12)


def test_weights_are_as_good_as_copies() -> None:
    scores = np.random.default_rng(1).exponential(size=500)
    copies = np.random.default_rng(2).integers(0, 3, 500)
    weighted = fit_tail(scores, 0.5, copies.sum(), copies.astype(np.float64))
    repeated = fit_tail(np.repeat(scores, copies), 0.5, copies.sum())
    assert weighted.rate == pytest.approx(repeated.rate)
    assert weighted.shape == pytest.approx(repeated.shape, abs=0.02)
    assert weighted.scale == pytest.approx(repeated.scale, rel=0.02)


def test_a_tail_without_an_end_is_taken_as_exponential() -> None:
    peaks = genpareto.rvs(0.2, scale=0.3, size=40_000, random_state=1)
    found = fit_tail(peaks, 0.0, 40_000)
    assert found.shape == 0
    assert found.scale == pytest.approx(peaks.mean())


def test_an_exponential_tail() -> None:
    peaks = np.random.default_rng(1).exponential(0.2, 50_000)
    assert fit_tail(peaks, 0.0, 50_000).score(np.array([1e-3])) == pytest.approx(
        [0.2 * np.log(1000)], rel=0.05
    )


def test_the_table_holds_on_people_it_was_not_made_from() -> None:
    """Scores of made-up people in 48 dimensions: nearly normal with sd 1/sqrt(48), narrower in the tail."""
    table = make_table([run_of(1)])
    others = run_of(2)
    for rate in (1e-1, 1e-2, 1e-3):
        measured = others.comparisons.non_mated.rates(np.array([at(table.thresholds, rate)]))[0]
        assert measured == pytest.approx(rate, rel=0.25)
    assert at(table.thresholds, 1e-2) == pytest.approx(norm.isf(1e-2) / np.sqrt(48), abs=0.02)
    assert (np.diff(table.thresholds) > 0).all()
    assert 1e-5 < table.resolved_fmr < 1e-4, "the rule of three for 79,800 pairs of people"


def test_the_worst_group_decides_and_stands_first() -> None:
    groups = ["easy", "hard"] * 200
    vectors = make_templates(PEOPLE, seed=3)
    shared = unit(np.random.default_rng(9).normal(size=(1, 48)))
    vectors = unit(np.where(np.array(groups)[:, None] == "hard", vectors + 0.5 * shared, vectors))
    table = make_table([make_run(PEOPLE.tolist(), groups, vectors=vectors)])
    assert table.groups[0].name == "made_up: hard"
    assert set(table.worst) == {"made_up: hard"}
    assert at(table.thresholds, 1e-3) == pytest.approx(at(table.groups[0].thresholds, 1e-3))


def test_a_small_group_speaks_through_its_mean_and_spread() -> None:
    """Thirty people resolve a rate of 7e-3; their thresholds for 1e-3 lie about that of many like them."""
    shared = unit(np.random.default_rng(9).normal(size=(1, 48)))

    def alike(people: int, seed: int) -> Run:
        some = PEOPLE[:people]
        return make_run(
            some.tolist(), vectors=unit(make_templates(some, seed=seed) + 0.3 * shared), name="small"
        )

    small = [make_table([run_of(1, 200), alike(30, seed)]) for seed in range(10, 16)]
    large = make_table([alike(400, 6)])
    assert all(table.groups[0].name == "small: all" for table in small)
    thresholds = [at(table.groups[0].thresholds, 1e-3) for table in small]
    assert np.mean(thresholds) == pytest.approx(at(large.thresholds, 1e-3), abs=0.03)
    assert all(table.resolved_fmr >= 3 / (30 * 29 / 2) for table in small), (
        "and the table says how far it is measured"
    )


def test_intervals_hold_the_threshold() -> None:
    table = make_table([run_of(1, 150)])
    for rate, threshold, interval in zip(RATES, table.thresholds, table.intervals, strict=True):
        if interval is None:
            assert rate > table.tail.rate
        else:
            assert interval.low <= threshold <= interval.high
            assert 0 < interval.high - interval.low < (0.2 if rate >= 1e-4 else 0.5)


def test_groups_too_small_to_speak() -> None:
    groups = ["many"] * 390 + ["few"] * 10
    table = make_table([make_run(PEOPLE.tolist(), groups)])
    assert table.left_out == ("made_up: few",)
    with pytest.raises(EvaluationError, match="hold 0 pairs of different people"):
        make_table([make_run(range(10))])
    with pytest.raises(EvaluationError, match="hold 780 pairs"):
        make_table([make_run(range(40))])


@pytest.mark.parametrize("seed", range(4))
def test_a_small_table_is_usable_and_not_far_off(seed: int) -> None:
    """The fewest people that are taken: fifty of one group, with two images each."""
    people = np.repeat(np.arange(50), 2).astype(np.int32)
    table = make_table([make_run(people.tolist(), vectors=make_templates(people, seed=seed))])
    parse_calibration(json.dumps(as_json("small", table)))
    many = run_of(99).comparisons.non_mated
    for rate in (1e-2, 1e-3):
        measured = many.rates(np.array([at(table.thresholds, rate)]))[0]
        assert rate / 3 < measured < 3 * rate


def test_groups_of_the_same_name_both_speak() -> None:
    shared = unit(np.random.default_rng(9).normal(size=(1, 48)))
    alike = make_run(PEOPLE[:60].tolist(), vectors=unit(make_templates(PEOPLE[:60]) + 0.5 * shared))
    others = run_of(1, 60)
    tables = [make_table(runs) for runs in ([alike, others], [others, alike])]
    assert tables[0].thresholds == pytest.approx(tables[1].thresholds)
    assert len(tables[0].groups) == 2


def test_scores_without_a_tail_make_no_table() -> None:
    same = make_run(PEOPLE.tolist(), vectors=unit(np.ones((400, 48))))
    with pytest.raises(EvaluationError, match="do not differ"):
        make_table([same])
    two_values = make_templates(PEOPLE)
    two_values[:40] = two_values[0]
    with pytest.raises(EvaluationError, match="too much alike"):
        make_table([make_run(PEOPLE.tolist(), vectors=two_values)])


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    write_run(run_of(1), tmp_path / "run")
    system = {
        "system": {"name": "sface-2021dec", "compatibility": "sface-2021dec"},
        "protocol": {"name": "ours"},
    }
    (tmp_path / "run" / "rates.json").write_text(json.dumps(system))
    return tmp_path / "run"


def test_a_table_of_ones_own_is_used_from_then_on(finished: Path) -> None:
    analyzer = Analyzer()
    shipped = analyzer.calibration
    table, path = calibrate([finished])
    assert path.parent.name == "calibrations"
    own = analyzer.calibration
    assert own == parse_calibration(path.read_text())
    assert own.threshold_score(1e-3) != shipped.threshold_score(1e-3)
    assert own.threshold_score(1e-3) == pytest.approx(table["points"][RATES.index(1e-3) + 1]["score"])
    assert "ours" in own.provenance


def test_runs_of_another_system_make_no_table(finished: Path, tmp_path: Path) -> None:
    (finished / "rates.json").unlink()
    with pytest.raises(EvaluationError, match="one of visavis's recognisers"):
        calibrate([finished], tmp_path / "table.json")
    assert not (tmp_path / "table.json").exists()
    hostile = {"system": {"name": "x", "compatibility": "../../evil"}, "protocol": {"name": "ours"}}
    (finished / "rates.json").write_text(json.dumps(hostile))
    with pytest.raises(EvaluationError, match="one of visavis's recognisers"):
        calibrate([finished])
