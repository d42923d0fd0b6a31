"""Who is recognised in the frames of a video, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Sequence

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import visavis
from visavis.imaging import ImageSource
from visavis.redaction.watching import looker
from visavis.video.frames import Frame


def frame_of(rgb: NDArray[np.uint8], aspect: float = 1.0) -> Frame:
    """A frame that shows a square picture in pixels of this shape."""
    width, height = (round(512 * min(share, 1) / 2) * 2 for share in (1 / aspect, aspect))
    pixels = np.asarray(Image.fromarray(rgb).resize((width, height)))
    picture = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format="yuv420p")
    return Frame(0, 0, 0, picture, aspect)


@pytest.mark.parametrize("verdict", [True, False, None])
def test_it_is_remembered_who_was_compared_and_who_was_recognised(
    analyzer: visavis.Analyzer, astronaut_rgb: NDArray[np.uint8], verdict: bool | None
) -> None:
    def spare(_photo: object, faces: Sequence[visavis.Face]) -> Sequence[bool | None]:
        return [verdict] * len(faces)

    look = looker(analyzer, spare)
    asked, not_asked = look(frame_of(astronaut_rgb), 0, True), look(frame_of(astronaut_rgb), 1, False)
    assert len(asked) >= 1
    assert len(not_asked) >= 1
    assert asked.compared.tolist() == [verdict is not None] * len(asked)
    assert asked.kept.tolist() == [verdict is True] * len(asked)
    assert not not_asked.compared.any()


@pytest.mark.parametrize("aspect", [1.0, 3.0, 1 / 3])
def test_faces_are_compared_in_the_shape_in_which_they_are_shown(
    aspect: float, analyzer: visavis.Analyzer, astronaut_rgb: NDArray[np.uint8]
) -> None:
    compared: list[visavis.Face] = []

    def spare(rgb: ImageSource, faces: Sequence[visavis.Face]) -> list[bool]:
        assert isinstance(rgb, np.ndarray)
        assert rgb.shape[1] / rgb.shape[0] == pytest.approx(1, abs=0.02)
        compared.extend(analyzer.recognise(rgb, faces))
        return [True] * len(faces)

    seen = looker(analyzer, spare)(frame_of(astronaut_rgb, aspect), 0, True)
    assert seen.kept.all()
    own = analyzer.largest(astronaut_rgb).template
    assert own is not None
    likeness = [float(own.vector @ face.template.vector) for face in compared if face.template is not None]
    assert max(likeness) > 0.7
