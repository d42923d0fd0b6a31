"""Faces of films as they are kept: where they are and how they look in 84 bytes, and never a template."""

from __future__ import annotations

import numpy as np

from visavis.faces import Box, Face, Landmarks, Pose, Quality

_NUMBERS = "<f4"
_LANDMARKS = slice(4, 14)


def pack(face: Face) -> bytes:
    """A face in 21 numbers of 32 bits: box, landmarks, confidence, pose, quality; neither its template nor why its quality is low."""
    box, pose, quality = face.box, face.pose, face.quality
    numbers = [
        *(box.x, box.y, box.width, box.height),
        *face.landmarks.as_array().ravel(),
        face.confidence,
        *(pose.yaw, pose.pitch, pose.roll),
        *(quality.score, quality.sharpness, quality.brightness),
    ]
    return np.array(numbers, _NUMBERS).tobytes()


def unpack(data: bytes) -> Face:
    """The face that `pack` made these bytes of."""
    numbers = np.frombuffer(data, _NUMBERS).astype(np.float64)
    box = Box(*map(float, numbers[:4]))
    landmarks = Landmarks.from_array(numbers[_LANDMARKS].reshape(5, 2))
    confidence, yaw, pitch, roll, score, sharpness, brightness = map(float, numbers[14:])
    return Face(box, landmarks, confidence, Pose(yaw, pitch, roll), Quality(score, sharpness, brightness))
