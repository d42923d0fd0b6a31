"""What visavis says about a face: frozen values, no behaviour beyond arithmetic.

Coordinates are pixels of the upright photo (after its EXIF orientation), x to
the right and y down, the outer corner of the top-left pixel at (0, 0).
"Left" and "right" are the photo's, not the person's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
"""The numbers of a template: float32, (dimension,), unit length."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle around a face; parts of it may lie outside the photo."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """Area in square pixels."""
        return self.width * self.height

    @property
    def xyxy(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return self.x, self.y, self.x + self.width, self.y + self.height


class Point(NamedTuple):
    """A place in the photo, in pixels."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Five points of a face, named by the side of the photo they lie on when upright."""

    left_eye: Point
    right_eye: Point
    nose: Point
    left_mouth: Point
    right_mouth: Point

    @classmethod
    def from_array(cls, points_xy: NDArray[np.floating]) -> Landmarks:
        """Take an array (5, 2) of x, y in the order of the fields."""
        return cls(*(Point(float(x), float(y)) for x, y in points_xy))

    def as_array(self) -> NDArray[np.float64]:
        """Return an array (5, 2) of x, y in the order of the fields."""
        points = (self.left_eye, self.right_eye, self.nose, self.left_mouth, self.right_mouth)
        return np.array(points, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a head points, in degrees; (0, 0, 0) looks into the camera.

    yaw: positive turns the nose to the right of the photo.
    pitch: positive turns the nose up.
    roll: positive tilts the head clockwise as seen in the photo.
    """

    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, slots=True)
class Quality:
    """How usable a face is for recognition: visavis's own scale, not ISO/IEC 29794-5's or OFIQ's.

    score: 0 (useless) to 1 (good). sharpness and brightness: 0 to 100.
    reasons: why the score is low, any of `quality.REASONS`, worst first.
    """

    score: float
    sharpness: float
    brightness: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which weights made a template, and at what precision they ran.

    Templates compare exactly when their `compatibility` is the same; it is
    shared by precisions of one model whose templates agree (mean cosine of at
    least 0.999).
    """

    name: str
    sha256: str
    precision: str
    compatibility: str


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A face as a recogniser sees it. Sensitive: treat it as you would the photo.

    vector: float32, (dimension,), unit length, read-only. Its repr leaves the
    numbers out, so that a log line does not hold a template.
    """

    vector: Vector
    model: ModelIdentity

    def __repr__(self) -> str:
        return f"Template(<{self.vector.size} numbers>, model={self.model.name!r})"


@dataclass(frozen=True, slots=True)
class Face:
    """A face found in a photo. `template` is None where only detection was asked for."""

    box: Box
    landmarks: Landmarks
    confidence: float
    pose: Pose
    quality: Quality
    template: Template | None = None
