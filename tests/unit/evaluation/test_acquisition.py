from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from visavis import Analyzer
from visavis.errors import EvaluationError, MissingImagesError
from visavis.evaluation.acquisition import acquire
from visavis.faces import Face
from visavis.imaging import ImageSource


@pytest.fixture
def photos(tmp_path: Path, astronaut: Path, hopper: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    shutil.copy(astronaut, folder / "a.png")
    shutil.copy(hopper, folder / "b.jpg")
    Image.new("RGB", (90, 90)).save(folder / "blank.png")
    (folder / "broken.jpg").write_bytes(hopper.read_bytes()[:3000])
    return folder


NAMES = ["a.png", "blank.png", "b.jpg", "broken.jpg"]


def test_every_image_gets_a_template_or_a_reason(photos: Path, tmp_path: Path, analyzer: Analyzer) -> None:
    journal = tmp_path / "out" / "unfinished"
    steps: list[int] = []
    found = acquire(NAMES, photos, analyzer, journal, lambda: steps.append(1))
    assert found.usable.tolist() == [True, False, True, False]
    assert found.errors[1] == "There is no face in the photo."
    assert "damaged" in found.errors[3]
    assert found.errors[0] == found.errors[2] == ""
    np.testing.assert_allclose(np.linalg.norm(found.vectors[[0, 2]], axis=1), 1, atol=1e-6)
    assert len(steps) == 4
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600, "it holds templates"


class Counting:
    """Stands in front of an analyzer and counts."""

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer, self.seen = analyzer, [""]
        self.identity, self.map = analyzer.identity, analyzer.map

    def subject(self, photo: ImageSource) -> Face:
        self.seen.append(str(photo))
        return self._analyzer.subject(photo)


def test_a_rerun_goes_on_where_it_stopped(photos: Path, tmp_path: Path, analyzer: Analyzer) -> None:
    journal = tmp_path / "unfinished"
    whole = acquire(NAMES, photos, analyzer, journal)
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(lines[:3]) + lines[3][:40])  # killed in the middle of the third image
    counting = Counting(analyzer)
    again = acquire(NAMES, photos, counting, journal)  # type: ignore[arg-type]
    assert sorted(Path(seen).name for seen in counting.seen[1:]) == ["b.jpg", "broken.jpg"]
    np.testing.assert_array_equal(whole.vectors, again.vectors)
    assert whole.errors == again.errors


def test_a_changed_image_is_looked_at_again(photos: Path, tmp_path: Path, analyzer: Analyzer) -> None:
    journal = tmp_path / "unfinished"
    acquire(NAMES, photos, analyzer, journal)
    shutil.copy(photos / "a.png", photos / "blank.png")
    assert acquire(NAMES, photos, analyzer, journal).usable[1]


def test_templates_of_another_model_are_not_taken_over(
    photos: Path, tmp_path: Path, analyzer: Analyzer
) -> None:
    journal = tmp_path / "unfinished"
    acquire(NAMES, photos, analyzer, journal)
    first, rest = journal.read_text().split("\n", 1)
    journal.write_text(first.replace(analyzer.identity.name, "other") + "\n" + rest)
    counting = Counting(analyzer)
    acquire(NAMES, photos, counting, journal)  # type: ignore[arg-type]
    assert len(counting.seen) == 5


def test_missing_images_are_refused_before_any_work(photos: Path, tmp_path: Path, analyzer: Analyzer) -> None:
    with pytest.raises(MissingImagesError, match="1 of 2 images of the protocol are not there") as caught:
        acquire(["a.png", "absent.jpg"], photos, analyzer, tmp_path / "unfinished")
    assert caught.value.names == ("absent.jpg",)
    assert "absent" not in str(caught.value), "whoever was given the name puts it in front"
    assert not (tmp_path / "unfinished").exists()
    with pytest.raises(MissingImagesError):
        acquire(["a" * 300 + ".jpg", "nul\0.jpg"], photos, analyzer, tmp_path / "unfinished")


def test_a_damaged_journal_is_passed_over(photos: Path, tmp_path: Path, analyzer: Analyzer) -> None:
    journal = tmp_path / "unfinished"
    whole = acquire(NAMES, photos, analyzer, journal)
    lines = journal.read_text().splitlines()
    lines[1] = json.dumps({**json.loads(lines[1]), "vector": "AAA"})
    lines[2] = json.dumps({"key": 7})
    journal.write_text("\n".join([*lines, "[1]", "{"]))
    journal.chmod(0o644)
    again = acquire(NAMES, photos, analyzer, journal)
    np.testing.assert_array_equal(whole.vectors, again.vectors)
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    assert not journal.with_name("unfinished.new").exists()


def test_where_nothing_can_be_written(photos: Path, tmp_path: Path, analyzer: Analyzer) -> None:
    (tmp_path / "file").write_text("kept")
    with pytest.raises(EvaluationError, match="cannot be written"):
        acquire(NAMES, photos, analyzer, tmp_path / "file" / "unfinished")


def test_the_face_that_a_portrait_means(analyzer: Analyzer, astronaut: Path, hopper: Path) -> None:
    """Two equally large people: the one nearer the middle; a small one in the middle is passed over."""
    left = Image.open(astronaut).convert("RGB").crop((130, 20, 330, 270)).resize((160, 200))
    middle = Image.open(hopper).convert("RGB").crop((120, 80, 420, 400)).resize((160, 200))
    photo = Image.new("RGB", (600, 300), "white")
    photo.paste(left, (0, 50))
    photo.paste(middle, (220, 50))
    face = analyzer.subject(np.asarray(photo))
    assert 220 < face.box.x + face.box.width / 2 < 380
    photo.paste(Image.new("RGB", (160, 200), "white"), (220, 50))
    photo.paste(middle.resize((48, 60)), (276, 120))
    face = analyzer.subject(np.asarray(photo))
    assert face.box.x + face.box.width / 2 < 160
