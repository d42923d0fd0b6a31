"""Alarms where something is wrong, none where nothing is: on made-up people, whose truth is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from evaluation_samples import make_run, make_templates, unit

from visavis.evaluation.measure import measure

PEOPLE = np.repeat(np.arange(300), 2).astype(np.int32)
GROUPS = [("a", "b", "c")[person % 3] for person in PEOPLE]


def findings(result: dict[str, Any], level: str) -> list[str]:
    return [finding["topic"] for finding in result["findings"] if finding["level"] == level]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_clean_evaluation_raises_no_alarm(seed: int) -> None:
    result = measure(make_run(PEOPLE.tolist(), GROUPS, vectors=make_templates(PEOPLE, seed=seed)))
    assert findings(result, "alarm") == []
    assert findings(result, "fine") == ["failures", "groups", "labels"]


def test_failed_images() -> None:
    vectors = make_templates(PEOPLE, seed=1)
    vectors[::50] = np.nan
    result = measure(make_run(PEOPLE.tolist(), GROUPS, vectors=vectors))
    assert findings(result, "alarm") == ["failures"]
    text = result["findings"][0]["text"]
    assert "12 of 600 images (2 %)" in text
    assert result["failures"]["fta"]["errors"] == 12
    assert result["failures"]["fte"]["errors"] == 0
    assert result["failures"]["reasons"] == {"There is no face in the photo.": 12}
    vectors[:100] = np.nan
    result = measure(make_run(PEOPLE.tolist(), GROUPS, vectors=vectors))
    assert result["failures"]["fte"]["errors"] == 50, "both images of fifty people"


def test_a_group_that_is_taken_for_each_other() -> None:
    vectors = make_templates(PEOPLE, seed=1)
    shared = unit(np.random.default_rng(9).normal(size=(1, 48)))
    vectors = unit(np.where(np.array(GROUPS)[:, None] == "b", vectors + 0.5 * shared, vectors))
    result = measure(make_run(PEOPLE.tolist(), GROUPS, vectors=vectors))
    assert findings(result, "alarm") == ["groups"]
    assert "“b”" in result["findings"][0]["text"]


def test_a_group_whose_images_fail() -> None:
    vectors = make_templates(PEOPLE, seed=1)
    mine = np.flatnonzero(np.array(GROUPS) == "c")
    vectors[mine[::10]] = np.nan
    result = measure(make_run(PEOPLE.tolist(), GROUPS, vectors=vectors))
    assert findings(result, "alarm") == ["failures", "groups"]
    assert "“c”" in result["findings"][1]["text"]


def test_wrong_labels() -> None:
    labels = PEOPLE.copy()
    labels[:12] = (labels[:12] + 7) % 300
    result = measure(make_run(labels.tolist(), GROUPS, vectors=make_templates(PEOPLE, seed=1)))
    assert set(findings(result, "alarm")) == {"labels"}


def test_groups_that_share_people() -> None:
    """Masked and plain images of the same people: most masked ones fail to match."""
    groups = ["plain", "plain", "masked", "masked"] * 75
    people = np.repeat(np.arange(75), 4).astype(np.int32)
    vectors = make_templates(people, seed=1)
    noise = unit(np.random.default_rng(3).normal(size=vectors.shape))
    covered = unit(np.where(np.array(groups)[:, None] == "masked", vectors + 2 * noise, vectors))
    result = measure(make_run(people.tolist(), groups, vectors=covered))
    assert "groups" in findings(result, "alarm")
    assert "“masked” are not recognised most" in " ".join(f["text"] for f in result["findings"])
    assert "groups" not in findings(measure(make_run(people.tolist(), groups, vectors=vectors)), "alarm")


def test_one_person_and_no_mated_pairs() -> None:
    one = measure(make_run([0, 0, 0]))
    assert any("no pairs of different people" in finding["text"] for finding in one["findings"])
    assert one["overall"]["eer"] is None
    assert one["identification"] is None
    assert all(point["threshold"] is None for point in one["overall"]["at_fmr"])
    strangers = measure(make_run(range(30)))
    assert any("no two images of one person" in finding["text"] for finding in strangers["findings"])
    assert strangers["overall"]["at_fmr"][0]["fmr"]["errors"] > 0
    assert strangers["overall"]["at_fmr"][0]["fnmr"]["value"] is None
    assert findings(one, "alarm") == findings(strangers, "alarm") == []
