from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from visavis.geometry import ALIGNED_POINTS_XY, similarity_transform
from visavis.models.manifest import DEFAULT_RECOGNISER, find_manifest
from visavis.models.recogniser import Recogniser, align
from visavis.models.session import OpenVinoSession
from visavis.models.weights import load_weights, locate_weights

MANIFEST = find_manifest(DEFAULT_RECOGNISER, Path("absent"))
WEIGHTS = str(locate_weights(MANIFEST, Path("absent")))


def noise() -> NDArray[np.uint8]:
    """A smooth picture in which a shift of a tenth of a pixel shows."""
    coarse = np.random.default_rng(7).integers(0, 255, (30, 40, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((400, 300), Image.Resampling.BICUBIC))


@settings(max_examples=30, deadline=None)
@given(st.floats(-180, 180), st.floats(0.6, 1.6), st.floats(120, 280), st.floats(110, 190))
def test_the_same_alignment_as_opencv(degrees: float, scale: float, x: float, y: float) -> None:
    c, s = scale * math.cos(math.radians(degrees)), scale * math.sin(math.radians(degrees))
    points = (ALIGNED_POINTS_XY - 56) @ np.array([[c, s], [-s, c]]) + [x, y]
    points += np.random.default_rng(3).normal(0, 2, (5, 2))
    image = noise()
    row = np.concatenate([[0, 0, 1, 1], points.ravel(), [1]]).astype(np.float32)[None]
    theirs = cv2.FaceRecognizerSF.create(WEIGHTS, "").alignCrop(np.ascontiguousarray(image[:, :, ::-1]), row)
    ours = align(Image.fromarray(image), points)
    # Beyond the edge OpenCV blends into black over one pixel, Pillow does not: compare the inside.
    matrix = similarity_transform(ALIGNED_POINTS_XY, points)
    grid = np.stack(np.meshgrid(np.arange(112), np.arange(112)), axis=-1).reshape(-1, 2)
    places = (grid @ matrix[:, :2].T + matrix[:, 2]).reshape(112, 112, 2)
    inside = ((places > 1) & (places < [398, 298])).all(axis=2)
    difference = np.abs(ours.astype(int) - theirs[:, :, ::-1].astype(int))[inside]
    # OpenCV samples at 32nds of a pixel.
    assert difference.mean() < 1
    assert np.quantile(difference, 0.999) <= 8


def test_the_same_template_as_opencv(astronaut_rgb: NDArray[np.uint8]) -> None:
    aligned = align(
        Image.fromarray(astronaut_rgb), np.array([[203, 103], [246, 103], [223, 127], [203, 142], [242, 143]])
    )
    network = cv2.dnn.readNet(WEIGHTS)
    network.setInput(cv2.dnn.blobFromImage(aligned), "data")
    theirs = network.forward()[0]
    theirs = theirs / np.linalg.norm(theirs)
    weights = load_weights(MANIFEST, Path("absent"))
    exact = Recogniser(OpenVinoSession(weights, MANIFEST, threads=1, precision="f32"), MANIFEST)
    quick = Recogniser(OpenVinoSession(weights, MANIFEST, threads=1), MANIFEST)
    a, b = exact.templates(aligned[None])[0], quick.templates(aligned[None])[0]
    assert a.vector @ theirs == pytest.approx(1, abs=1e-5)
    assert a.vector @ b.vector > 0.999, "precisions that share a compatibility id must agree"
    assert a.model.compatibility == b.model.compatibility
    assert np.linalg.norm(b.vector) == pytest.approx(1, abs=1e-6)


def test_a_template_is_frozen_and_its_repr_holds_no_number() -> None:
    weights = load_weights(MANIFEST, Path("absent"))
    recogniser = Recogniser(OpenVinoSession(weights, MANIFEST, threads=1), MANIFEST)
    template = recogniser.templates(np.full((1, 112, 112, 3), 128, np.uint8))[0]
    with pytest.raises(ValueError, match="read-only"):
        template.vector[0] = 1
    assert "." not in repr(template).replace(template.model.name, "")
