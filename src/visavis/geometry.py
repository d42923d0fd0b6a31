"""Arithmetic of boxes and points: pure NumPy, no image, no model.

Boxes are arrays (N, 4) of left, top, right, bottom; points are arrays (5, 2)
of x, y; both in pixels.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

_BLOCK = 64

# Where the five points lie in an aligned face of 112 x 112 pixels: left eye, right
# eye, nose, left and right corner of the mouth. Recognisers of the ArcFace family,
# SFace among them, were trained on faces brought to these places.
ALIGNED_SIZE_PX = 112
ALIGNED_POINTS_XY = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)

# An average head that looks into the camera: its points as in an aligned face, the
# mean of 76 frontal portraits (the London and Canada sets, benchmarks/README.md)
# made symmetric; and how far each lies in front of the eyes, of which two are 63 mm
# apart: the tip of the nose about 32 mm, the corners of the mouth about 6.
_FRONTAL_XY = np.array([[37.2, 52.4], [74.8, 52.4], [56.0, 73.9], [40.0, 90.4], [72.0, 90.4]])
_DEPTHS = np.array([0.0, 0.0, 0.5, 0.1, 0.1]) * (74.8 - 37.2)


def _frontal_head() -> NDArray[np.float64]:
    """Five points (5, 3) of that head: x to the right, y down, z to the camera."""
    head = np.column_stack([_FRONTAL_XY, _DEPTHS])
    return np.asarray(head - head.mean(axis=0))


def intersection_over_union(a_xyxy: Floats, b_xyxy: Floats) -> NDArray[np.float64]:
    """Overlap of each box of `a` (N, 4) with each of `b` (M, 4), 0 to 1, as (N, M).

    A box without area overlaps nothing.
    """
    a, b = np.asarray(a_xyxy, np.float64), np.asarray(b_xyxy, np.float64)
    width, height = (
        np.maximum(np.minimum(a[:, None, i + 2], b[:, i + 2]) - np.maximum(a[:, None, i], b[:, i]), 0)
        for i in (0, 1)
    )
    shared = width * height
    union = _areas(a)[:, None] + _areas(b)[None, :] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))


def _areas(xyxy: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.prod(np.clip(xyxy[:, 2:] - xyxy[:, :2], 0, None), axis=1))


def non_maximum_suppression(
    xyxy: Floats, scores: Floats, max_overlap: float, most: int | None = None
) -> NDArray[np.intp]:
    """Indices of the boxes to keep, by falling score, at most `most`; equal scores keep their order.

    A box goes when it overlaps a better kept one by more than `max_overlap` (IoU).
    """
    left = np.argsort(-np.asarray(scores), kind="stable")
    kept: list[np.intp] = []
    # Block by block: all against all, 20,000 boxes would take gigabytes.
    while len(left) and (most is None or len(kept) < most):
        overlaps = intersection_over_union(xyxy[left[:_BLOCK]], xyxy[left]) > max_overlap
        dropped = np.zeros(len(left), dtype=bool)
        for i, row in enumerate(overlaps):
            if not dropped[i]:
                kept.append(left[i])
                dropped |= row
        left = left[_BLOCK:][~dropped[_BLOCK:]]
    return np.array(kept[:most], dtype=np.intp)


def similarity_transform(source_xy: Floats, target_xy: Floats) -> NDArray[np.float64]:
    """Rotation, uniform scale and shift that bring `source` (N, 2) closest to `target` (N, 2).

    Returns a matrix (2, 3) for column vectors (x, y, 1). Never mirrors. Least
    squares after Umeyama, "Least-squares estimation of transformation parameters
    between two point patterns", IEEE TPAMI 13(4), 1991; in the plane the optimum
    has this closed form. Raises ValueError where all source points coincide.
    """
    source, target = np.asarray(source_xy, np.float64), np.asarray(target_xy, np.float64)
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    s, t = source - source_mean, target - target_mean
    spread = float((s**2).sum())
    if not spread > 0:
        raise ValueError("the points coincide, so no transform is defined")
    a = float((s * t).sum()) / spread
    b = float((s[:, 0] * t[:, 1] - s[:, 1] * t[:, 0]).sum()) / spread
    linear = np.array([[a, -b], [b, a]])
    return np.column_stack([linear, target_mean - linear @ source_mean])


def invert_affine(matrix: Floats) -> NDArray[np.float64]:
    """Return the inverse of an affine matrix (2, 3), again (2, 3)."""
    full = np.vstack([matrix, [0.0, 0.0, 1.0]])
    return np.asarray(np.linalg.inv(full)[:2])


def head_angles(points_xy: Floats) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees of a head with these five points (5, 2).

    A scaled-orthographic camera is fitted to an average head by least squares,
    and its matrix replaced by the nearest scaled rotation (orthogonal Procrustes,
    Schoenemann 1966). Signs as in `faces.Pose`. Good to a few degrees near the
    front, rough beyond 60 degrees, where one eye hides.
    """
    points = np.asarray(points_xy, np.float64)
    projection = np.linalg.lstsq(_frontal_head(), points - points.mean(axis=0), rcond=None)[0].T
    u, _, vt = np.linalg.svd(projection, full_matrices=False)
    right, down = u @ vt
    # The rows of the rotation are where the photo's axes lie in the head's own. It is
    # taken apart into pitch first, then yaw, then roll: so yaw and pitch do not
    # depend on how the head, or the photo, is tilted.
    toward = np.cross(right, down)
    yaw = math.degrees(math.asin(float(np.clip(-toward[0], -1, 1))))
    pitch = math.degrees(math.atan2(toward[1], toward[2]))
    roll = math.degrees(math.atan2(down[0], right[0]))
    return yaw, pitch, roll
