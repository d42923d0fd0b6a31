"""YuNet: from the network's grids to boxes, landmarks and scores.

Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector", Machine
Intelligence Research 20, 2023. It finds faces of about 10 to 300 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.geometry import non_maximum_suppression
from visavis.models.session import Outputs, Session

STRIDES = (8, 16, 32)
# The network halves its input five times and doubles it back; on other sides the
# two do not meet, which OpenVINO does not check: it writes past its buffers.
_SIDE_MULTIPLE = 32
MAX_OVERLAP = 0.3
# What one image may hold. A face is seen by up to 30 cells; noise is seen by all 30,000.
_MAX_CELLS, _MAX_FACES = 10_000, 1_000


@dataclass(frozen=True, slots=True)
class Detections:
    """N faces of one image, in its pixels: boxes (N, 4) xyxy, points (N, 5, 2), scores (N,) of 0 to 1."""

    xyxy: NDArray[np.float32]
    points: NDArray[np.float32]
    scores: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.scores)

    def take(self, indices: NDArray[np.intp] | NDArray[np.bool_]) -> Detections:
        """The detections at these indices, in that order."""
        return Detections(self.xyxy[indices], self.points[indices], self.scores[indices])

    def moved(self, offset: tuple[float, float], scale: tuple[float, float]) -> Detections:
        """Shifted by an offset x, y, then scaled by x, y: from a tile to the image it was cut from."""
        offset_xy, scale_xy = np.array(offset, np.float32), np.array(scale, np.float32)
        corners = (self.xyxy.reshape(-1, 2, 2) + offset_xy) * scale_xy
        return Detections(corners.reshape(-1, 4), (self.points + offset_xy) * scale_xy, self.scores)

    def surest(self, most: int) -> Detections:
        """The `most` with the highest scores, by falling score; equal scores keep their order."""
        return self.take(np.argsort(-self.scores, kind="stable")[:most])

    def suppressed(self, max_overlap: float = MAX_OVERLAP, most: int | None = None) -> Detections:
        """By falling score, without those that overlap a better one by more than `max_overlap` (IoU); at most `most`."""
        return self.take(non_maximum_suppression(self.xyxy, self.scores, max_overlap, most))


def join(parts: list[Detections]) -> Detections:
    """All detections of several parts, in their order; of none, none."""
    return Detections(
        np.concatenate([np.zeros((0, 4), np.float32), *(part.xyxy for part in parts)]),
        np.concatenate([np.zeros((0, 5, 2), np.float32), *(part.points for part in parts)]),
        np.concatenate([np.zeros(0, np.float32), *(part.scores for part in parts)]),
    )


class YuNet:
    """The detector network, one pass at the size of the images it is given."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def detect(self, images_rgb: NDArray[np.uint8], min_score: float) -> list[Detections]:
        """Detections in each image of a batch (N, H, W, 3) of uint8 RGB, by falling score, at most 1,000 an image."""
        count, height, width, _ = images_rgb.shape
        padded = np.zeros((count, _rounded_up(height), _rounded_up(width), 3), np.uint8)
        padded[:, :height, :width] = images_rgb
        # The network writes the cells of a whole batch one image after the other
        # into an array (1, N * cells, ...).
        outputs = {
            name: values.reshape(count, -1, values.shape[-1])
            for name, values in self._session.run(padded).items()
        }
        grid_width = padded.shape[2]
        found = (decode(outputs, i, grid_width, min_score) for i in range(count))
        return [cells.surest(_MAX_CELLS).suppressed(most=_MAX_FACES) for cells in found]


def decode(outputs: Outputs, index: int, width_px: int, min_score: float) -> Detections:
    """Candidates of one image of a batch, before suppression.

    `outputs` are arrays (N, cells, ...) named `cls_s`, `obj_s`, `bbox_s`,
    `kps_s` for each stride s, cells row by row over a padded image `width_px`
    wide. The score is the geometric mean of class and objectness.
    """
    boxes, points, scores = [], [], []
    for stride in STRIDES:
        # bf16 lets the sigmoids stray a hair outside 0 to 1.
        cls = outputs[f"cls_{stride}"][index, :, 0].clip(0, 1)
        obj = outputs[f"obj_{stride}"][index, :, 0].clip(0, 1)
        score = np.sqrt(cls * obj)
        cells = np.flatnonzero(score >= min_score)
        row, column = np.divmod(cells, width_px // stride)
        corner = np.stack([column, row], axis=1).astype(np.float32)
        box = outputs[f"bbox_{stride}"][index, cells]
        centre, half = (corner + box[:, :2]) * stride, np.exp(box[:, 2:]) * (stride / 2)
        boxes.append(np.concatenate([centre - half, centre + half], axis=1))
        offsets = outputs[f"kps_{stride}"][index, cells].reshape(-1, 5, 2)
        points.append((offsets + corner[:, None]) * stride)
        scores.append(score[cells])
    return Detections(np.concatenate(boxes), np.concatenate(points), np.concatenate(scores))


def _rounded_up(side_px: int) -> int:
    return -(-side_px // _SIDE_MULTIPLE) * _SIDE_MULTIPLE
