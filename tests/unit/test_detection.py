from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

import visavis
from visavis import detection
from visavis.detection import _LOOK_PX, _TILE_OVERLAP_PX, _TILE_PX, _tiles, find_faces
from visavis.faces import Face
from visavis.imaging import Photo
from visavis.models.yunet import Detections

# Of the astronaut's face in her portrait of 512 x 512, read off by eye.
EYES_XY = np.array([[203, 103], [246, 103]])


def eyes(face: Face) -> NDArray[np.float64]:
    return face.landmarks.as_array()[:2]


def test_a_portrait(analyzer: visavis.Analyzer, astronaut_rgb: NDArray[np.uint8]) -> None:
    (face,) = analyzer.detect(astronaut_rgb)
    np.testing.assert_allclose(eyes(face), EYES_XY, atol=4)
    assert face.confidence > 0.8
    assert face.box.x < 203
    assert face.box.x + face.box.width > 246
    assert face.quality.reasons == ()
    assert max(abs(face.pose.yaw), abs(face.pose.pitch), abs(face.pose.roll)) < 12


def test_a_mirrored_portrait_is_the_same_mirrored(
    analyzer: visavis.Analyzer, astronaut_rgb: NDArray[np.uint8]
) -> None:
    (face,), (mirrored,) = analyzer.detect(astronaut_rgb), analyzer.detect(astronaut_rgb[:, ::-1].copy())
    np.testing.assert_allclose(512 - eyes(mirrored)[::-1, 0], eyes(face)[:, 0], atol=3)
    assert mirrored.pose.yaw == pytest.approx(-face.pose.yaw, abs=5)
    assert mirrored.pose.roll == pytest.approx(-face.pose.roll, abs=2)


@pytest.mark.parametrize(
    ("turn", "back"),
    [
        (1, lambda x, y: (512 - y, x)),
        (2, lambda x, y: (512 - x, 512 - y)),
        (3, lambda x, y: (y, 512 - x)),
    ],
)
def test_a_portrait_on_its_side(
    analyzer: visavis.Analyzer,
    astronaut_rgb: NDArray[np.uint8],
    turn: int,
    back: Callable[[float, float], tuple[float, float]],
) -> None:
    (face,) = analyzer.detect(np.rot90(astronaut_rgb, turn).copy())
    np.testing.assert_allclose([back(x, y) for x, y in eyes(face)], EYES_XY, atol=4)
    assert abs(abs(face.pose.roll) - [90, 180, 90][turn - 1]) < 12
    (upright,) = analyzer.detect(astronaut_rgb)
    assert face.pose.yaw == pytest.approx(upright.pose.yaw, abs=3)
    assert face.pose.pitch == pytest.approx(upright.pose.pitch, abs=3)
    assert face.box.width > 60
    assert face.box.height > 60


@pytest.mark.parametrize("share", [0.02, 0.05, 0.3])
def test_small_faces_in_a_large_scene(
    analyzer: visavis.Analyzer, astronaut_rgb: NDArray[np.uint8], share: float
) -> None:
    """A portrait of which the face is about a fifth, at several sizes in a scene of 3000 x 2000."""
    side = int(3000 * share)
    scene = Image.new("RGB", (3000, 2000), (120, 130, 125))
    small = Image.fromarray(astronaut_rgb).resize((side * 3, side * 3), Image.Resampling.LANCZOS)
    scene.paste(small, (1700, 400))
    (face,) = analyzer.detect(np.asarray(scene))
    np.testing.assert_allclose((eyes(face) - [1700, 400]) / (3 * side), EYES_XY / 512, atol=0.015)


def test_a_close_up_that_fills_the_photo(analyzer: visavis.Analyzer, hopper: object) -> None:
    with Image.open(str(hopper)) as image:
        close = image.convert("RGB").crop((170, 100, 370, 350)).resize((2400, 3000), Image.Resampling.BICUBIC)
    (face,) = analyzer.detect(np.asarray(close))
    assert face.box.width > 1200


def test_many_faces_come_largest_first(analyzer: visavis.Analyzer, astronaut_rgb: NDArray[np.uint8]) -> None:
    scene = np.full((1000, 2000, 3), 128, np.uint8)
    portrait = Image.fromarray(astronaut_rgb)
    for column, side in enumerate((128, 512, 200, 330, 90, 256)):
        scene[200 : 200 + side, 320 * column : 320 * column + min(side, 320)] = np.asarray(
            portrait.resize((side, side))
        )[:, : min(side, 320)]
    areas = [face.box.area for face in analyzer.detect(scene)]
    assert len(areas) == 6
    assert areas == sorted(areas, reverse=True)
    largest = analyzer.largest(scene)
    assert largest.box.area == pytest.approx(areas[0], rel=0.05)


@pytest.mark.parametrize("shape", [(1, 1), (1, 60_000), (60_000, 1), (2, 900), (8, 8), (60, 80)])
def test_where_there_is_no_face(analyzer: visavis.Analyzer, shape: tuple[int, int]) -> None:
    assert analyzer.detect(np.full((*shape, 3), 100, np.uint8)) == []
    noise = np.random.default_rng(5).integers(0, 255, (*shape, 3), np.uint8)
    assert analyzer.detect(noise) == []


@given(st.integers(1, 6000))
def test_tiles_cover_a_side_and_overlap(side_px: int) -> None:
    tiles = _tiles(side_px)
    assert tiles[0][0] == 0
    assert tiles[-1][1] == side_px
    assert all(0 < stop - start <= _TILE_PX for start, stop in tiles)
    for (_, stop), (start, _) in pairwise(tiles):
        assert stop - start >= _TILE_OVERLAP_PX


class SeesGiants:
    """A detector that sees one sure face, three times as long as the picture it is shown."""

    def detect(self, images_rgb: NDArray[np.uint8], min_score: float) -> list[Detections]:
        side = 3 * max(images_rgb.shape[1:3])
        box = np.array([[0, 0, side, side]], np.float32)
        points = np.full((1, 5, 2), side / 2, np.float32)
        return [Detections(box, points, np.array([max(0.99, min_score)], np.float32)) for _ in images_rgb]


def test_a_box_far_larger_than_the_photo_is_no_face() -> None:
    """Else a long thin photo could ask for a close-up of gigabytes."""
    photo = Photo(np.zeros((20, 6000, 3), np.uint8))
    assert len(find_faces(photo, SeesGiants())) == 0  # type: ignore[arg-type]


class SeesManyDimly:
    """A detector that half sees a face in every 16 px, and in close-ups as surely as it is told.

    in_close_ups: score in the looks at candidates; in_views: in those that tell how the photo lies.
    """

    def __init__(self, in_close_ups: float, in_views: tuple[float, ...] = ()) -> None:
        self.in_close_ups, self.in_views = in_close_ups, iter(in_views)
        self.runs = self.looks = 0

    def detect(self, images_rgb: NDArray[np.uint8], min_score: float) -> list[Detections]:
        count, height, width, _ = images_rgb.shape
        self.runs += 1
        if (height, width) == (_LOOK_PX, _LOOK_PX):
            self.looks += count
            middle = np.array([[60, 60, 132, 132]], np.float32)
            points = np.full((1, 5, 2), 96, np.float32)
            score = next(self.in_views) if count == 1 else self.in_close_ups
            return [Detections(middle, points, np.array([max(score, min_score)], np.float32))] * count
        left, top = (side.ravel() for side in np.meshgrid(np.arange(0, width, 16), np.arange(0, height, 16)))
        boxes = np.stack([left, top, left + 12, top + 12], axis=1).astype(np.float32)
        points = np.zeros((len(boxes), 5, 2), np.float32)
        return [Detections(boxes, points, np.full(len(boxes), 0.3, np.float32))] * count


@pytest.mark.parametrize(
    ("in_close_ups", "in_views", "looks", "faces"),
    [
        (0.1, (), 2 * 5 * 48, 0),  # as it lies, from three other sides, and turned: 48 in vain each
        (0.8, (0.8, 0.8, 0.8, 0.8), 2 * 100 + 4, 100),
        (0.8, (0.8, 0.9, 0.8, 0.8), 2 * 100 + 4 + 2 * 100, 100),  # as it lies, from four sides, and turned
    ],
)
def test_what_the_worst_photo_costs(
    in_close_ups: float,
    in_views: tuple[float, ...],
    looks: int,
    faces: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(detection, "_MAX_CANDIDATES", 100)
    monkeypatch.setattr(detection, "_MAX_IN_VAIN", 48)
    detector = SeesManyDimly(in_close_ups, in_views)
    photo = Photo(np.zeros((500, 500, 3), np.uint8))
    assert len(find_faces(photo, detector)) == faces  # type: ignore[arg-type]
    assert detector.looks == looks
    assert detector.runs <= looks // 8 + 20


def test_what_is_found_after_looks_in_vain_counts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every 48th candidate is a face: none is given up."""
    monkeypatch.setattr(detection, "_MAX_IN_VAIN", 48)
    looked = []

    def second_look(_photo: Photo, _yunet: object, batch: Detections) -> Detections:
        looked.append(len(batch))
        score = 0.9 if len(looked) % 6 == 0 else 0.2
        return Detections(batch.xyxy, batch.points, np.full(len(batch), score, np.float32))

    monkeypatch.setattr(detection, "_second_look", second_look)
    detector = SeesManyDimly(0.0)
    candidates = detector.detect(np.zeros((1, 320, 320, 3), np.uint8), 0.1)[0]
    photo = Photo(np.zeros((320, 320, 3), np.uint8))
    detection._look_again(photo, detector, candidates, 0.5)  # type: ignore[arg-type]
    assert sum(looked) == len(candidates) == 400
