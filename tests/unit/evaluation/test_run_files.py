from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from evaluation_samples import make_run, make_templates

from visavis.errors import EvaluationError, ProtocolError
from visavis.evaluation.comparisons import Comparisons, gather
from visavis.evaluation.measure import measure
from visavis.evaluation.protocols import read_protocol
from visavis.evaluation.run import Run
from visavis.evaluation.run_files import hardest, read_run, write_run, write_text

PEOPLE = np.repeat(np.arange(40), 3).astype(np.int32)
GROUPS = [f"g{person % 12}" for person in PEOPLE]


@pytest.fixture
def run() -> Run:
    """A run of which only the 500 hardest comparisons of a kind are kept; two images failed."""
    vectors = make_templates(PEOPLE, seed=8)
    vectors[[3, 50]] = np.nan
    return make_run(PEOPLE.tolist(), GROUPS, vectors=vectors, keep=500)


def same(a: Comparisons, b: Comparisons) -> None:
    for ours, theirs in ((a.mated, b.mated), (a.non_mated, b.non_mated)):
        for name in ("made", "failed", "distinct", "histogram", "scores", "probe", "reference", "cell"):
            np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), err_msg=name)


@pytest.mark.slow
def test_a_run_reads_back_as_it_was(run: Run, tmp_path: Path) -> None:
    write_run(run, tmp_path)
    again, system = read_run(tmp_path / "scores.csv")
    same(run.comparisons, again.comparisons)
    assert again.errors == run.errors
    assert system == {"name": tmp_path.name}
    first, second = measure(run), measure(again)
    for part in ("failures", "overall", "groups", "identification", "labels"):
        assert first[part] == second[part]


def test_listed_pairs_read_back_with_their_failures(tmp_path: Path) -> None:
    path = tmp_path / "theirs.csv"
    path.write_text(
        "probe,reference,mated,group,score,error\na,b,1,x,99.25,\na,c,0,x,,timed out\nb,c,0,,0.1,\n"
    )
    protocol = read_protocol(path)
    assert protocol.pairs is not None
    run = Run(protocol, gather(protocol, protocol.pairs), (), None)
    write_run(run, tmp_path / "out")
    with (tmp_path / "out" / "scores.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["score"], row["error"]) for row in rows] == [("99.25", ""), ("", "timed out"), ("0.1", "")]
    again, _ = read_run(tmp_path / "out" / "scores.csv")
    same(run.comparisons, again.comparisons)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["scores.csv"]


def test_the_hardest(run: Run) -> None:
    found = hardest(run, 5)
    assert [row["score"] for row in found["mated"]] == sorted(row["score"] for row in found["mated"])
    assert len(found["non_mated"]) == 5
    worst = found["non_mated"][0]
    i, j = (int(Path(worst[end]).stem) for end in ("probe", "reference"))
    assert worst["group"] == " / ".join(dict.fromkeys(sorted((GROUPS[i], GROUPS[j]), key=GROUPS.index)))


def test_files_of_two_runs_are_refused(run: Run, tmp_path: Path) -> None:
    write_run(run, tmp_path)
    (tmp_path / "images.csv").write_text("image,subject,group,error\nother.jpg,x,g0,\n")
    with pytest.raises(EvaluationError, match="not of one run"):
        read_run(tmp_path / "scores.csv")


def test_a_protocol_is_no_run(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("probe,reference,mated,group\na,b,1,x\n")
    with pytest.raises(ProtocolError, match="without scores"):
        read_run(path)


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    with pytest.raises(EvaluationError, match="cannot be written"):
        write_text(tmp_path / "file" / "rates.json", "{}")
    assert (tmp_path / "file").read_text() == "kept"
