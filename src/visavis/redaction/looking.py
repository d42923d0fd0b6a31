"""Looking for faces in every frame of a film, at a price that a film of 30 frames a second can pay.

One network, two looks at the whole picture in each frame, and a third now and then for faces that fill it. What is missed in one
frame is seen in another, and covered in both (`covers`). Sizes and scores were chosen on films made of the development half of the
evaluation data (benchmarks/filming.py).

Films are looked at upright. Who lies on their side in the picture is often not found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visavis.models.yunet import Detections, YuNet, join
from visavis.redaction.cuts import SIGNATURE_COLUMNS, SIGNATURE_ROWS
from visavis.redaction.masks import regions_of
from visavis.redaction.sightings import Look

LOOK_SCORE = 0.2
"""Below this nothing is remembered of what the network saw."""

# A film of few pixels is enlarged by more: its faces are smaller, and all else that is done with it costs less.
_LOOKS_PX, _SMALL_FILM_LOOKS_PX, _SMALL_FILM_PX = (640, 960), (640, 1120), 960
_CLOSE_UP_PX, _CLOSE_UP_EVERY, _CLOSE_UP_SCORE = 224, 4, 0.5
_CLOSE_UP_SHARE = 0.5  # of the picture's shorter side: what is smaller is seen better by the other looks
_MAX_ENLARGEMENT = 2.0
_MAX_OVERLAP = 0.4

Scaled = Callable[[int, int], NDArray[np.uint8]]
"""From a width and a height in pixels to the frame scaled to them, RGB (height, width, 3)."""


def look(
    scaled: Scaled, size: tuple[int, int], number: int, yunet: YuNet, pixel_aspect: float = 1.0
) -> tuple[Detections, NDArray[np.uint8]]:
    """What may be a face in a frame, in its pixels, by falling score, and its signature (see `cuts`).

    size: width and height of the upright frame in pixels. number: of the frame in the film, from 0; says when it is time for a third look.
    pixel_aspect: width to height of one pixel. The frame is looked at as it is shown: faces that are drawn out or slim are missed.
    """
    shown = size[0] * max(pixel_aspect, 1.0), size[1] * max(1 / pixel_aspect, 1.0)
    sides = _SMALL_FILM_LOOKS_PX if max(shown) < _SMALL_FILM_PX else _LOOKS_PX
    pictures = [scaled(*_size(shown, side)) for side in sides]
    found = [_seen(picture, size, yunet, LOOK_SCORE) for picture in pictures]
    if number % _CLOSE_UP_EVERY == 0:
        large = _seen(scaled(*_size(shown, _CLOSE_UP_PX)), size, yunet, _CLOSE_UP_SCORE)
        lengths = ((large.xyxy[:, 2:] - large.xyxy[:, :2]) * np.divide(shown, size)).max(axis=1)
        found.append(large.take(lengths >= _CLOSE_UP_SHARE * min(shown)))
    return join(found).suppressed(_MAX_OVERLAP), signature_of(pictures[0])


def as_look(
    time_ms: float, found: Detections, signature: NDArray[np.uint8], spared: Sequence[bool | None]
) -> Look:
    """What covers are made from. spared: of each that was found, see `redact.Spare`."""
    return Look(
        time_ms,
        found.xyxy,
        regions_of(found.xyxy, found.points).astype(np.float32),
        found.scores,
        np.array([one is not None for one in spared], bool),
        np.array([bool(one) for one in spared], bool),
        signature,
    )


def signature_of(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What `cuts` compares, of a frame (H, W, 3): of its green, which is most of what the eye calls brightness."""
    green = Image.fromarray(np.ascontiguousarray(rgb[..., 1]))
    return np.asarray(green.resize((SIGNATURE_COLUMNS, SIGNATURE_ROWS), Image.Resampling.BOX)).ravel()


def _size(size: tuple[float, float], long_side_px: int) -> tuple[int, int]:
    scale = min(long_side_px / max(size), _MAX_ENLARGEMENT)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _seen(rgb: NDArray[np.uint8], size: tuple[int, int], yunet: YuNet, min_score: float) -> Detections:
    """What is seen in a frame that was scaled, in pixels of the frame, whose size this is."""
    scale = size[0] / rgb.shape[1], size[1] / rgb.shape[0]
    return yunet.detect(rgb[None], min_score)[0].moved((0, 0), scale)
