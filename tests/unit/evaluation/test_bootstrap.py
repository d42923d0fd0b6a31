from __future__ import annotations

import numpy as np
import pytest
from evaluation_samples import make_run, make_templates

from visavis.evaluation.bootstrap import Resampled, draw_people, interval

RNG = np.random.default_rng(5)
PEOPLE = np.sort(RNG.integers(0, 30, 90)).astype(np.int32)
VECTORS = make_templates(PEOPLE, noise=1.6)


def weighted_by_hand(weights: np.ndarray, threshold: float) -> tuple[float, float]:
    """FMR and FNMR from every pair, one by one, each as often as its people were drawn."""
    counts = {True: [0.0, 0.0], False: [0.0, 0.0]}
    for i in range(len(PEOPLE)):
        for j in range(i + 1, len(PEOPLE)):
            mated = bool(PEOPLE[i] == PEOPLE[j])
            weight = weights[PEOPLE[i]] * (1 if mated else weights[PEOPLE[j]])
            wrong = (float(VECTORS[i] @ VECTORS[j]) < threshold) == mated
            counts[mated][0] += weight * wrong
            counts[mated][1] += weight
    return counts[False][0] / counts[False][1], counts[True][0] / counts[True][1]


@pytest.mark.parametrize("threshold", [0.05, 0.2, 0.35])
def test_people_count_as_often_as_they_were_drawn(threshold: float) -> None:
    run = make_run(PEOPLE.tolist(), vectors=VECTORS)
    weights = draw_people(int(run.protocol.people.max()) + 1, 5)
    resampled = Resampled(run.comparisons, weights)
    compact = np.unique(PEOPLE, return_inverse=True)[1]
    by_name = weights[:, compact]
    for replicate in range(5):
        own = dict(zip(PEOPLE.tolist(), by_name[replicate], strict=True))
        expected = weighted_by_hand(np.array([own.get(person, 0) for person in range(30)]), threshold)
        assert resampled.fmr(threshold)[replicate] == pytest.approx(expected[0])
        assert resampled.fnmr(threshold)[replicate] == pytest.approx(expected[1])


def test_each_replicate_finds_its_own_threshold() -> None:
    run = make_run(PEOPLE.tolist(), vectors=VECTORS)
    weights = draw_people(int(run.protocol.people.max()) + 1, 50)
    resampled = Resampled(run.comparisons, weights)
    thresholds = resampled.thresholds(0.02)
    assert np.isfinite(thresholds).all()
    for i, threshold in enumerate(thresholds):
        assert resampled.fmr(threshold)[i] <= 0.02
        assert resampled.fmr(np.nextafter(threshold, -1))[i] > 0.02
        assert resampled.fnmr_at_fmr(0.02)[i] == pytest.approx(resampled.fnmr(threshold)[i])


def test_intervals_hold_as_often_as_they_say() -> None:
    """FMR at a fixed threshold in samples of people from a known population: 95 % of intervals should hold it."""
    held, rounds = 0, 120
    threshold = 0.3
    truth = np.mean(
        [
            make_run(
                range(60), vectors=make_templates(np.arange(60, dtype=np.int32), seed=1000 + i)
            ).comparisons.non_mated.rates(np.array([threshold]))[0]
            for i in range(rounds)
        ]
    )
    for i in range(rounds):
        run = make_run(range(60), vectors=make_templates(np.arange(60, dtype=np.int32), seed=i))
        found = interval(Resampled(run.comparisons, draw_people(60, 300, seed=i)).fmr(threshold))
        assert found is not None
        held += found.low <= truth <= found.high
    assert held / rounds >= 0.88


def test_one_with_few_replicates_has_no_interval() -> None:
    assert interval(np.array([0.1, np.nan, np.nan])) is None
    assert interval(np.zeros(10), resolution=0.2) == (0.0, 0.2)
