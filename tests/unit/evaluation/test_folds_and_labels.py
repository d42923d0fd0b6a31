from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from evaluation_samples import images_protocol, make_run, make_templates

from visavis.errors import EvaluationError
from visavis.evaluation.folds import by_folds
from visavis.evaluation.labels import check_labels
from visavis.evaluation.protocols import read_protocol


def scored(folder: Path, rows: list[str]) -> Path:
    path = folder / "s.csv"
    path.write_text("probe,reference,mated,group,score\n" + "".join(f"{row}\n" for row in rows))
    return path


def test_each_fold_is_judged_at_the_others_threshold(tmp_path: Path) -> None:
    # Folds 1 and 2 choose 0.5 for fold 3, whose mated pair at 0.4 is then missed.
    rows = ["a,b,1,x,0.5", "c,d,0,x,0.1", "e,f,1,x,0.6", "g,h,0,x,0.2", "i,j,1,x,0.4", "k,l,0,x,0.3"]
    found = by_folds(read_protocol(scored(tmp_path, rows)), 3)
    assert found.accuracy == (1.0, 1.0, 0.5)
    assert found.mean == pytest.approx(5 / 6)
    assert found.standard_error == pytest.approx(np.std([1, 1, 0.5], ddof=1) / np.sqrt(3))
    assert found.shared_people == 0


def test_people_in_two_folds_are_told(tmp_path: Path) -> None:
    rows = ["a,b,1,x,0.5", "c,d,0,x,0.1", "a,f,1,x,0.6", "c,h,0,x,0.2"]
    assert by_folds(read_protocol(scored(tmp_path, rows)), 2).shared_people == 2


def test_a_failed_comparison_is_judged_different(tmp_path: Path) -> None:
    rows = ["a,b,1,x,0.5", "c,d,0,x,0.1", "e,f,1,x,", "g,h,0,x,"]
    assert by_folds(read_protocol(scored(tmp_path, rows)), 2).accuracy[1] == 0.5
    mated_only = ["a,b,1,x,0.5", "c,d,1,x,", "e,f,1,x,0.4", "g,h,1,x,"]
    assert by_folds(read_protocol(scored(tmp_path, mated_only)), 2).accuracy == (0.5, 0.5)


def test_folds_that_do_not_divide(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="3 pairs do not make 2 folds"):
        by_folds(read_protocol(scored(tmp_path, ["a,b,1,x,1", "c,d,0,x,0", "e,f,1,x,1"])), 2)
    with pytest.raises(EvaluationError, match="lists images"):
        by_folds(images_protocol([0, 1]), 2)


PEOPLE = np.repeat(np.arange(100), 3).astype(np.int32)


def labels_with(wrong: int) -> tuple[float, float]:
    """Estimated shares where that many images bear another's name."""
    rng = np.random.default_rng(1)
    labels = PEOPLE.copy()
    swapped = rng.choice(len(PEOPLE), wrong, replace=False)
    labels[swapped] = (labels[swapped] + 1 + rng.integers(0, 98, wrong)) % 100
    run = make_run(labels.tolist(), vectors=make_templates(PEOPLE, seed=4))
    mated, non_mated = run.comparisons.mated, run.comparisons.non_mated
    found = check_labels(mated, non_mated)
    assert found is not None
    return found.called_mated_share, found.called_non_mated_share


def test_wrong_labels_are_estimated() -> None:
    assert labels_with(0) == (0, 0)
    mated, non_mated = labels_with(6)
    # Six of three hundred images: about 4 % of the mated pairs have one of them.
    assert mated == pytest.approx(0.04, abs=0.025)
    assert non_mated == pytest.approx(0.04, abs=0.025)


def test_labels_cannot_be_checked_by_a_poor_system() -> None:
    run = make_run(PEOPLE.tolist(), vectors=make_templates(PEOPLE, noise=4, seed=4))
    mated, non_mated = run.comparisons.mated, run.comparisons.non_mated
    assert check_labels(mated, non_mated) is None
