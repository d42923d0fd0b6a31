"""Accuracy on LFW's development half, beside the same two models plainly used.

Pairs: the threshold for each fold is the best one on the other folds. All
pairs: every image with every other. The face meant in an LFW image is the one
in its middle, so both take the face nearest to it. "Plain" is one pass of
cv2.FaceDetectorYN at native size and SFace in OpenCV's own runtime.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from common import DATA, PlainPair, read_bgr, read_protocol, save
from numpy.typing import NDArray

import visavis
from visavis.faces import Face

FMRS = (1e-3, 1e-4, 1e-5)
FOLDS = 5
LFW_SIDE_PX = 250
DISCARDED = (0.0, 0.05, 0.1, 0.2)


def main() -> None:
    """Measure, print and write results/accuracy.json."""
    images = read_protocol("lfw_images")
    pairs = read_protocol("lfw_pairs")
    paths = sorted(
        {row["image"] for row in images} | {row[side] for row in pairs for side in ("probe", "reference")}
    )
    analyzer = visavis.Analyzer()
    with ThreadPoolExecutor(2) as pool:
        ours = dict(zip(paths, pool.map(lambda path: _middle_face(analyzer, path), paths), strict=True))
    plain = _plain_templates(paths)
    results: dict[str, Any] = {"images": len(images), "pairs": len(pairs)}
    for name, templates in (("visavis", {p: _vector(f) for p, f in ours.items()}), ("plain", plain)):
        results[name] = _measure(templates, images, pairs)
    results["quality"] = _error_by_discard(ours, images)
    save("accuracy", results)


def _middle_face(analyzer: visavis.Analyzer, path: str) -> Face | None:
    faces = analyzer.analyze(DATA / path)
    return min(faces, key=lambda face: _off_centre(*face.box.xyxy), default=None)


def _off_centre(left: float, top: float, right: float, bottom: float) -> float:
    return abs((left + right) / 2 - LFW_SIDE_PX / 2) + abs((top + bottom) / 2 - LFW_SIDE_PX / 2)


def _vector(face: Face | None) -> NDArray[np.float32] | None:
    return None if face is None or face.template is None else face.template.vector


def _plain_templates(paths: list[str]) -> dict[str, NDArray[np.float32] | None]:
    plain, found = PlainPair(), {}
    for path in paths:
        image = read_bgr(DATA / path)
        faces = plain.detect(image)
        middle = min(faces, key=lambda f: _off_centre(f[0], f[1], f[0] + f[2], f[1] + f[3]), default=None)
        found[path] = None if middle is None else plain.template(image, middle)
    return found


def _measure(
    templates: dict[str, NDArray[np.float32] | None],
    images: list[dict[str, str]],
    pairs: list[dict[str, str]],
) -> dict[str, Any]:
    accuracy = _fold_accuracy(templates, pairs)
    kept = [row for row in images if templates[row["image"]] is not None]
    vectors = np.stack([templates[row["image"]] for row in kept])  # type: ignore[misc]
    mated, non_mated = _all_pairs(vectors, [row["subject"] for row in kept])
    return {
        "images_without_face": len(images) - len(kept),
        "pair_accuracy": round(float(np.mean(accuracy)), 5),
        "pair_accuracy_by_fold": [round(value, 5) for value in accuracy],
        "mated_pairs": len(mated),
        "non_mated_pairs": len(non_mated),
        "fnmr_at_fmr": {f"{fmr:g}": _fnmr_at(mated, non_mated, fmr) for fmr in FMRS},
    }


def _fold_accuracy(
    templates: dict[str, NDArray[np.float32] | None], pairs: list[dict[str, str]]
) -> list[float]:
    """A pair with a face that was not found counts as "different"."""
    scores = np.array([_score(templates[row["probe"]], templates[row["reference"]]) for row in pairs])
    mated = np.array([row["mated"] == "1" for row in pairs])
    # Six hundred pairs a fold, mated and non-mated in turn by halves of a fold.
    fold = np.arange(len(pairs)) // (len(pairs) // FOLDS)
    accuracy = []
    for held_out in range(FOLDS):
        rest = fold != held_out
        candidates = np.sort(scores[rest])
        right = [np.mean((scores[rest] >= t) == mated[rest]) for t in candidates]
        threshold = candidates[int(np.argmax(right))]
        accuracy.append(float(np.mean((scores[~rest] >= threshold) == mated[~rest])))
    return accuracy


def _score(a: NDArray[np.float32] | None, b: NDArray[np.float32] | None) -> float:
    return -1.0 if a is None or b is None else float(a @ b)


def _all_pairs(
    vectors: NDArray[np.float32], subjects: list[str]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    upper = np.triu_indices(len(vectors), k=1)
    scores = (vectors @ vectors.T)[upper]
    codes = np.unique(subjects, return_inverse=True)[1]
    same = codes[upper[0]] == codes[upper[1]]
    return scores[same], scores[~same]


def _fnmr_at(mated: NDArray[np.float32], non_mated: NDArray[np.float32], fmr: float) -> dict[str, float]:
    """A comparison matches at or above the threshold: the lowest that keeps the FMR."""
    allowed = int(fmr * len(non_mated))
    highest = np.sort(np.partition(non_mated, len(non_mated) - allowed - 1)[len(non_mated) - allowed - 1 :])
    threshold = float(np.nextafter(highest[0], np.float32(2)))
    return {"fnmr": round(float(np.mean(mated < threshold)), 5), "threshold": round(threshold, 4)}


def _error_by_discard(faces: dict[str, Face | None], images: list[dict[str, str]]) -> dict[str, float]:
    """FNMR at FMR 1e-4 when the images of the lowest quality are left out: it should fall."""
    kept = [(row["subject"], face) for row in images if (face := faces[row["image"]]) and face.template]
    scores = np.array([face.quality.score for _, face in kept])
    rates = {}
    for share in DISCARDED:
        good = scores >= np.quantile(scores, share)
        some = [entry for entry, keep in zip(kept, good, strict=True) if keep]
        vectors = np.stack([face.template.vector for _, face in some if face.template])
        rates[f"{share:g}"] = _fnmr_at(*_all_pairs(vectors, [subject for subject, _ in some]), 1e-4)["fnmr"]
    return {"fnmr_at_1e-4_by_share_discarded": rates}  # type: ignore[dict-item]


if __name__ == "__main__":
    main()
