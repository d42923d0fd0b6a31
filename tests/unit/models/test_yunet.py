from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from visavis.models.manifest import DEFAULT_DETECTOR, find_manifest
from visavis.models.session import OpenVinoSession
from visavis.models.weights import load_weights, locate_weights
from visavis.models.yunet import Detections, YuNet, decode, join

MANIFEST = find_manifest(DEFAULT_DETECTOR, Path("absent"))


@pytest.fixture(scope="module")
def exact() -> YuNet:
    return YuNet(
        OpenVinoSession(load_weights(MANIFEST, Path("absent")), MANIFEST, threads=1, precision="f32")
    )


@pytest.fixture(scope="module")
def quick() -> YuNet:
    return YuNet(OpenVinoSession(load_weights(MANIFEST, Path("absent")), MANIFEST, threads=1))


def opencv_detections(image_rgb: NDArray[np.uint8], min_score: float) -> NDArray[np.float32]:
    size = (image_rgb.shape[1], image_rgb.shape[0])
    detector = cv2.FaceDetectorYN.create(
        str(locate_weights(MANIFEST, Path("absent"))), "", size, min_score, 0.3
    )
    found = detector.detect(np.ascontiguousarray(image_rgb[:, :, ::-1]))[1]
    assert found is not None
    found[:, 2:4] += found[:, :2]
    return np.asarray(found)


def group(astronaut_rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Faces of several sizes on one canvas whose sides are no multiples of 32."""
    canvas = np.full((523, 901, 3), 90, np.uint8)
    canvas[:512, :512] = astronaut_rgb
    canvas[5:261, 600:856] = astronaut_rgb[::2, ::2]
    canvas[300:428, 700:828] = astronaut_rgb[::4, ::4]
    return canvas


@pytest.mark.parametrize("min_score", [0.6, 0.3])
def test_the_same_faces_as_opencv(exact: YuNet, astronaut_rgb: NDArray[np.uint8], min_score: float) -> None:
    image = group(astronaut_rgb)
    theirs = opencv_detections(image, min_score)
    ours = exact.detect(image[None], min_score)[0]
    assert len(ours) == len(theirs) >= 3
    np.testing.assert_allclose(ours.xyxy, theirs[:, :4], atol=0.05)
    np.testing.assert_allclose(ours.points.reshape(-1, 10), theirs[:, 4:14], atol=0.05)
    np.testing.assert_allclose(ours.scores, theirs[:, 14], atol=1e-3)


def test_less_precise_arithmetic_finds_the_same_boxes(
    exact: YuNet, quick: YuNet, astronaut_rgb: NDArray[np.uint8]
) -> None:
    image = group(astronaut_rgb)
    a, b = exact.detect(image[None], 0.6)[0], quick.detect(image[None], 0.6)[0]
    np.testing.assert_allclose(a.xyxy, b.xyxy, atol=2)
    np.testing.assert_allclose(a.scores, b.scores, atol=0.02)


def test_a_batch_gives_what_each_image_gives_alone(exact: YuNet, astronaut_rgb: NDArray[np.uint8]) -> None:
    batch = np.stack([astronaut_rgb, astronaut_rgb[:, ::-1], np.zeros_like(astronaut_rgb)])
    together = exact.detect(batch, 0.6)
    assert [len(found) for found in together] == [1, 1, 0]
    for image, found in zip(batch, together, strict=True):
        np.testing.assert_allclose(found.xyxy, exact.detect(image[None], 0.6)[0].xyxy, atol=1e-3)


def test_decode_of_one_cell() -> None:
    """Row 1, column 2 of stride 16 in an image 64 wide: 4 cells a row."""
    outputs = {}
    for stride, cells in ((8, 64), (16, 16), (32, 4)):
        outputs[f"cls_{stride}"] = np.zeros((1, cells, 1), np.float32)
        outputs[f"obj_{stride}"] = np.zeros((1, cells, 1), np.float32)
        outputs[f"bbox_{stride}"] = np.zeros((1, cells, 4), np.float32)
        outputs[f"kps_{stride}"] = np.zeros((1, cells, 10), np.float32)
    outputs["cls_16"][0, 6], outputs["obj_16"][0, 6] = 0.81, 1.0
    outputs["bbox_16"][0, 6] = [0.5, 0.25, np.log(2), np.log(3)]
    outputs["kps_16"][0, 6, :2] = [-1, 1]
    found = decode(outputs, 0, 64, 0.5)
    assert found.scores == pytest.approx(0.9)
    np.testing.assert_allclose(found.xyxy, [[40 - 16, 20 - 24, 40 + 16, 20 + 24]])
    np.testing.assert_allclose(found.points[0, 0], [16, 32])
    np.testing.assert_allclose(found.points[0, 1], [32, 16])


def test_nothing_joined_is_nothing() -> None:
    assert len(join([])) == 0
    assert len(join([]).suppressed()) == 0


def test_moved() -> None:
    one = Detections(
        np.array([[1, 2, 3, 4]], np.float32), np.full((1, 5, 2), 5, np.float32), np.array([0.5], np.float32)
    )
    there = one.moved((10, 20), (2, 3))
    np.testing.assert_allclose(there.xyxy, [[22, 66, 26, 72]])
    np.testing.assert_allclose(there.points[0, 0], [30, 75])
