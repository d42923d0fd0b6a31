from __future__ import annotations

import numpy as np
import pytest
from evaluation_samples import make_run, make_templates, unit
from numpy.typing import NDArray

from visavis.evaluation.bootstrap import Resampled, draw_people
from visavis.evaluation.comparisons import gather
from visavis.evaluation.groups import common_threshold, measure_groups, membership_of, spread
from visavis.evaluation.protocols import Pairs, Protocol
from visavis.evaluation.rates import Rate, rate
from visavis.evaluation.run import Run
from visavis.evaluation.shuffles import shuffle_people, stands_out

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


def test_where_people_stand_in_several_groups_the_bootstrap_must_do() -> None:
    """Each person with two plain and two covered images; covered ones are noisier, or are not."""
    people = np.repeat(np.arange(60), 4).astype(np.int32)
    groups = ["plain", "plain", "covered", "covered"] * 60
    vectors = make_templates(people, seed=1)
    even = measure_groups(make_run(people.tolist(), groups, vectors=vectors), draw_people(60, 300))
    assert even is not None
    assert even.fnmr.p_value is None or even.fnmr.p_value > 0.01
    noise = unit(np.random.default_rng(3).normal(size=vectors.shape))
    noisier = unit(np.where(np.array(groups)[:, None] == "covered", vectors + 1.2 * noise, vectors))
    noisier[np.flatnonzero(np.array(groups) == "covered")[::8]] = np.nan
    uneven = measure_groups(make_run(people.tolist(), groups, vectors=noisier), draw_people(60, 300))
    assert uneven is not None
    assert uneven.fnmr.worst == "covered"
    assert uneven.fnmr.worst_over_best is not None
    assert uneven.fnmr.worst_over_best > 2, (
        "at least: the plain group's rate is only known to lie below a bound"
    )


def test_standing_out_by_the_bootstrap() -> None:
    rng = np.random.default_rng(0)
    overall = 0.1 * np.exp(0.05 * rng.normal(size=500))
    alike = 0.1 * np.exp(0.2 * rng.normal(size=(3, 500)))
    even = stands_out(np.full(3, 0.1), alike, overall)
    assert even is not None
    assert even > 0.2
    one_apart = alike * np.array([[4.0], [1], [1]])
    uneven = stands_out(np.array([0.4, 0.1, 0.1]), one_apart, overall)
    assert uneven is not None
    assert uneven < 1e-6
    assert stands_out(np.array([0.4, 0.0]), np.array([[0.4] * 500, [0.0] * 500]), overall) is None


def test_listed_pairs_of_few_people_raise_no_alarm_by_themselves() -> None:
    """Groups without an effect, people who differ much, many pairs of each: labels on pairs are no sample of people."""
    alarms = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        people = np.repeat(np.arange(45), 8).astype(np.int32)
        noise = np.repeat(rng.uniform(0.8, 3, 45), 8)[:, None]
        vectors = unit(
            make_templates(people, noise=0.1, seed=seed) + noise * unit(rng.normal(size=(360, 48)))
        )
        run = listed_run(people, vectors, [f"g{person % 3}" for person in people])
        found = measure_groups(run, draw_people(int(run.protocol.people.max()) + 1, 300))
        assert found is not None
        alarms += found.fnmr.p_value is not None and found.fnmr.p_value <= 0.002
    assert alarms <= 1


def listed_run(people: NDArray[np.int32], vectors: NDArray[np.float32], groups: list[str]) -> Run:
    """All mated pairs of each person, and one image of each person with one of the next of its group."""
    probe, reference = np.triu_indices(len(people), 1)
    mated = people[probe] == people[reference]
    chosen = mated | (
        (probe % 8 == 0) & (reference % 8 == 0) & ((people[reference] - people[probe]) % 3 == 0)
    )
    probe, reference, mated = probe[chosen], reference[chosen], mated[chosen]
    names = sorted(set(groups))
    pairs = Pairs(
        probe.astype(np.int32),
        reference.astype(np.int32),
        mated,
        np.array([names.index(groups[i]) for i in probe], np.int32),
        np.einsum("ij,ij->i", vectors[probe], vectors[reference]).astype(np.float64),
        ("",) * len(probe),
    )
    images = tuple(map(str, range(len(people))))
    protocol = Protocol("listed", "", images, people, (), tuple(names), np.zeros(0, np.int32), pairs)
    return Run(protocol, gather(protocol, pairs), ("",) * len(people), None)


def test_spread_by_hand() -> None:
    rates = {"a": rate(10, 1000, 1000), "b": rate(40, 1000, 1000), "c": rate(0, 1000, 1000)}
    found = spread(rates, None)
    assert found.worst == "b"
    assert found.worst_over_best == pytest.approx(0.04 / 0.003, rel=0.01)
    assert spread({"a": rates["a"], "b": rates["b"]}, None).worst_over_best == pytest.approx(4)
    assert found.worst_over_geometric_mean == pytest.approx(0.04 / np.sqrt(0.01 * 0.04))
    assert found.unresolved == ("c",)
    alone = spread({"a": rates["a"], "c": rates["c"]}, None)
    assert alone.worst == "a"
    assert alone.worst_over_best == pytest.approx(0.01 / 0.003, rel=0.01), "at least so much"
    assert alone.worst_over_geometric_mean is None
    beside_a_tiny_group = spread({**rates, "d": rate(0, 20, 20)}, None)
    assert beside_a_tiny_group.worst is None, "a group of which nothing is known may be worse"


def test_which_people_belong_to_which_group() -> None:
    members = membership_of(np.array([0, 0, 2, 1], np.int32), np.array([1, 1, 0, 0], np.int32), 2)
    assert members.tolist() == [[False, True, True], [True, False, False]]


def test_too_little_to_compare_groups() -> None:
    assert measure_groups(make_run([0, 1], ["a", "b"]), draw_people(2, 20)) is None
    assert measure_groups(run_one_group(), draw_people(150, 20)) is None


def run_one_group() -> Run:
    return make_run(PEOPLE.tolist())


def test_rate_is_a_value() -> None:
    assert rate(3, 10, 10) == Rate(0.3, 3, 10, 0.3, None, None, None)
