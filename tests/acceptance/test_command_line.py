"""Whole command lines as a person types them, in processes of their own."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from commands import refused, visavis
from PIL import Image


def test_detect_for_people(astronaut: Path) -> None:
    run = visavis("detect", astronaut)
    assert run.returncode == 0, run.stderr
    assert "astronaut.png" in run.stdout
    assert "confidence" in run.stdout
    assert run.stderr == ""


def test_detect_for_programs(astronaut: Path, hopper: Path) -> None:
    run = visavis("detect", astronaut, hopper, "--json")
    assert run.returncode == 0, run.stderr
    first, second = json.loads(run.stdout)
    assert (first["width"], first["height"]) == (512, 512)
    assert (second["width"], second["height"]) == (512, 600)
    (face,) = first["faces"]
    assert face["id"] == 1
    assert face["box"]["x"] < 203 < face["box"]["x"] + face["box"]["width"]
    assert face["landmarks"]["left_eye"] == pytest.approx([203, 103], abs=4)
    assert set(face) == {"id", "confidence", "box", "landmarks", "pose", "quality"}


def test_a_folder_with_good_and_bad_files(astronaut: Path, hopper: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos" / "deeper"
    folder.mkdir(parents=True)
    (folder / "a.png").write_bytes(astronaut.read_bytes())
    (folder / "broken.JPG").write_bytes(hopper.read_bytes()[:5000])
    (folder / "notes.txt").write_text("not a photo")
    Image.new("RGB", (64, 64)).save(folder / "blank.png")
    run = visavis("detect", tmp_path / "photos", "--json")
    assert run.returncode == 1, "one of the photos failed"
    entries = {Path(entry["photo"]).name: entry for entry in json.loads(run.stdout)}
    assert set(entries) == {"a.png", "broken.JPG", "blank.png"}
    assert len(entries["a.png"]["faces"]) == 1
    assert entries["blank.png"]["faces"] == []
    assert "damaged" in entries["broken.JPG"]["error"]["message"]
    assert run.stderr.count("\n") == 1
    assert "broken.JPG" in run.stderr


def test_a_pattern(astronaut: Path, tmp_path: Path) -> None:
    for name in ("b.png", "a.png"):
        (tmp_path / name).write_bytes(astronaut.read_bytes())
    run = visavis("detect", "*.png", "--json", cwd=tmp_path)
    assert [entry["photo"] for entry in json.loads(run.stdout)] == ["a.png", "b.png"]


def test_nothing_to_look_at(tmp_path: Path) -> None:
    refused(visavis("detect", tmp_path), "no photos there", "hint: ")
    refused(visavis("detect", tmp_path / "*.jpg"), "no photos there")
    run = visavis("detect", tmp_path / "absent.jpg")
    assert run.returncode == 1
    assert "absent.jpg: the file cannot be opened" in run.stderr


def test_draw(astronaut: Path, hopper: Path, tmp_path: Path) -> None:
    run = visavis("detect", astronaut, "--draw", tmp_path / "new" / "drawn.png")
    assert run.returncode == 0, run.stderr
    drawn = Image.open(tmp_path / "new" / "drawn.png")
    assert drawn.size == (640, 640), "a small photo is enlarged to have room for the marks"
    plain = Image.open(astronaut).convert("RGB").resize((640, 640), Image.Resampling.LANCZOS)
    changed = np.abs(np.asarray(drawn).astype(int) - np.asarray(plain)).max(axis=2) > 60
    rows, columns = np.nonzero(changed)
    assert (columns.min(), columns.max()) == (pytest.approx(225, abs=8), pytest.approx(340, abs=8))
    assert rows.max() == pytest.approx(220, abs=8)
    assert changed.mean() < 0.02, "only marks are drawn"
    run = visavis("detect", astronaut, hopper, "--draw", tmp_path / "folder")
    assert sorted(path.name for path in (tmp_path / "folder").iterdir()) == [
        "astronaut.png",
        "grace_hopper.png",
    ]


def test_draw_where_it_cannot(astronaut: Path, tmp_path: Path) -> None:
    assert visavis("detect", astronaut, "--draw", tmp_path / "a.txt").returncode == 2
    (tmp_path / "file").write_text("kept")
    run = visavis("detect", astronaut, "--draw", tmp_path / "file" / "a.png")
    assert run.returncode == 1
    assert "cannot be written" in run.stderr
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.slow
def test_compare_for_people(astronaut: Path, hopper: Path) -> None:
    run = visavis("compare", astronaut, astronaut)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("match: similarity 100.0 of 100, asked for 80.0\n")
    run = visavis("compare", astronaut, hopper)
    assert run.returncode == 0, "no match is an answer, not a failure"
    assert run.stdout.startswith("no match: similarity ")


def test_compare_for_programs(astronaut: Path, hopper: Path) -> None:
    result = json.loads(visavis("compare", astronaut, hopper, "--fmr", "1e-4", "--json").stdout)
    assert set(result) >= {"similarity", "score", "fmr", "match", "threshold"}
    assert result["match"] is False
    assert result["threshold"] == pytest.approx(90)


@pytest.mark.slow
def test_compare_refusals(astronaut: Path, tmp_path: Path) -> None:
    blank = tmp_path / "blank.png"
    Image.new("RGB", (99, 99), "white").save(blank)
    refused(visavis("compare", astronaut, blank), "the reference: there is no face")
    refused(visavis("compare", tmp_path / "absent", blank), "the probe: the file cannot be opened")
    refused(
        visavis("compare", astronaut, blank, "--recogniser", "nobody"),
        "no model is named",
        "visavis model list",
    )
    assert visavis("compare", astronaut, blank, "--fmr", "2").returncode == 2
    assert visavis("compare", astronaut).returncode == 2


def test_models(tmp_path: Path) -> None:
    listed = json.loads(visavis("model", "list", "--json").stdout)
    assert [entry["name"] for entry in listed] == ["sface-2021dec", "yunet-2023mar"]
    run = visavis("model", "verify")
    assert run.returncode == 0, run.stdout
    assert run.stdout.count("right") == 2
    shown = visavis("model", "show", "yunet-2023mar").stdout
    assert "MIT License" in shown
    assert "Shiqi Yu" in shown
    stranger = tmp_path / "weights.onnx"
    stranger.write_bytes(b"unknown")
    refused(visavis("model", "add", stranger), "not those of a known model", "--manifest")
    added = visavis("model", "add", Path(listed[1]["path"]))
    assert added.returncode == 0, added.stderr
    home = Path(os.environ["VISAVIS_HOME"])
    assert (home / "models" / "yunet-2023mar.onnx").is_file()
    (home / "models" / "yunet-2023mar.onnx").write_bytes(b"rotten")
    (home / "models" / "odd.toml").write_text("name = 3")
    refused(visavis("model", "list"), "the manifest")


def test_help_and_version() -> None:
    import visavis as package

    assert package.__version__ in visavis("--version").stdout
    text = visavis("--help").stdout
    for command in ("detect", "compare", "model"):
        assert command in text
    assert visavis("nonsense").returncode == 2
