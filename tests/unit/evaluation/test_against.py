from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from evaluation_samples import make_run, make_templates, unit

from visavis.errors import EvaluationError
from visavis.evaluation.against import compare_runs
from visavis.evaluation.run import Run
from visavis.evaluation.run_files import read_run

PEOPLE = np.repeat(np.arange(150), 2).astype(np.int32)


def noisy(amount: float, seed: int) -> Run:
    vectors = make_templates(PEOPLE, noise=1.6, seed=1)
    extra = unit(np.random.default_rng(seed).normal(size=vectors.shape))
    return make_run(PEOPLE.tolist(), vectors=unit(vectors + amount * extra))


def test_a_worse_system_is_told_apart() -> None:
    found = compare_runs(noisy(0, 1), noisy(0.6, 2))
    at_1e_2 = next(row for row in found["rows"] if row.what == "FNMR at FMR 0.01")
    assert at_1e_2.ours < at_1e_2.theirs
    assert at_1e_2.difference == pytest.approx(at_1e_2.ours - at_1e_2.theirs)
    assert at_1e_2.high is not None
    assert at_1e_2.high < 0
    assert at_1e_2.p_value is not None
    assert at_1e_2.p_value < 0.01


def test_a_system_does_not_differ_from_itself() -> None:
    for row in compare_runs(noisy(0, 1), noisy(0, 1))["rows"]:
        assert (row.difference, row.low, row.high, row.p_value) == (0, 0, 0, 1)


def test_systems_alike_do_not_differ_by_more_than_chance() -> None:
    row = next(r for r in compare_runs(noisy(0.2, 3), noisy(0.2, 4))["rows"] if r.what == "FNMR at FMR 0.01")
    assert row.low is not None
    assert row.high is not None
    assert row.low < 0 < row.high


def test_other_images_are_refused() -> None:
    with pytest.raises(EvaluationError, match="not of the same list"):
        compare_runs(noisy(0, 1), make_run(PEOPLE[:-2].tolist()))


def pairs_run(folder: Path, name: str, rows: str) -> Run:
    path = folder / name
    path.write_text("probe,reference,mated,group,score,error\n" + rows)
    return read_run(path)[0]


def test_only_what_both_compared_counts(tmp_path: Path) -> None:
    ours = pairs_run(tmp_path, "a.csv", "a,b,1,x,0.9,\nc,d,0,x,0.1,\ne,f,0,x,0.2,\ng,h,1,x,,no face\n")
    theirs = pairs_run(tmp_path, "b.csv", "g,h,1,x,80,\nc,d,0,x,10,\na,b,1,x,90,\ny,z,0,x,5,\n")
    found = compare_runs(ours, theirs)
    assert (found["mated"], found["non_mated"]) == (1, 1)
    assert found["notes"] == [
        "2 comparisons lack a score of one of the two and are left out here.",
        "1 comparisons are in the other run alone and are left out here.",
    ]


def test_runs_that_do_not_agree_on_who_is_who(tmp_path: Path) -> None:
    ours = pairs_run(tmp_path, "a.csv", "a,b,1,x,0.9,\n")
    with pytest.raises(EvaluationError, match="do not agree"):
        compare_runs(ours, pairs_run(tmp_path, "b.csv", "a,b,0,x,0.9,\n"))
    with pytest.raises(EvaluationError, match="no comparison in common"):
        compare_runs(ours, pairs_run(tmp_path, "c.csv", "c,d,0,x,0.9,\n"))
    with pytest.raises(EvaluationError, match="lists pairs"):
        compare_runs(ours, noisy(0, 1))
