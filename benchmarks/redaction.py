"""Covering faces on facemask853's development half, beside deface in the same run, photo by photo in turn.

A face counts from 16 px (its shorter side) and is covered if at least 0.8 of its annotated area is, by pixels of which
nothing is left. Background is all that lies in no annotated box, hair and ears of annotated faces among it, and counts by how
much of each pixel is covered: our soft edge counts in part. deface covers an ellipse in its box enlarged by its mask scale;
its curve over its threshold is read at the share of faces that visavis covers, at its default mask scale and at the best of several.

    python benchmarks/redaction.py PYTHON       PYTHON: of an environment of its own with deface, onnx and onnxruntime
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from common import save
from detection import Scene, _scenes
from numpy.typing import NDArray

import visavis
from visavis.faces import Box, Face
from visavis.redaction.masks import COVER_CONFIDENCE, Shape, region_of
from visavis.redaction.missed import Coverage, coverage_of, mask_of

DEFAULT_SCALE, DEFAULT_THRESHOLD = 1.3, 0.2
SCALES = (1.1, 1.15, 1.2, 1.25, DEFAULT_SCALE, 1.35, 1.4)
THRESHOLDS = (
    0.02,
    0.03,
    0.04,
    0.05,
    0.06,
    0.07,
    0.08,
    0.1,
    0.12,
    0.15,
    DEFAULT_THRESHOLD,
    0.25,
    0.3,
    0.4,
    0.5,
)
PEER = """
import json, sys
from importlib.metadata import version
import imageio.v2 as iio
from deface.centerface import CenterFace
network = CenterFace(backend="onnxrt")
print(json.dumps([version("deface"), version("onnxruntime")]), flush=True)
for line in sys.stdin:
    found, _ = network(iio.imread(line.rstrip("\\n")), threshold=0.02)
    print(json.dumps(found.tolist()), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Point:
    """What covers come to: the share of faces covered and of the background."""

    recall: float
    background: float


def main(python: str) -> None:
    """Measure, print and write results/redaction.json."""
    scenes, analyzer = _scenes(), visavis.Analyzer()
    with subprocess.Popen(
        [python, "-c", PEER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as peer:
        versions = _answer(peer)
        ours, theirs, ratios = [], [], []
        for scene in scenes:
            start = time.perf_counter()
            ours.append(analyzer.candidates(scene.path, COVER_CONFIDENCE))
            middle = time.perf_counter()
            theirs.append(_ask(peer, scene.path))
            ratios.append((middle - start) / (time.perf_counter() - middle))
    at = _point(scenes, [_our_masks(*pair, COVER_CONFIDENCE) for pair in zip(scenes, ours, strict=True)])
    curves = {scale: _curve(scenes, theirs, scale) for scale in SCALES}
    best = [_read(curve, at.recall) for curve in curves.values()]
    default = curves[DEFAULT_SCALE]
    save(
        "redaction",
        {
            "scenes": len(scenes),
            "visavis": _rounded(at) | {"confidence": COVER_CONFIDENCE},
            "visavis_boxes": _rounded(
                _point(
                    scenes,
                    [
                        _our_masks(*pair, COVER_CONFIDENCE, Shape.BOX)
                        for pair in zip(scenes, ours, strict=True)
                    ],
                )
            ),
            "visavis_at_confidence": {
                f"{c:g}": _rounded(
                    _point(scenes, [_our_masks(*p, c) for p in zip(scenes, ours, strict=True)])
                )
                for c in (0.3, 0.4, 0.5)
            },
            "deface": dict(zip(("deface", "onnxruntime"), versions, strict=True)),
            "deface_default": _rounded(default[THRESHOLDS.index(DEFAULT_THRESHOLD)]),
            "deface_background_at_equal_recall": _share(_read(default, at.recall)),
            "deface_background_at_equal_recall_any_scale": _share(
                min((b for b in best if b is not None), default=None)
            ),
            "deface_curve": {f"{t:g}": _rounded(p) for t, p in zip(THRESHOLDS, default, strict=True)},
            "time_times_deface": [round(float(q), 2) for q in np.quantile(ratios[5:], (0.25, 0.5, 0.75))],
        },
    )


def _ask(peer: subprocess.Popen[str], path: Path) -> NDArray[np.float64]:
    """The boxes xyxy and scores (N, 5) of deface."""
    assert peer.stdin is not None
    peer.stdin.write(f"{path}\n")
    peer.stdin.flush()
    return np.array(_answer(peer), np.float64).reshape(-1, 5)


def _answer(peer: subprocess.Popen[str]) -> Any:
    """The next line of JSON; whatever else the peer prints is passed over."""
    assert peer.stdout is not None
    for line in peer.stdout:
        if line.startswith("["):
            return json.loads(line)
    sys.exit("deface does not run: give the python of an environment with deface, onnx and onnxruntime")


def _our_masks(
    scene: Scene, faces: list[Face], confidence: float, shape: Shape = Shape.ELLIPSE
) -> NDArray[np.uint8]:
    regions = (region_of(face, shape) for face in faces if face.confidence >= confidence)
    return mask_of(regions, *scene.size)


def _their_mask(scene: Scene, found: NDArray[np.float64], scale: float) -> NDArray[np.uint8]:
    """As deface draws it: corners cut to whole numbers, enlarged, clipped to the photo, then the ellipse within."""
    width, height = scene.size
    mask = np.zeros((height, width), np.uint8)
    y, x = np.ogrid[:height, :width]
    for box in found[:, :4].astype(int):
        sides = (box[2:] - box[:2]) * (scale - 1)
        left, top = np.maximum(np.round(box[:2] - sides), 0)
        right, bottom = np.minimum(np.round(box[2:] + sides), (width - 1, height - 1))
        a, b = (right - left) // 2, (bottom - top) // 2
        if a > 0 and b > 0:
            mask[((x - left - a) / a) ** 2 + ((y - top - b) / b) ** 2 < 1] = 255
    return mask


def _curve(scenes: list[Scene], theirs: list[NDArray[np.float64]], scale: float) -> list[Point]:
    return [
        _point(
            scenes,
            [
                _their_mask(scene, found[found[:, 4] > threshold], scale)
                for scene, found in zip(scenes, theirs, strict=True)
            ],
        )
        for threshold in THRESHOLDS
    ]


def _point(scenes: Iterable[Scene], masks: Iterable[NDArray[np.uint8]]) -> Point:
    counted = Coverage()
    for scene, mask in zip(scenes, masks, strict=True):
        counted += coverage_of(
            mask, [Box(x, y, right - x, bottom - y) for x, y, right, bottom in scene.boxes]
        )
    return Point(
        1 - counted.large_missed / counted.large, counted.background_covered_px / counted.background_px
    )


def _read(curve: list[Point], recall: float) -> float | None:
    """The background at a recall, between the thresholds beside it; None where the curve does not reach it."""
    rising = sorted(curve, key=lambda point: point.recall)
    if not rising[0].recall <= recall <= rising[-1].recall:
        return None
    return float(np.interp(recall, [p.recall for p in rising], [p.background for p in rising]))


def _rounded(point: Point) -> dict[str, float]:
    return {"recall": round(point.recall, 4), "background": round(point.background, 4)}


def _share(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
