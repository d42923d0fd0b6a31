"""Covers on a picture of a video as it is stored, in planes of luminance and of colour: what is not covered stays as it was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visavis.faces import Box
from visavis.redaction.masks import Region
from visavis.redaction.styles import Style, hide

_NO_COLOUR = 128
_BLACK, _BLACK_FULL_RANGE = 16, 0  # ITU-R BT.601 and BT.709 keep luminance above 16; "full range" starts at 0


def cover_planes(
    planes: Sequence[NDArray[np.uint8]],
    regions: Iterable[Region],
    style: Style = Style.SOLID,
    *,
    full_range: bool = False,
) -> None:
    """Cover these regions of a picture in YUV 4:2:0, in place.

    planes: luminance (H, W), then two of colour, (H / 2, W / 2) each; regions are in pixels of the luminance.
    """
    luminance, *colours = planes
    black = _BLACK_FULL_RANGE if full_range else _BLACK
    for region in regions:
        _cover([luminance], region, style, black)
        _cover(colours, _halved(region), style, _NO_COLOUR)


def _cover(planes: Sequence[NDArray[np.uint8]], region: Region, style: Style, black: int) -> None:
    """Cover a region of planes of one size."""
    height, width = planes[0].shape
    window = region.window(width, height)
    if window is None:
        return
    left, top, right, bottom = window
    opacity = Image.fromarray(region.opacity(window))
    for plane in planes:
        hidden = Image.fromarray(plane[top:bottom, left:right])
        plane[top:bottom, left:right] = np.asarray(hide(hidden, region, opacity, style, black))


def _halved(region: Region) -> Region:
    """The region in pixels of the colours. A pixel of them is covered where any of its four is, and a little beyond."""
    x, y, width, height = region.box.x, region.box.y, region.box.width, region.box.height
    return Region(Box(x / 2, y / 2, width / 2, height / 2), region.shape)
