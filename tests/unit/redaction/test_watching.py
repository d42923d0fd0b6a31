"""Who is recognised in the frames of a video, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import visavis
from visavis.faces import Face
from visavis.redaction.watching import looker


@pytest.mark.parametrize("verdict", [True, False, None])
def test_it_is_remembered_who_was_compared_and_who_was_recognised(
    analyzer: visavis.Analyzer, astronaut_rgb: NDArray[np.uint8], verdict: bool | None
) -> None:
    def spare(_photo: object, faces: Sequence[Face]) -> Sequence[bool | None]:
        return [verdict] * len(faces)

    image = Image.fromarray(astronaut_rgb)
    frame: Any = SimpleNamespace(
        picture=image, timestamp_ms=40.0, rgb=lambda width, height: np.asarray(image.resize((width, height)))
    )
    look = looker(analyzer, spare)
    asked, not_asked = look(frame, 0, True), look(frame, 1, False)
    assert len(asked) >= 1
    assert len(not_asked) >= 1
    assert asked.compared.tolist() == [verdict is not None] * len(asked)
    assert asked.kept.tolist() == [verdict is True] * len(asked)
    assert not not_asked.compared.any()
