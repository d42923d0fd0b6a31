from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from visavis.geometry import (
    ALIGNED_POINTS_XY,
    _frontal_head,
    head_angles,
    intersection_over_union,
    invert_affine,
    non_maximum_suppression,
    similarity_transform,
)

coordinates = st.floats(-2000, 2000, width=32)
angles = st.floats(-180, 180)
scales = st.floats(0.05, 20)


@st.composite
def boxes(draw: st.DrawFn, max_count: int = 12) -> NDArray[np.float64]:
    count = draw(st.integers(0, max_count))
    corner = draw(arrays(np.float64, (count, 2), elements=coordinates))
    size = draw(arrays(np.float64, (count, 2), elements=st.floats(0.5, 500)))
    return np.concatenate([corner, corner + size], axis=1)


def moved(
    points: NDArray[np.float64], degrees: float, scale: float, shift: NDArray[np.float64]
) -> NDArray[np.float64]:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.asarray(scale * points @ np.array([[c, s], [-s, c]]) + shift)


@pytest.mark.parametrize(
    ("a", "b", "overlap"),
    [
        ([0, 0, 10, 10], [0, 0, 10, 10], 1.0),
        ([0, 0, 10, 10], [10, 0, 20, 10], 0.0),
        ([0, 0, 10, 10], [5, 0, 15, 10], 1 / 3),
        ([0, 0, 10, 10], [2, 2, 7, 6], 0.2),
        ([0, 0, 0, 0], [0, 0, 0, 0], 0.0),
        ([10, 10, 0, 0], [0, 0, 10, 10], 0.0),
    ],
)
def test_overlap_of_known_boxes(a: list[float], b: list[float], overlap: float) -> None:
    assert intersection_over_union(np.array([a]), np.array([b]))[0, 0] == pytest.approx(overlap)


@given(boxes(), boxes())
def test_overlap_is_symmetric_and_bounded(a: NDArray[np.float64], b: NDArray[np.float64]) -> None:
    overlaps = intersection_over_union(a, b)
    assert overlaps.shape == (len(a), len(b))
    assert np.all((overlaps >= 0) & (overlaps <= 1 + 1e-12))
    np.testing.assert_allclose(overlaps, intersection_over_union(b, a).T)


@given(boxes(), st.floats(0.1, 0.9), st.randoms(use_true_random=False))
def test_suppression_keeps_the_best_of_each_cluster(
    xyxy: NDArray[np.float64], limit: float, random: object
) -> None:
    scores = np.array([random.random() for _ in xyxy])  # type: ignore[attr-defined]
    kept = non_maximum_suppression(xyxy, scores, limit)
    assert list(scores[kept]) == sorted(scores[kept], reverse=True)
    overlaps = intersection_over_union(xyxy, xyxy)
    for i in range(len(xyxy)):
        better_kept = [j for j in kept if (-scores[j], j) < (-scores[i], i) and overlaps[i, j] > limit]
        assert (i in kept) == (not better_kept)


@pytest.mark.parametrize("most", [0, 1, 64, 65, 130, 500])
def test_suppression_stops_at_the_most(most: int) -> None:
    """Of 400 boxes, more than a block, each of which covers half of the next, so that every other stays."""
    left = np.arange(400) * 5.0
    xyxy = np.stack([left, left * 0, left + 10, left * 0 + 10], axis=1)
    scores = np.linspace(1, 0, 400)
    kept = non_maximum_suppression(xyxy, scores, 0.3, most)
    assert list(kept) == list(range(0, 400, 2))[:most]


def test_suppression_of_very_many_takes_little_memory() -> None:
    """Each against all others would be several GB."""
    places = np.random.default_rng(1).uniform(0, 300, (20_000, 2))
    xyxy = np.concatenate([places, places + 20], axis=1)
    tracemalloc.start()
    kept = non_maximum_suppression(xyxy, np.ones(20_000), 0.3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 0 < len(kept) < 5000
    assert peak < 200e6


@given(angles, scales, arrays(np.float64, 2, elements=coordinates))
def test_similarity_transform_undoes_any_similarity(
    degrees: float, scale: float, shift: NDArray[np.float64]
) -> None:
    source = moved(ALIGNED_POINTS_XY, degrees, scale, shift)
    matrix = similarity_transform(source, ALIGNED_POINTS_XY)
    np.testing.assert_allclose(source @ matrix[:, :2].T + matrix[:, 2], ALIGNED_POINTS_XY, atol=1e-6)


@given(arrays(np.float64, (5, 2), elements=st.floats(0, 500)))
def test_similarity_transform_is_a_least_squares_optimum_that_never_mirrors(
    points: NDArray[np.float64],
) -> None:
    assume(points.std() > 1)
    matrix = similarity_transform(points, ALIGNED_POINTS_XY)
    assert np.linalg.det(matrix[:, :2]) >= 0
    np.testing.assert_allclose(matrix[0, 0], matrix[1, 1])
    np.testing.assert_allclose(matrix[0, 1], -matrix[1, 0])

    def error(m: NDArray[np.float64]) -> float:
        return float(((points @ m[:, :2].T + m[:, 2] - ALIGNED_POINTS_XY) ** 2).sum())

    step = np.array([[1, 0, 0], [0, 1, 0]]) * 1e-3
    turn = np.array([[0, -1, 0], [1, 0, 0]]) * 1e-3
    shift = np.array([[0, 0, 1e-2], [0, 0, 0]])
    for change in (step, -step, turn, -turn, shift, -shift):
        assert error(matrix) <= error(matrix + change) + 1e-9


def test_similarity_transform_of_one_point_is_refused() -> None:
    with pytest.raises(ValueError, match="coincide"):
        similarity_transform(np.ones((5, 2)), ALIGNED_POINTS_XY)


@given(angles, scales, arrays(np.float64, 2, elements=coordinates))
def test_inverse_of_an_affine_matrix(degrees: float, scale: float, shift: NDArray[np.float64]) -> None:
    matrix = np.column_stack([moved(np.eye(2), degrees, scale, np.zeros(2)).T, shift])
    there = ALIGNED_POINTS_XY @ matrix[:, :2].T + matrix[:, 2]
    inverse = invert_affine(matrix)
    np.testing.assert_allclose(there @ inverse[:, :2].T + inverse[:, 2], ALIGNED_POINTS_XY, atol=1e-5)


def rotation(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    """Of a head: first pitch, then yaw, then roll; axes x right, y down, z to the camera."""
    y, p, r = (math.radians(v) for v in (yaw, pitch, roll))
    turn_y = np.array([[math.cos(y), 0, math.sin(y)], [0, 1, 0], [-math.sin(y), 0, math.cos(y)]])
    turn_x = np.array([[1, 0, 0], [0, math.cos(p), -math.sin(p)], [0, math.sin(p), math.cos(p)]])
    turn_z = np.array([[math.cos(r), -math.sin(r), 0], [math.sin(r), math.cos(r), 0], [0, 0, 1]])
    return np.asarray(turn_z @ turn_y @ turn_x)


@given(st.floats(-70, 70), st.floats(-60, 60), st.floats(-179, 179), scales)
def test_head_angles_of_a_projected_head(yaw: float, pitch: float, roll: float, scale: float) -> None:
    turned = scale * _frontal_head() @ rotation(yaw, pitch, roll).T
    assert head_angles(turned[:, :2] + 100) == pytest.approx((yaw, pitch, roll), abs=1e-3)


@given(angles)
def test_roll_of_a_face_that_looks_ahead(degrees: float) -> None:
    points = moved(_frontal_head()[:, :2], degrees, 50, np.array([300.0, 200.0]))
    yaw, pitch, roll = head_angles(points)
    assert yaw == pytest.approx(0, abs=1e-6)
    assert pitch == pytest.approx(0, abs=1e-6)
    assert math.cos(math.radians(roll - degrees)) == pytest.approx(1)


def test_signs_of_the_angles() -> None:
    points = _frontal_head()[:, :2].copy()
    points[2] += [0.15 * 37, 0]
    assert head_angles(points)[0] > 5, "a nose to the right of the photo is a positive yaw"
    points = _frontal_head()[:, :2].copy()
    points[2] -= [0, 0.15 * 37]
    assert head_angles(points)[1] > 5, "a nose that points up is a positive pitch"
