"""Looking for faces in every frame of a film, at a price that a film of 30 frames a second can pay.

One network, a few looks: the whole picture scaled down, for all but small faces; and a part of it at full size, another
in each frame, for the small ones. What is missed in one frame is seen in the next, and covered in both (`covers`).

Films are looked at upright. Who lies on their side in the picture is often not found.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visavis.models.yunet import Detections, YuNet, join
from visavis.redaction.cuts import SIGNATURE_COLUMNS, SIGNATURE_ROWS
from visavis.redaction.masks import regions_of
from visavis.redaction.sightings import Look

LOOK_SCORE = 0.1
"""Below this nothing is remembered of what the network saw."""

_OVERVIEW_PX, _CLOSE_UP_PX, _DETAIL_PX = 640, 224, 1280
_CLOSE_UP_EVERY = 2
_MAX_ENLARGEMENT = 2.0
_TILE_OVERLAP_PX = 96
_MAX_OVERLAP = 0.4

Scaled = Callable[[int, int], NDArray[np.uint8]]
"""From a width and a height in pixels to the frame scaled to them, RGB (height, width, 3)."""


def look(
    scaled: Scaled, width_px: int, height_px: int, number: int, yunet: YuNet
) -> tuple[Detections, NDArray[np.uint8]]:
    """What may be a face in a frame, in its pixels, by falling score, and its signature (see `cuts`).

    width_px, height_px: of the upright frame. number: of the frame in the film, from 0; decides which part is looked at closely.
    """
    size = width_px, height_px
    overview = scaled(*_size(size, _OVERVIEW_PX))
    found = [_moved(yunet.detect(overview[None], LOOK_SCORE)[0], overview, size)]
    if number % _CLOSE_UP_EVERY == 0:
        small = scaled(*_size(size, _CLOSE_UP_PX))
        found.append(_moved(yunet.detect(small[None], LOOK_SCORE)[0], small, size))
    found.append(_detail(scaled(*_size(size, _DETAIL_PX)), size, number, yunet))
    return join(found).suppressed(_MAX_OVERLAP), signature_of(overview)


def as_look(
    time_ms: float, found: Detections, signature: NDArray[np.uint8], kept: NDArray[np.bool_] | None = None
) -> Look:
    """What covers are made from. kept: (N,) who was recognised as somebody to spare, by default nobody."""
    nobody = np.zeros(len(found), bool)
    return Look(
        time_ms,
        found.xyxy,
        regions_of(found.xyxy, found.points).astype(np.float32),
        found.scores,
        nobody if kept is None else kept,
        signature,
    )


def signature_of(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What `cuts` compares, of a frame (H, W, 3): of its green, which is most of what the eye calls brightness."""
    green = Image.fromarray(np.ascontiguousarray(rgb[..., 1]))
    return np.asarray(green.resize((SIGNATURE_COLUMNS, SIGNATURE_ROWS), Image.Resampling.BOX)).ravel()


def _size(size: tuple[int, int], long_side_px: int) -> tuple[int, int]:
    scale = min(long_side_px / max(size), _MAX_ENLARGEMENT)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _detail(rgb: NDArray[np.uint8], size: tuple[int, int], number: int, yunet: YuNet) -> Detections:
    """Detections in one half of a frame, the other in the next frame."""
    height, width = rgb.shape[:2]
    side = max(width, height)
    half = (side + _TILE_OVERLAP_PX) // 2
    start = 0 if number % 2 == 0 else side - half
    tile = rgb[:, start : start + half] if width >= height else rgb[start : start + half]
    found = yunet.detect(tile[None], LOOK_SCORE)[0]
    offset = (start, 0) if width >= height else (0, start)
    return found.moved(offset, (size[0] / width, size[1] / height))


def _moved(found: Detections, rgb: NDArray[np.uint8], size: tuple[int, int]) -> Detections:
    return found.moved((0, 0), (size[0] / rgb.shape[1], size[1] / rgb.shape[0]))
