from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import visavis
from visavis.errors import (
    CorruptImageError,
    NoFaceError,
    UnknownModelError,
    UnreadableImageError,
    VisavisError,
)


def test_one_person_twice_and_two_people(analyzer: visavis.Analyzer, astronaut: Path, hopper: Path) -> None:
    with Image.open(astronaut) as image:
        smaller = np.asarray(image.convert("RGB").resize((300, 300)).rotate(9, fillcolor="grey"))
    same = analyzer.compare(astronaut, smaller)
    assert same.match
    assert same.similarity > 95
    assert same.fmr < 1e-4
    different = analyzer.compare(astronaut, hopper)
    assert not different.match
    assert different.similarity < 50
    assert different.fmr > 1e-2


def test_the_module_functions_do_the_same(analyzer: visavis.Analyzer, astronaut: Path, hopper: Path) -> None:
    assert visavis.compare(astronaut, hopper) == analyzer.compare(astronaut, hopper)
    assert visavis.detect(astronaut) == analyzer.detect(astronaut)


def test_templates_are_made_only_when_asked_for(analyzer: visavis.Analyzer, astronaut: Path) -> None:
    assert analyzer.detect(astronaut)[0].template is None
    template = analyzer.analyze(astronaut)[0].template
    assert template is not None
    assert template.vector.shape == (128,)
    assert template.vector.dtype == np.float32
    assert np.linalg.norm(template.vector) == pytest.approx(1, abs=1e-6)


def test_the_scale_a_photo_is_decoded_at_does_not_change_who_is_in_it(
    analyzer: visavis.Analyzer, astronaut: Path, tmp_path: Path
) -> None:
    with Image.open(astronaut) as image:
        image.convert("RGB").resize((3200, 3200), Image.Resampling.BICUBIC).save(
            tmp_path / "big.jpg", quality=92
        )
    assert analyzer.compare(astronaut, tmp_path / "big.jpg").score > 0.9


def test_threads_share_one_analyzer(astronaut: Path, hopper: Path) -> None:
    shared = visavis.Analyzer(threads=2)

    def template(path: Path) -> NDArray[np.float32]:
        found = shared.analyze(path)[0].template
        assert found is not None
        return found.vector

    expected = {path: template(path) for path in (astronaut, hopper)}
    with ThreadPoolExecutor(6) as pool:
        paths = [astronaut, hopper] * 15
        for path, vector in zip(paths, pool.map(template, paths), strict=True):
            np.testing.assert_array_equal(vector, expected[path])


def test_many_photos_come_in_order_and_errors_take_their_place(
    analyzer: visavis.Analyzer, astronaut: Path, hopper: Path
) -> None:
    results = list(analyzer.analyze_many([astronaut, b"", hopper, "absent.jpg", astronaut]))
    assert isinstance(results[1], CorruptImageError)
    assert isinstance(results[3], UnreadableImageError)
    faces = [result[0].box.x for result in results if not isinstance(result, VisavisError)]
    assert faces[0] == faces[2] != faces[1]


def test_no_photos_are_no_faces(analyzer: visavis.Analyzer) -> None:
    assert list(analyzer.analyze_many([])) == []


def test_which_photo_is_at_fault_is_said(analyzer: visavis.Analyzer, astronaut: Path) -> None:
    blank = np.zeros((200, 200, 3), np.uint8)
    with pytest.raises(NoFaceError, match=r"^the reference: there is no face"):
        analyzer.compare(astronaut, blank)
    with pytest.raises(CorruptImageError, match=r"^the probe: "):
        analyzer.compare(b"", blank)
    with pytest.raises(NoFaceError):
        analyzer.largest(blank)
    assert analyzer.analyze(blank) == []


def test_a_bad_rate_is_refused_before_any_work(analyzer: visavis.Analyzer) -> None:
    with pytest.raises(ValueError, match="false match rate"):
        analyzer.compare("absent", "absent", max_fmr=1e-12)


def test_an_unknown_recogniser() -> None:
    with pytest.raises(UnknownModelError):
        visavis.Analyzer(recogniser="nobody")


def test_candidates_are_faces_and_more_and_are_recognised_where_asked(
    analyzer: visavis.Analyzer, astronaut: Path
) -> None:
    sure, more = analyzer.candidates(astronaut, 0.5), analyzer.candidates(astronaut, 0.05)
    assert sure == analyzer.detect(astronaut)
    assert len(more) >= len(sure)
    assert analyzer.recognise(astronaut, []) == []
    (again,) = analyzer.recognise(astronaut, sure)
    (known,) = analyzer.analyze(astronaut)
    assert again.template is not None
    assert known.template is not None
    assert float(again.template.vector @ known.template.vector) > 0.999
