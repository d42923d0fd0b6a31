"""`visavis evaluate` and `visavis calibrate` as a person types them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from commands import refused, visavis
from evaluation_samples import make_run, make_templates
from PIL import Image, ImageEnhance

from visavis.evaluation.run_files import write_run


@pytest.fixture
def photos(tmp_path: Path, astronaut: Path, hopper: Path) -> Path:
    """Two people, three photos each, and one that shows nobody; with both kinds of protocol."""
    folder = tmp_path / "photos"
    folder.mkdir()
    rows = []
    for name, source in (("collins", astronaut), ("hopper", hopper)):
        photo = Image.open(source).convert("RGB")
        for i, changed in enumerate(
            (
                photo,
                photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
                ImageEnhance.Brightness(photo).enhance(0.6),
            )
        ):
            changed.save(folder / f"{name}{i}.jpg", quality=90)
            rows.append(f"{name}{i}.jpg,{name},{'even' if i % 2 == 0 else 'odd'}")
    Image.new("RGB", (120, 120)).save(folder / "nobody.jpg")
    rows.append("nobody.jpg,ghost,odd")
    (folder / "people.csv").write_text("image,subject,group\n" + "\n".join(rows) + "\n")
    pairs = ["collins0.jpg,collins1.jpg,1,x", "collins0.jpg,hopper0.jpg,0,x", "hopper1.jpg,hopper2.jpg,1,x"]
    pairs.append("nobody.jpg,hopper0.jpg,0,x")
    (folder / "pairs.csv").write_text("probe,reference,mated,group\n" + "\n".join(pairs) + "\n")
    return folder


@pytest.mark.slow
def test_images(photos: Path, tmp_path: Path) -> None:
    run = visavis("evaluate", photos / "people.csv", "--out", tmp_path / "out")
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("NOTE ")
    assert "1 of 7 images (14 %) gave nothing to compare; 1 of 3 people cannot be enrolled" in run.stdout
    assert "not measurable" in run.stdout
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"scores.csv", "images.csv", "histograms.csv", "rates.json", "report.html"}
    rates = json.loads((tmp_path / "out" / "rates.json").read_text())
    assert rates["protocol"]["mated"] == 6
    assert rates["protocol"]["non_mated"] == 9
    assert rates["system"]["name"] == "sface-2021dec"
    with (tmp_path / "out" / "scores.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 15
    mated = [float(row["score"]) for row in rows if row["mated"] == "1"]
    assert min(mated) > max(float(row["score"]) for row in rows if row["mated"] == "0")
    with (tmp_path / "out" / "images.csv").open(newline="") as file:
        assert [row["error"] for row in csv.DictReader(file)][-1] == "There is no face in the photo."


@pytest.mark.slow
def test_pairs_and_reading_off_again(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = visavis("evaluate", photos / "pairs.csv", "--out", out, "--folds", "2", "--pictures", "--json")
    assert run.returncode == 0, run.stderr
    rates = json.loads(run.stdout)
    assert len(rates["folds"]["accuracy"]) == 2
    assert rates["protocol"]["kind"] == "pairs"
    assert "The pairs that the protocol lists were compared" in (out / "report.html").read_text("utf-8")
    assert rates["folds"]["shared_people"] == 1, "Hopper stands in both"
    assert rates["failures"]["comparisons"] == {
        "value": None, "errors": 1, "trials": 4, "resolution": 0.75, "below": rates["failures"]["comparisons"]["below"], "low": None, "high": None,
    }  # fmt: skip
    assert "data:image/jpeg" in (out / "report.html").read_text("utf-8")
    again = visavis("evaluate", out / "scores.csv", "--out", tmp_path / "again", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["overall"] == rates["overall"]
    against = visavis(
        "evaluate", photos / "pairs.csv", "--out", tmp_path / "third", "--against", out / "scores.csv"
    )
    assert against.returncode == 0, against.stderr


@pytest.mark.slow
def test_another_systems_scores(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = [f"m{i}a,m{i}b,1,x,{score:.3f}," for i, score in enumerate(rng.normal(90, 5, 400))]
    rows += [f"n{i}a,n{i}b,0,{'xy'[i % 2]},{score:.3f}," for i, score in enumerate(rng.normal(20, 10, 4000))]
    (tmp_path / "rekognition.csv").write_text(
        "probe,reference,mated,group,score,error\n" + "\n".join(rows) + "\n"
    )
    run = visavis("evaluate", "rekognition.csv", "--json", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    rates = json.loads(run.stdout)
    assert rates["system"]["name"] == "rekognition"
    assert rates["overall"]["at_similarity"] == []
    at_1e_2 = rates["overall"]["at_fmr"][1]
    assert at_1e_2["fmr"]["errors"] == 40
    assert at_1e_2["threshold"] == pytest.approx(20 + 10 * 2.33, abs=2)
    assert (tmp_path / "evaluation" / "rekognition" / "report.html").is_file()


@pytest.mark.slow
def test_bad_input(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    refused(visavis("evaluate", photos / "absent.csv", "--out", out), "cannot be opened", "hint: ")
    refused(visavis("evaluate", photos / "hopper0.jpg", "--out", out), "not UTF-8")
    refused(
        visavis("evaluate", photos / "people.csv", "--images", tmp_path, "--out", out),
        "7 of 7 images of the protocol are not there, the first: collins0.jpg",
    )
    refused(visavis("evaluate", photos / "people.csv", "--folds", "3", "--out", out), "lists images")
    (photos / "ghosts.csv").write_text("image,subject,group\nnobody.jpg,a,x\n")
    refused(
        visavis("evaluate", photos / "ghosts.csv", "--out", out), "fewer than two images show a usable face"
    )
    assert not (out / "rates.json").exists()
    assert visavis("evaluate", photos / "people.csv", "--folds", "1").returncode == 2


@pytest.mark.slow
def test_a_folder_used_again_holds_one_run(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert visavis("evaluate", photos / "people.csv", "--out", out).returncode == 0
    assert visavis("evaluate", photos / "pairs.csv", "--out", out).returncode == 0
    assert sorted(path.name for path in out.iterdir()) == ["rates.json", "report.html", "scores.csv"]
    again = visavis("evaluate", out / "scores.csv", "--out", out, "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["protocol"]["mated"] == 2


@pytest.mark.slow
def test_nothing_of_the_users_is_written_over(photos: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for name in ("a", "b"):
        (own / f"{name}.jpg").write_bytes((photos / "hopper0.jpg").read_bytes())
    protocol = "image,subject,group,mine\na.jpg,a,x,1\nb.jpg,a,x,2\n"
    (own / "images.csv").write_text(protocol)
    refused(visavis("evaluate", own / "images.csv", "--out", own), "would be written over", "hint: ")
    (own / "people.csv").write_text(protocol)
    refused(visavis("evaluate", own / "people.csv", "--out", own), "would be written over")
    assert (own / "images.csv").read_text() == protocol
    assert sorted(path.name for path in own.iterdir()) == ["a.jpg", "b.jpg", "images.csv", "people.csv"]
    scores = "probe,reference,mated,group,score\na,b,1,x,0.9\nc,d,0,x,0.1\n"
    (own / "theirs.csv").write_text(scores)
    run = visavis("evaluate", "theirs.csv", "--against", "theirs.csv", "--out", "new", cwd=own)
    assert run.returncode == 0, run.stderr
    refused(
        visavis("evaluate", "theirs.csv", "--against", "new/scores.csv", "--out", "new", cwd=own),
        "written over",
    )


def test_refused_before_any_work(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    refused(visavis("evaluate", photos / "people.csv", "--folds", "2", "--out", out), "lists images")
    refused(
        visavis("evaluate", photos / "pairs.csv", "--folds", "3", "--out", out), "4 pairs do not make 3 folds"
    )
    (tmp_path / "theirs.csv").write_text("probe,reference,mated,group,score\na,b,1,x,0.9\nc,d,0,x,0.1\n")
    refused(
        visavis("evaluate", photos / "people.csv", "--against", tmp_path / "theirs.csv", "--out", out),
        "one run lists pairs",
    )
    assert not out.exists(), "no image was looked at, no template kept"


def test_calibrate(tmp_path: Path) -> None:
    people = np.arange(120, dtype=np.int32)
    write_run(make_run(people.tolist(), vectors=make_templates(people)), tmp_path / "run")
    described = {"system": {"name": "mine", "compatibility": "mine"}, "protocol": {"name": "ours"}}
    (tmp_path / "run" / "rates.json").write_text(json.dumps(described))
    run = visavis("calibrate", tmp_path / "run", "--out", tmp_path / "table.json")
    assert run.returncode == 0, run.stderr
    assert "ours: all" in run.stdout
    table = json.loads((tmp_path / "table.json").read_text())
    assert table["name"] == "mine"
    assert [point["fmr"] for point in table["points"]] == sorted(
        (p["fmr"] for p in table["points"]), reverse=True
    )
    (tmp_path / "run" / "rates.json").unlink()
    refused(visavis("calibrate", tmp_path / "run"), "one of visavis's recognisers", "hint: ")
    refused(visavis("calibrate", tmp_path / "nowhere"), "cannot be opened")
