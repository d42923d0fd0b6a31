"""Faces as Rekognition describes them."""

from __future__ import annotations

from typing import Any

from visavis.faces import Face

_LANDMARKS = (
    ("eyeLeft", "left_eye"),
    ("eyeRight", "right_eye"),
    ("mouthLeft", "left_mouth"),
    ("mouthRight", "right_mouth"),
    ("nose", "nose"),
)


def face_detail(face: Face, width: int, height: int) -> dict[str, Any]:
    """A FaceDetail with the default attributes. width, height: of the photo, in pixels."""
    box = face.box
    points = ((kind, getattr(face.landmarks, name)) for kind, name in _LANDMARKS)
    return {
        "BoundingBox": {
            "Width": box.width / width, "Height": box.height / height, "Left": box.x / width, "Top": box.y / height,
        },
        "Landmarks": [{"Type": kind, "X": point.x / width, "Y": point.y / height} for kind, point in points],
        "Pose": {"Roll": face.pose.roll, "Yaw": face.pose.yaw, "Pitch": face.pose.pitch},
        "Quality": {"Brightness": face.quality.brightness, "Sharpness": face.quality.sharpness},
        "Confidence": 100 * face.confidence,
    }  # fmt: skip


def quality_reasons(face: Face, quality_filter: str) -> list[str]:
    """Why a filter leaves a face out, in Rekognition's words; none where it does not."""
    return [] if quality_filter == "NONE" or face.quality.score >= 0.2 else ["LOW_FACE_QUALITY"]


def face_model_version(recogniser: str) -> str:
    """What is said of the model of a collection's faces."""
    return recogniser
