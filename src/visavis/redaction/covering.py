"""What is asked of a redaction, and which faces it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from visavis.errors import CoverError
from visavis.faces import Box, Face
from visavis.redaction.corrections import Correction
from visavis.redaction.masks import Region, Shape, region_of
from visavis.redaction.styles import Style


@dataclass(frozen=True, slots=True)
class Covering:
    """How faces are covered, and what was corrected by hand, in pixels of the upright photo.

    keep: a face whose middle lies in one of these boxes is not covered. also: these boxes are covered whole, whatever is in them.
    Raises CoverError for a style or a shape that there is not.
    """

    style: Style = Style.SOLID
    shape: Shape = Shape.ELLIPSE
    keep: tuple[Box, ...] = ()
    also: tuple[Box, ...] = ()

    def __post_init__(self) -> None:
        _name_style_and_shape(self)

    def left_open(self, face: Box) -> bool:
        """Whether a face, or its cover, was said by hand to be kept."""
        left, top, right, bottom = face.xyxy
        return any(
            box.xyxy[0] <= (left + right) / 2 < box.xyxy[2]
            and box.xyxy[1] <= (top + bottom) / 2 < box.xyxy[3]
            for box in self.keep
        )

    def regions(self, covered: Sequence[Face]) -> list[Region]:
        """What is to be covered. Where the head of a face that is not covered is near, it is covered in part."""
        return [region_of(face, self.shape) for face in covered] + [Region(b, Shape.BOX) for b in self.also]


@dataclass(frozen=True, slots=True)
class VideoCovering:
    """How faces of a video are covered, and what was corrected by hand: see Covering. Raises CoverError."""

    style: Style = Style.SOLID
    shape: Shape = Shape.ELLIPSE
    keep: tuple[Correction, ...] = ()
    also: tuple[Correction, ...] = ()

    def __post_init__(self) -> None:
        _name_style_and_shape(self)

    def at(self, time_ms: float) -> Covering:
        """What counts for the frame that is shown then."""
        keep, also = (
            tuple(correction.box for correction in corrections if correction.holds_at(time_ms))
            for corrections in (self.keep, self.also)
        )
        return Covering(self.style, self.shape, keep, also)


def _name_style_and_shape(covering: Covering | VideoCovering) -> None:
    """Take "blur" for Style.BLUR, and nothing that is no style for one: whoever calls from Python may give either."""
    try:
        style, shape = Style(covering.style), Shape(covering.shape)
    except ValueError:
        raise CoverError from None
    object.__setattr__(covering, "style", style)
    object.__setattr__(covering, "shape", shape)


@dataclass(frozen=True, slots=True)
class Redacted:
    """A redacted photo. covered, kept, spared: how many faces were covered, kept by hand, spared by consent. regions: what is covered."""

    photo: bytes
    covered: int
    kept: int = 0
    spared: int = 0
    regions: tuple[Region, ...] = ()
