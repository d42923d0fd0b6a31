"""Faces as Rekognition writes them: boxes as ratios of the photo's sides, confidences and similarities from 0 to 100."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol
from uuid import UUID

from visavis.errors import ConsentTermsError
from visavis.faces import Box, Face, Landmarks
from visavis.rekognition.errors import InvalidParameterException
from visavis.services.candidates import Candidate
from visavis.services.photos import LEAST_QUALITY
from visavis.store.references import Reference

Document = dict[str, Any]

LEAST_QUALITIES: Mapping[str, float] = MappingProxyType(
    {"NONE": 0.0, "LOW": 0.1, "AUTO": LEAST_QUALITY, "MEDIUM": 0.3, "HIGH": 0.5}
)
"""The quality score that each QualityFilter asks for; how often faces of each quality are missed is in benchmarks/results/quality.json."""


class Sized(Protocol):
    """A photo or a film: what is in it is told as ratios of its upright width and height."""

    @property
    def width(self) -> int:
        """In pixels."""

    @property
    def height(self) -> int:
        """In pixels."""


_LANDMARKS = (
    ("eyeLeft", "left_eye"),
    ("eyeRight", "right_eye"),
    ("mouthLeft", "left_mouth"),
    ("mouthRight", "right_mouth"),
    ("nose", "nose"),
)
_REASONS = {
    "too_small": "SMALL_BOUNDING_BOX",
    "too_dark": "LOW_BRIGHTNESS",
    "too_bright": "LOW_FACE_QUALITY",
    "blurred": "LOW_SHARPNESS",
    "turned_away": "EXTREME_POSE",
    "cut_off": "LOW_FACE_QUALITY",
}
_SERVED_ATTRIBUTES = {"DEFAULT", "ALL"}
_SLACK = 1e-5
"""A similarity has 32 bits on the wire; whoever asks for one that was answered gets the face that has it."""


def least_similarity(asked: float | None, default: float) -> float:
    """The similarity that a match needs, 0 to 100, by the threshold that a call asks for or that it has by default."""
    return max(0.0, (default if asked is None else asked) - _SLACK)


def check_attributes(asked: list[str]) -> None:
    """Raise InvalidParameterException where a call names an attribute that visavis never guesses, or does not have."""
    named = [name for name in asked if name not in _SERVED_ATTRIBUTES]
    if named:
        raise InvalidParameterException(
            f"Attributes that visavis does not have were asked for: {', '.join(dict.fromkeys(named))}. "
            "DEFAULT and ALL are answered; see /operations#attributes on this server."
        )


def parse_reference_id(text: str) -> bytes:
    """The id in a FaceId."""
    return UUID(text).bytes


def split_external_id(external_id: str) -> tuple[str, str]:
    """Subject and label in an ExternalImageId: what stands before the first colon, and the rest with it."""
    subject, colon, rest = external_id.partition(":")
    if not subject:
        raise ConsentTermsError("no person stands before the colon of ExternalImageId", field="subject")
    return subject, colon + rest


def reference_document(reference: Reference) -> Document:
    """A reference as a Face. The ImageId is the same for references of one photo of one person, and tells nothing else."""
    return {
        "FaceId": str(UUID(bytes=reference.id)),
        "BoundingBox": {
            "Left": reference.x_ratio,
            "Top": reference.y_ratio,
            "Width": reference.width_ratio,
            "Height": reference.height_ratio,
        },
        "ImageId": str(UUID(bytes=reference.image_digest[:16])),
        "ExternalImageId": reference.subject + reference.label,
        "Confidence": 100 * reference.confidence,
        "IndexFacesModelVersion": reference.recogniser,
        "UserId": reference.user,
    }


def match_document(candidate: Candidate) -> Document:
    """A candidate as a FaceMatch."""
    return {"Similarity": candidate.similarity, "Face": reference_document(candidate.reference)}


def bare_document(face: Face, image: Sized) -> Document:
    """Where a face is, and how sure that it is one."""
    return {"BoundingBox": box_document(face.box, image), "Confidence": 100 * face.confidence}


def face_document(face: Face, image: Sized) -> Document:
    """A face as a FaceDetail or a ComparedFace: all that visavis says of a face."""
    return {
        **bare_document(face, image),
        "Landmarks": _landmarks(face.landmarks, image),
        "Pose": {"Roll": face.pose.roll, "Yaw": face.pose.yaw, "Pitch": face.pose.pitch},
        "Quality": {"Brightness": face.quality.brightness, "Sharpness": face.quality.sharpness},
    }


def box_document(box: Box, image: Sized) -> Document:
    """A box; parts of it may lie outside the photo."""
    return {
        "Left": box.x / image.width,
        "Top": box.y / image.height,
        "Width": box.width / image.width,
        "Height": box.height / image.height,
    }


def quality_reasons(face: Face, least_quality: float) -> list[str]:
    """Why a face is not good enough, in Rekognition's words; none where it is."""
    if face.quality.score >= least_quality:
        return []
    return list(dict.fromkeys(_REASONS[reason] for reason in face.quality.reasons)) or ["LOW_FACE_QUALITY"]


def _landmarks(landmarks: Landmarks, image: Sized) -> list[Document]:
    points = ((name, getattr(landmarks, field)) for name, field in _LANDMARKS)
    return [{"Type": name, "X": p.x / image.width, "Y": p.y / image.height} for name, p in points]
