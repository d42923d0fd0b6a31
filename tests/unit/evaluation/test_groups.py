from __future__ import annotations

import numpy as np
import pytest
from evaluation_samples import make_run, make_templates, unit

from visavis.evaluation.bootstrap import Resampled, draw_people
from visavis.evaluation.groups import common_threshold, measure_groups, membership_of, spread
from visavis.evaluation.rates import Rate, rate
from visavis.evaluation.run import Run
from visavis.evaluation.shuffles import shuffle_pairs, shuffle_people

PEOPLE = np.repeat(np.arange(150), 2).astype(np.int32)


def run_with_bias(strength: float) -> Run:
    """Three groups of 50 people; those of "b" share a direction, so that they look more alike."""
    vectors = make_templates(PEOPLE, seed=7)
    groups = [("a", "b", "c")[person % 3] for person in PEOPLE]
    shared = unit(np.random.default_rng(9).normal(size=(1, 48)))
    vectors = unit(np.where(np.array(groups)[:, None] == "b", vectors + strength * shared, vectors))
    return make_run(PEOPLE.tolist(), groups, vectors=vectors)


def test_the_worst_group_comes_first_and_stands_out() -> None:
    run = run_with_bias(0.6)
    found = measure_groups(run, draw_people(150, 200))
    assert found is not None
    assert found.rates[0].name == "b"
    assert found.rates[0].people == 50
    assert found.rates[0].images == 100
    assert found.rates[0].non_mated == 50 * 49 // 2 * 4
    shift = found.rates[0].shift
    assert shift is not None
    assert shift > 0.3
    assert found.fmr.worst == "b"
    assert found.fmr.p_value is not None
    assert found.fmr.p_value < 0.002
    assert found.cross is not None
    b = found.names.index("b")
    assert (
        found.cross[b][b] == pytest.approx(found.rates[0].fmr, abs=0)
        or found.cross[b][b].errors == found.rates[0].fmr.errors
    )


def test_without_bias_chance_explains_the_differences() -> None:
    found = measure_groups(run_with_bias(0.0), draw_people(150, 200))
    assert found is not None
    assert found.fmr.p_value is not None
    assert found.fmr.p_value > 0.01


def test_under_chance_p_values_are_spread_evenly() -> None:
    run = make_run(PEOPLE.tolist(), vectors=make_templates(PEOPLE, seed=3))
    chosen = common_threshold(run.comparisons)
    assert chosen is not None
    rng = np.random.default_rng(0)
    values = []
    for i in range(40):
        members = np.arange(3)[:, None] == rng.integers(0, 3, 150)
        values.append(shuffle_people(members, lambda w: Resampled(run.comparisons, w).fmr(chosen[0]), seed=i))
    known = [value for value in values if value is not None]
    assert len(known) == 40
    assert 0.3 < np.mean(known) < 0.7
    assert np.mean(np.array(known) < 0.1) < 0.3


def test_pairs_that_bear_the_labels() -> None:
    even = shuffle_pairs(np.array([10, 11, 9]), np.array([1000, 1000, 1000]))
    uneven = shuffle_pairs(np.array([50, 11, 9]), np.array([1000, 1000, 1000]))
    assert even is not None
    assert uneven is not None
    assert even > 0.2
    assert uneven < 0.002
    assert shuffle_pairs(np.array([1]), np.array([10])) is None
    assert shuffle_pairs(np.array([0, 0]), np.array([0, 0])) is None


def test_spread_by_hand() -> None:
    rates = {"a": rate(10, 1000, 1000), "b": rate(40, 1000, 1000), "c": rate(0, 1000, 1000)}
    found = spread(rates, None)
    assert found.worst == "b"
    assert found.worst_over_best == pytest.approx(4)
    assert found.worst_over_geometric_mean == pytest.approx(0.04 / np.sqrt(0.01 * 0.04))
    assert found.unresolved == ("c",)
    alone = spread({"a": rates["a"], "c": rates["c"]}, None)
    assert (alone.worst, alone.worst_over_best) == ("a", None)
    beside_a_tiny_group = spread({**rates, "d": rate(0, 20, 20)}, None)
    assert beside_a_tiny_group.worst is None, "a group of which nothing is known may be worse"


def test_people_of_several_groups_count_for_the_most_frequent() -> None:
    members = membership_of(np.array([0, 0, 0, 1], np.int32), np.array([1, 1, 0, 0], np.int32), 2)
    assert members.tolist() == [[False, True], [True, False]]


def test_too_little_to_compare_groups() -> None:
    assert measure_groups(make_run([0, 1], ["a", "b"]), draw_people(2, 20)) is None
    assert measure_groups(run_one_group(), draw_people(150, 20)) is None


def run_one_group() -> Run:
    return make_run(PEOPLE.tolist())


def test_rate_is_a_value() -> None:
    assert rate(3, 10, 10) == Rate(0.3, 3, 10, 0.3, None, None, None)
