"""From which quality on a face is worth enrolling: misses of references that are small, blurred or dark.

Photos of LFW's people are made worse, step by step, and compared with other, good photos of the same people.
"""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import pairwise
from typing import Any

import numpy as np
from common import DATA, read_protocol, save
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from visavis import Analyzer, Face

PEOPLE, PHOTOS = 220, 3
GOOD = 0.5
BINS = (0, 0.1, 0.2, 0.3, 0.5, 0.8, 1.01)
FMR = 1e-3
WAYS = (
    ("as it is", 1.0),
    ("scaled to", 0.5),
    ("scaled to", 0.3),
    ("scaled to", 0.2),
    ("blurred by px", 2.0),
    ("blurred by px", 3.0),
    ("blurred by px", 4.0),
    ("darkened to", 0.3),
    ("darkened to", 0.12),
)


def main() -> None:
    """Measure and save."""
    photos = chosen_photos()
    analyzer = Analyzer()
    images = [np.asarray(Image.open(DATA / path).convert("RGB")) for _, path in photos]
    references = list(analyzer.map(analyzer.subject, images))
    qualities, scores = [], []
    for way, amount in WAYS:
        worse = analyzer.map(analyzer.subject, (made_worse(image, way, amount) for image in images))
        for (subject, path), face in zip(photos, worse, strict=True):
            for (other, other_path), reference in zip(photos, references, strict=True):
                if subject == other and path != other_path and is_good(reference) and isinstance(face, Face):
                    assert face.template is not None
                    assert isinstance(reference, Face)
                    assert reference.template is not None
                    qualities.append(face.quality.score)
                    scores.append(float(face.template.vector @ reference.template.vector))
    threshold = analyzer.calibration.threshold_score(FMR)
    save("quality", {"fmr": FMR, "by_quality": by_quality(np.array(qualities), np.array(scores), threshold)})


def chosen_photos() -> list[tuple[str, str]]:
    """Subject and path of some photos of people who have enough of them; the same in every run."""
    by_subject: dict[str, list[str]] = defaultdict(list)
    for row in read_protocol("lfw_images"):
        by_subject[row["subject"]].append(row["image"])
    draw = random.Random(1)  # noqa: S311  a choice of photos, no secret
    subjects = sorted(subject for subject, paths in by_subject.items() if len(paths) >= PHOTOS)
    chosen = draw.sample(subjects, PEOPLE)
    return [(subject, path) for subject in chosen for path in draw.sample(by_subject[subject], PHOTOS)]


def made_worse(image: NDArray[np.uint8], way: str, amount: float) -> NDArray[np.uint8]:
    """The photo (height, width, 3), scaled down, blurred or darkened."""
    picture = Image.fromarray(image)
    if way == "scaled to":
        size = round(picture.width * amount), round(picture.height * amount)
        picture = picture.resize(size, Image.Resampling.BILINEAR)
    elif way == "blurred by px":
        picture = picture.filter(ImageFilter.GaussianBlur(amount))
    elif way == "darkened to":
        picture = picture.point(lambda value: int(value * amount))
    return np.asarray(picture)


def is_good(face: object) -> bool:
    """Whether this is a face of good quality, and not the error of a photo without one."""
    return isinstance(face, Face) and face.quality.score >= GOOD


def by_quality(
    qualities: NDArray[np.float64], scores: NDArray[np.float64], threshold: float
) -> list[dict[str, Any]]:
    """FNMR at the threshold, by the quality of the worse photo."""
    rows = []
    for low, high in pairwise(BINS):
        inside = scores[(qualities >= low) & (qualities < high)]
        rows.append(
            {
                "quality_from": low,
                "quality_below": min(high, 1.0),
                "comparisons": len(inside),
                "fnmr": round(float((inside < threshold).mean()), 4) if len(inside) else None,
            }
        )
    return rows


if __name__ == "__main__":
    main()
