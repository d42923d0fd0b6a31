"""What a cover looks like. Only a solid one leaves nothing of what it hides."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from PIL import Image, ImageFilter

from visavis.redaction.masks import Region

_BLACK = (0, 0, 0)
_BLOCKS = 8  # across a cover's shorter side
_BLUR = 0.15  # of a cover's shorter side


class Style(StrEnum):
    """How a region is covered.

    What PIXELATE and BLUR hide can be guessed back by software: they are for looks, not for safety.
    """

    SOLID = "solid"
    PIXELATE = "pixelate"
    BLUR = "blur"

    @property
    def reversible(self) -> bool:
        """Whether something of what it hides is left in the picture."""
        return self is not Style.SOLID


def cover(image: Image.Image, regions: Iterable[Region], style: Style = Style.SOLID) -> None:
    """Cover these regions of an RGB picture, in place."""
    for region in regions:
        window = region.window(*image.size)
        if window:
            opacity = Image.fromarray(region.opacity(window))
            image.paste(hide(image.crop(window), region, opacity, style, _BLACK), window[:2])


def hide(
    window: Image.Image, region: Region, opacity: Image.Image, style: Style, black: int | tuple[int, int, int]
) -> Image.Image:
    """A window of a picture, RGB or of one band, with its region covered. black: what a solid cover is there."""
    return Image.composite(_covered(window, region, style, black), window, opacity)


def _covered(
    hidden: Image.Image, region: Region, style: Style, black: int | tuple[int, int, int]
) -> Image.Image:
    """The window of a region without its detail."""
    shorter_px = min(region.box.width, region.box.height, max(hidden.size))
    if style == Style.BLUR:
        return hidden.filter(ImageFilter.GaussianBlur(max(2.0, _BLUR * shorter_px)))
    if style == Style.PIXELATE:
        block_px = max(4.0, shorter_px / _BLOCKS)
        blocks = (max(1, round(hidden.width / block_px)), max(1, round(hidden.height / block_px)))
        return hidden.resize(blocks, Image.Resampling.BOX).resize(hidden.size, Image.Resampling.NEAREST)
    return Image.new(hidden.mode, hidden.size, black)
