from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from registries import face_of

from visavis.faces import Box, Face, Landmarks, Pose, Quality
from visavis.services.film_faces import pack, unpack

NUMBER = st.floats(-1e4, 1e4, width=32)


@given(st.lists(NUMBER, min_size=21, max_size=21))
def test_a_face_comes_back(numbers: list[float]) -> None:
    points = np.array(numbers[4:14]).reshape(5, 2)
    face = Face(
        Box(*numbers[:4]),
        Landmarks.from_array(points),
        numbers[14],
        Pose(*numbers[15:18]),
        Quality(numbers[18], numbers[19], numbers[20]),
    )
    assert unpack(pack(face)) == face


def test_what_would_know_it_again_is_not_kept() -> None:
    face = face_of("anna")
    assert face.template is not None
    packed = pack(face)
    assert len(packed) == 84
    assert unpack(packed).template is None
    assert pack(face_of("ben")) == packed, "only where the face is"
