"""How usable a face is for recognition, and why not: visavis's own measure.

It is not ISO/IEC 29794-5's and not OFIQ's. Each of five factors runs from 0 to
1; the score is their product. That a low score goes with more errors is
measured in benchmarks/accuracy.py.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visavis.faces import Box, Pose, Quality

REASONS = ("too_small", "too_dark", "too_bright", "blurred", "turned_away", "cut_off")
"""Every reason there is. A reason is named where its factor is below `_POOR`."""

_POOR = 0.75
# Distance between the eyes: at 35 px a face fills its 112 px template unenlarged.
_ENOUGH_EYE_DISTANCE_PX = 35.0
# Sharpness of which half a template's detail is left (see benchmarks/accuracy.py).
_ENOUGH_SHARPNESS = 30.0
_DARK, _BRIGHT = 25.0, 80.0
_FRONTAL_DEGREES, _PROFILE_DEGREES = 25.0, 75.0


def assess(
    aligned_rgb: NDArray[np.uint8], eye_distance_px: float, pose: Pose, box: Box, size_px: tuple[int, int]
) -> Quality:
    """Quality of a face: its aligned picture (112, 112, 3), where it lay, and the photo's width and height."""
    grey = aligned_rgb.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    middle = grey[32:108, 20:92]
    brightness = float(middle.mean()) / 2.55
    sharpness = _sharpness(middle)
    turned = max(abs(pose.yaw), abs(pose.pitch))
    factors = {
        "too_small": eye_distance_px / _ENOUGH_EYE_DISTANCE_PX,
        "too_dark": brightness / _DARK,
        "too_bright": (100 - brightness) / (100 - _BRIGHT),
        "blurred": sharpness / _ENOUGH_SHARPNESS,
        "turned_away": (_PROFILE_DEGREES - turned) / (_PROFILE_DEGREES - _FRONTAL_DEGREES),
        "cut_off": _share_inside(box, size_px) ** 2,
    }
    factors = {reason: min(1.0, max(0.0, factor)) for reason, factor in factors.items()}
    poor = sorted((factor, reason) for reason, factor in factors.items() if factor < _POOR)
    score = float(np.prod(list(factors.values())))
    return Quality(score, sharpness, brightness, tuple(reason for _, reason in poor))


def _sharpness(grey: NDArray[np.float32]) -> float:
    """0 to 100: how much of a picture's contrast is fine detail.

    The root mean square of the Laplacian (4 neighbours) over the standard
    deviation of the grey values, so that flat light does not count as blur.
    """
    centre = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * centre
    contrast = float(grey.std())
    if contrast < 1:
        return 0.0
    return min(100.0, 100 * float(np.sqrt((laplacian**2).mean())) / contrast)


def _share_inside(box: Box, size_px: tuple[int, int]) -> float:
    left, top, right, bottom = box.xyxy
    width = max(0.0, min(right, size_px[0]) - max(left, 0))
    height = max(0.0, min(bottom, size_px[1]) - max(top, 0))
    return width * height / box.area if box.area else 0.0
