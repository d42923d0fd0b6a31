from __future__ import annotations

import numpy as np
import pytest
from evaluation_samples import make_run, make_templates

from visavis.evaluation.bootstrap import draw_people
from visavis.evaluation.identification import gallery_sizes, measure_searches
from visavis.evaluation.searches import searches

PEOPLE = np.repeat(np.arange(40), [1, 2, 3, 1] * 10).astype(np.int32)
VECTORS = make_templates(PEOPLE, noise=1.7, seed=2)


def by_drawing_galleries(threshold: float, gallery: int, rounds: int = 3000) -> tuple[float, float]:
    """FPIR and FNIR of random galleries, search by search, as the definition says."""
    rng = np.random.default_rng(1)
    first = np.array([np.flatnonzero(person == PEOPLE)[0] for person in range(40)])
    scores = VECTORS @ VECTORS[first].T
    strangers, mated = [], []
    for _ in range(rounds):
        image = int(rng.integers(len(PEOPLE)))
        others = np.delete(np.arange(40), PEOPLE[image])
        strangers.append(scores[image, rng.choice(others, gallery, replace=False)].max() >= threshold)
        probe = int(rng.choice(np.setdiff1d(np.arange(len(PEOPLE)), first)))
        own = scores[probe, PEOPLE[probe]]
        rest = scores[probe, rng.choice(np.delete(np.arange(40), PEOPLE[probe]), gallery - 1, replace=False)]
        mated.append(own < threshold or (gallery > 1 and rest.max() > own))
    return float(np.mean(strangers)), float(np.mean(mated))


@pytest.mark.parametrize(("threshold", "gallery"), [(0.2, 5), (0.3, 20), (0.1, 2), (0.25, 39)])
def test_rates_are_the_means_over_all_galleries(threshold: float, gallery: int) -> None:
    run = make_run(PEOPLE.tolist(), vectors=VECTORS)
    found = searches(run.comparisons, ~run.failed)
    assert found.references == 40
    fpir, fnir = by_drawing_galleries(threshold, gallery)
    assert found.fpir_by_search(threshold, gallery).mean() == pytest.approx(fpir, abs=0.03)
    assert found.fnir_by_search(threshold, gallery).mean() == pytest.approx(fnir, abs=0.03)


def test_the_threshold_is_the_lowest_with_that_fpir() -> None:
    run = make_run(PEOPLE.tolist(), vectors=VECTORS)
    found = searches(run.comparisons, ~run.failed)
    threshold = found.threshold_at(0.1, 20)
    assert threshold is not None
    assert found.fpir_by_search(threshold, 20).mean() <= 0.1
    assert found.fpir_by_search(np.nextafter(threshold, -1), 20).mean() > 0.1


def test_failed_images_search_for_nobody() -> None:
    vectors = VECTORS.copy()
    vectors[::5] = np.nan
    run = make_run(PEOPLE.tolist(), vectors=vectors)
    found = searches(run.comparisons, ~run.failed)
    assert found.references == len(np.unique(PEOPLE[np.isfinite(vectors[:, 0])]))
    assert len(found.stranger_of) == np.isfinite(vectors[:, 0]).sum()


def test_sizes_and_what_the_sample_resolves() -> None:
    assert gallery_sizes(2531) == [10, 100, 1000, 2530]
    assert gallery_sizes(2) == [1]
    run = make_run(PEOPLE.tolist(), vectors=VECTORS)
    measured = measure_searches(run, draw_people(40, 50))
    assert measured is not None
    assert {(point.asked, point.gallery) for point in measured.at_fpir} == {(0.1, 10), (0.1, 39)}
    assert measured.fpir_resolution == pytest.approx(3 / 40)
    assert all(point.fpir is None or point.fpir >= 3 / 40 for point in measured.at_fpir)
    some = make_run(PEOPLE.tolist(), vectors=VECTORS, keep=3)
    assert not some.comparisons.mated.complete
    assert measure_searches(some, draw_people(40, 50)) is None, "searches need every mated comparison"
    strangers = measure_searches(make_run(range(40)), draw_people(40, 50))
    assert strangers is not None
    assert strangers.fnir_resolution is None
    assert {point.fnir for point in strangers.at_fpir} == {None}
    assert measure_searches(make_run([0, 0]), draw_people(1, 5)) is None
