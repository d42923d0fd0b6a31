"""Finding every face of a photo with a detector that sees one size well.

YuNet is small and quick, and right about faces of 20 to 200 pixels. Three steps
make it right about the others, and surer about all:

1. An overview of the whole photo, scaled down, and a smaller one for close-ups.
2. A detail pass over the photo, enlarged where it is small, in tiles.
3. A second look at each candidate: its surroundings brought to the size the
   detector knows best, once as they are and once mirrored. Score, box and
   landmarks become a mean of all looks; what was an accident of scale fades.

A photo without one sure face is tried lying on its sides and upside down. The
constants were chosen on the development half of the evaluation data
(benchmarks/detection.py); none is for users to tune.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visavis.geometry import intersection_over_union
from visavis.imaging import Photo
from visavis.models.yunet import Detections, YuNet, join

MIN_CONFIDENCE = 0.5
"""Below this a candidate is not called a face."""

_CANDIDATE_SCORE = 0.1
# What bounds the price of a photo: how many candidates are looked at again, the surest first, and after how many
# in a row of which none was a face the rest is given up. Of real crowds (benchmarks/detection.py) the longest
# such row before a face was 42.
_MAX_CANDIDATES, _MAX_IN_VAIN = 1000, 200
_MAX_OVERLAP = 0.4

_CLOSE_UP_PX, _OVERVIEW_PX, _DETAIL_PX = 240, 640, 1536
_MAX_ENLARGEMENT = 2.0
_TILE_PX, _TILE_OVERLAP_PX = 1280, 192

_LOOK_PX, _LOOK_FACE_PX = 192, 72
_LOOKS_A_BATCH = 8
_LOOK_MIN_OVERLAP = 0.3
_FIRST_LOOK_WEIGHT = 2.0  # against 1 for each of the two second looks

# A face that stands upright is seen with more than this; one that lies on its side
# is often seen too, less surely and with landmarks in the wrong places.
_SURE, _SURER_BY = 0.92, 0.05

_MIRRORED_POINTS = [1, 0, 2, 4, 3]


def find_faces(
    photo: Photo, yunet: YuNet, *, largest_only: bool = False, min_confidence: float = MIN_CONFIDENCE
) -> Detections:
    """Faces of a photo in its upright pixels, largest first.

    With `largest_only` the detail pass is left out where the overview already
    shows a face: what it would add is smaller.
    """
    faces = _find_upright(photo, yunet, largest_only, min_confidence)
    if faces.scores.max(initial=0) < _SURE and (k := _quarter_turns(photo, yunet, faces, min_confidence)):
        turned = _find_turned(photo, yunet, k, largest_only, min_confidence)
        # One person may lie where all others stand: the whole photo decides.
        faces = max(faces, turned, key=lambda found: found.scores.sum())
    areas = np.prod(faces.xyxy[:, 2:] - faces.xyxy[:, :2], axis=1)
    return faces.take(np.argsort(-areas, kind="stable"))


def _find_upright(photo: Photo, yunet: YuNet, largest_only: bool, min_confidence: float) -> Detections:  # noqa: FBT001
    candidates = _overview(photo, yunet)
    if largest_only:
        faces = _look_again(photo, yunet, candidates, min_confidence)
        if faces.scores.max(initial=0) >= min_confidence:
            return faces.take(faces.scores >= min_confidence)
    faces = _look_again(photo, yunet, join([candidates, _detail(photo, yunet)]), min_confidence)
    return faces.take(faces.scores >= min_confidence)


def _quarter_turns(photo: Photo, yunet: YuNet, faces: Detections, min_confidence: float) -> int:
    """How often to turn the photo counterclockwise for its people to stand upright, 0 to 3.

    The surest face is looked at from all four sides; where there is none, the
    whole overview is.
    """
    if len(faces):
        view = _frame(photo, faces.xyxy[int(np.argmax(faces.scores))])[0]
        seen = [yunet.detect(np.rot90(view, k)[None], _CANDIDATE_SCORE)[0] for k in range(4)]
    else:
        seen = [join([])]
        for k in (1, 2, 3):
            turned = _turned(photo, k)
            seen.append(_look_again(turned, yunet, _overview(turned, yunet), min_confidence))
    scores = np.array([found.scores.max(initial=0) for found in seen])
    scores[1:] -= _SURER_BY
    return int(np.argmax(scores))


def _turned(photo: Photo, k: int) -> Photo:
    pixels = np.asarray(photo.image(_detail_scale(photo)))
    return Photo(np.ascontiguousarray(np.rot90(pixels, k)))


def _find_turned(photo: Photo, yunet: YuNet, k: int, largest_only: bool, min_confidence: float) -> Detections:  # noqa: FBT001
    """Faces of a photo that lies k quarters off, in the pixels of the photo as it lies."""
    turned = _turned(photo, k)
    faces = _find_upright(turned, yunet, largest_only, min_confidence)

    def turn_back(points: NDArray[np.float32]) -> NDArray[np.float32]:
        u, v = points[..., 0], points[..., 1]
        x, y = {
            1: (turned.height - v, u),
            2: (turned.width - u, turned.height - v),
            3: (v, turned.width - u),
        }[k]
        return np.stack([x, y], axis=-1) * np.float32(photo.long_side / turned.long_side)

    corners = turn_back(faces.xyxy.reshape(-1, 2, 2))
    xyxy = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    return Detections(xyxy, turn_back(faces.points), faces.scores)


def _overview(photo: Photo, yunet: YuNet) -> Detections:
    passes = [_one_pass(photo, yunet, _OVERVIEW_PX / photo.long_side)]
    if photo.long_side > _CLOSE_UP_PX:
        passes.append(_one_pass(photo, yunet, _CLOSE_UP_PX / photo.long_side))
    return join(passes)


def _detail(photo: Photo, yunet: YuNet) -> Detections:
    return _one_pass(photo, yunet, _detail_scale(photo))


def _detail_scale(photo: Photo) -> float:
    """About `_DETAIL_PX`: halved as often as a JPEG's decoder can for nothing, or enlarged."""
    ratio = _DETAIL_PX / photo.long_side
    return min(ratio, _MAX_ENLARGEMENT) if ratio > 1 else 2.0 ** round(math.log2(ratio))


def _one_pass(photo: Photo, yunet: YuNet, scale: float) -> Detections:
    """Candidates of the photo at one scale, in its own pixels, tile by tile."""
    scale = min(scale, _MAX_ENLARGEMENT)
    source = photo.image(scale)
    width, height = (max(1, round(side * scale)) for side in (photo.width, photo.height))
    image = source.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    found = []
    for left, right in _tiles(width):
        for top, bottom in _tiles(height):
            tile = np.asarray(image.crop((left, top, right, bottom)))
            detections = yunet.detect(tile[None], _CANDIDATE_SCORE)[0]
            found.append(detections.moved((left, top), (photo.width / width, photo.height / height)))
    return join(found)


def _tiles(side_px: int) -> list[tuple[int, int]]:
    """Starts and stops of equal tiles that cover a side and overlap by at least `_TILE_OVERLAP_PX`."""
    count = max(1, math.ceil((side_px - _TILE_OVERLAP_PX) / (_TILE_PX - _TILE_OVERLAP_PX)))
    tile = math.ceil((side_px + (count - 1) * _TILE_OVERLAP_PX) / count)
    starts = [round(i * (side_px - tile) / max(1, count - 1)) for i in range(count)]
    return [(start, start + tile) for start in starts]


def _look_again(photo: Photo, yunet: YuNet, candidates: Detections, min_confidence: float) -> Detections:
    """Candidates after a second look, by falling confidence, each face once."""
    sides = candidates.xyxy[:, 2:] - candidates.xyxy[:, :2]
    # A face may be cut off, but not by much more than half: a close-up of a larger
    # box would be mostly emptiness, and as large as a hostile photo is long.
    largest = 2 * min(photo.width, photo.height)
    usable = np.all((sides >= 2) & (sides <= largest), axis=1)
    candidates = candidates.take(usable).suppressed(most=_MAX_CANDIDATES)
    looked, in_vain = [], 0
    for i in range(0, len(candidates), _LOOKS_A_BATCH):
        batch = candidates.take(np.arange(i, min(i + _LOOKS_A_BATCH, len(candidates))))
        looked.append(_second_look(photo, yunet, batch))
        in_vain = 0 if looked[-1].scores.max() >= min_confidence else in_vain + len(batch)
        if in_vain >= _MAX_IN_VAIN:
            break
    return join(looked).suppressed(_MAX_OVERLAP)


def _second_look(photo: Photo, yunet: YuNet, candidates: Detections) -> Detections:
    """Mean of the candidates and of what is seen of each in its own close-up and its mirror image."""
    crops, offsets, scales = zip(*(_frame(photo, box) for box in candidates.xyxy), strict=True)
    as_is = np.stack(crops)
    seen = yunet.detect(np.concatenate([as_is, as_is[:, :, ::-1]]), _CANDIDATE_SCORE)
    seen[len(crops) :] = [_unmirrored(found) for found in seen[len(crops) :]]
    placed = [found.moved(o, (s, s)) for found, o, s in zip(seen, offsets * 2, scales * 2, strict=True)]
    matches = [_best_match(found, candidates, i % len(crops)) for i, found in enumerate(placed)]
    looks = [candidates, join(matches[: len(crops)]), join(matches[len(crops) :])]
    weights = np.stack([look.scores for look in looks])
    weights[0] *= _FIRST_LOOK_WEIGHT
    return _mean(looks, weights)


def _frame(
    photo: Photo, box_xyxy: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], tuple[float, float], float]:
    """A square close-up around a box; its offset in its own pixels, and the photo's pixels per pixel."""
    left, top, right, bottom = (float(value) for value in box_xyxy)
    side = max(right - left, bottom - top) * _LOOK_PX / _LOOK_FACE_PX
    scale = side / _LOOK_PX
    x, y = (left + right - side) / 2, (top + bottom - side) / 2
    source = photo.image(min(1 / scale, _detail_scale(photo)))
    k = source.width / photo.width
    outer = (
        math.floor(x * k) - 2,
        math.floor(y * k) - 2,
        math.ceil((x + side) * k) + 2,
        math.ceil((y + side) * k) + 2,
    )
    inner = (x * k - outer[0], y * k - outer[1], (x + side) * k - outer[0], (y + side) * k - outer[1])
    crop = source.crop(outer).resize((_LOOK_PX, _LOOK_PX), Image.Resampling.BILINEAR, box=inner)
    return np.asarray(crop), (x / scale, y / scale), scale


def _unmirrored(found: Detections) -> Detections:
    xyxy = found.xyxy.copy()
    xyxy[:, [0, 2]] = _LOOK_PX - found.xyxy[:, [2, 0]]
    points = found.points[:, _MIRRORED_POINTS].copy()
    points[..., 0] = _LOOK_PX - points[..., 0]
    return Detections(xyxy, points, found.scores)


def _best_match(found: Detections, candidates: Detections, index: int) -> Detections:
    """The surest detection that shows this candidate; the candidate with score 0 where none does."""
    candidate = candidates.take(np.array([index]))
    overlaps = intersection_over_union(candidate.xyxy, found.xyxy)[0] > _LOOK_MIN_OVERLAP
    if not overlaps.any():
        return Detections(candidate.xyxy, candidate.points, np.zeros(1, np.float32))
    return found.take(np.array([int(np.argmax(np.where(overlaps, found.scores, -1)))]))


def _mean(looks: list[Detections], weights: NDArray[np.float32]) -> Detections:
    """Mean score of the looks, and boxes and points weighted by how sure each look was."""
    shares = weights / weights.sum(axis=0)
    return Detections(
        np.einsum("kn,knc->nc", shares, np.stack([look.xyxy for look in looks])),
        np.einsum("kn,knpc->npc", shares, np.stack([look.points for look in looks])),
        weights.sum(axis=0) / (_FIRST_LOOK_WEIGHT + len(looks) - 1),
    )
