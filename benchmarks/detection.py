"""Detection on facemask853's development half, beside YuNet plainly used.

A face counts from 16 px (its shorter side); a box finds it at IoU 0.5. Boxes
that match no annotation are called unannotated, not false: the annotations
leave faces out. All boxes are clipped to the photo, as the annotations are.
"Plain" is one pass of cv2.FaceDetectorYN, at native and at twice the size.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from common import DATA, PlainPair, read_bgr, save
from numpy.typing import NDArray

import visavis
from visavis.geometry import intersection_over_union

MIN_FACE_PX = 16
MIN_OVERLAP = 0.5
LOWEST_SCORE = 0.02
PLAIN_SCORE = 0.3
RECALLS = (0.85, 0.88, 0.90)
PRECISIONS = tuple(p / 100 for p in range(30, 100, 5))


class Scene(NamedTuple):
    """A photo and its annotated boxes (N, 4) xyxy."""

    path: Path
    size: tuple[int, int]
    boxes: NDArray[np.float64]


class Curve(NamedTuple):
    """By falling score: recall and unannotated boxes per image so far."""

    scores: NDArray[np.float64]
    recall: NDArray[np.float64]
    unannotated: NDArray[np.float64]
    precision: NDArray[np.float64]


def main() -> None:
    """Measure, print and write results/detection.json."""
    scenes = _scenes()
    analyzer = visavis.Analyzer(min_confidence=LOWEST_SCORE)
    with ThreadPoolExecutor(2) as pool:
        curves = {"visavis": _curve(scenes, list(pool.map(partial(_ours, analyzer), scenes)))}
    for name, scale in (("plain", 1), ("plain_twice_the_size", 2)):
        plain = PlainPair(min_score=LOWEST_SCORE)
        curves[name] = _curve(scenes, [_plain(plain, scene, scale) for scene in scenes])
    save("detection", {"scenes": len(scenes), **{name: _summary(curve) for name, curve in curves.items()}})


def _scenes() -> list[Scene]:
    folder = DATA / "facemask853"
    scenes = []
    for annotation in sorted((folder / "annotations").glob("*.xml")):
        root = ET.parse(annotation).getroot()  # noqa: S314  our own evaluation data
        boxes = [
            [float(box.findtext(side, "")) for side in ("xmin", "ymin", "xmax", "ymax")]
            for box in root.iter("bndbox")
        ]
        (path,) = (folder / "images").glob(f"{annotation.stem}.*")
        size = (int(root.findtext("size/width", "")), int(root.findtext("size/height", "")))
        scenes.append(Scene(path, size, np.array(boxes).reshape(-1, 4)))
    return scenes


def _ours(analyzer: visavis.Analyzer, scene: Scene) -> NDArray[np.float64]:
    faces = analyzer.detect(scene.path)
    return np.array([[*face.box.xyxy, face.confidence] for face in faces]).reshape(-1, 5)


def _plain(plain: PlainPair, scene: Scene, scale: int) -> NDArray[np.float64]:
    image = read_bgr(scene.path)
    found = plain.detect(image if scale == 1 else cv2.resize(image, None, fx=scale, fy=scale)).astype(
        np.float64
    )
    found[:, :14] /= scale
    found[:, 2:4] += found[:, :2]
    return found[:, [0, 1, 2, 3, 14]]


def _curve(scenes: list[Scene], detections: list[NDArray[np.float64]]) -> Curve:
    """Each face is found once, by the best-scored box that overlaps it enough.

    Finding a face under 16 px counts neither for nor against.
    """
    events: list[tuple[float, bool]] = []
    faces = 0
    for scene, detected in zip(scenes, detections, strict=True):
        sides = scene.boxes[:, 2:] - scene.boxes[:, :2]
        counted = sides.min(axis=1) >= MIN_FACE_PX
        faces += int(counted.sum())
        found = detected[np.argsort(-detected[:, 4], kind="stable")]
        clipped = found[:, :4].clip(0, [*scene.size, *scene.size])
        free = np.ones(len(scene.boxes), bool)
        for row, score in zip(intersection_over_union(clipped, scene.boxes), found[:, 4], strict=True):
            overlaps = np.where(free, row, 0)
            best = int(np.argmax(overlaps)) if len(overlaps) else -1
            if best < 0 or overlaps[best] < MIN_OVERLAP:
                events.append((score, False))
                continue
            free[best] = False
            if counted[best]:
                events.append((score, True))
    events.sort(key=lambda event: -event[0])
    hits = np.cumsum([hit for _, hit in events])
    misses = np.cumsum([not hit for _, hit in events])
    return Curve(np.array([s for s, _ in events]), hits / faces, misses / len(scenes), hits / (hits + misses))


def _summary(curve: Curve) -> dict[str, Any]:
    at_score = {}
    for score in (PLAIN_SCORE, 0.5, 0.6):
        last = int(np.searchsorted(-curve.scores, -score, side="right")) - 1
        at_score[f"{score:g}"] = {
            "recall": round(float(curve.recall[last]), 4),
            "unannotated_per_image": round(float(curve.unannotated[last]), 3),
        }
    return {
        "at_score": at_score,
        "unannotated_per_image_at_recall": {f"{r:g}": _first(curve, curve.recall >= r) for r in RECALLS},
        "recall_at_precision": {
            f"{p:g}": round(float(curve.recall[curve.precision >= p].max(initial=0)), 4) for p in PRECISIONS
        },
    }


def _first(curve: Curve, reached: NDArray[np.bool_]) -> float | None:
    return round(float(curve.unannotated[int(np.argmax(reached))]), 3) if reached.any() else None


if __name__ == "__main__":
    main()
