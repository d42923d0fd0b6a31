"""Covering faces in films: the signers whose hands cross their faces, and pans and zooms over photos beside deface.

A face is covered if at least 0.8 of its box is, by pixels of which nothing is left. In the signers' clips that is asked of every
face that was marked by eye (annotations/README.md), and of every box that `Analyzer.detect` finds in any frame, looked at as a photo.
In the films that are made of photos (filming.py) faces count from 16 px; deface's masks are drawn as it draws them, and its curve
over its threshold is read at the share of faces that visavis covers, too. The look's price is processor time per frame, its scaling included.

    python benchmarks/video_covers.py --deface-python PYTHON       of an environment of its own with deface
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from common import DATA, ROOT, save
from detection import Scene
from filming import HEIGHT, WIDTH, Film, make_film
from numpy.typing import NDArray
from redaction import DEFAULT_SCALE, DEFAULT_THRESHOLD, Point, _point, _read, _rounded, _share, _their_mask

import visavis
from visavis.faces import Box
from visavis.redaction.annotations import read_annotations
from visavis.redaction.covers import covers
from visavis.redaction.masks import Region
from visavis.redaction.missed import COVERED, hidden_share, mask_of
from visavis.redaction.watching import looker
from visavis.video.source import Video

SCENES = 24
THRESHOLDS = (0.02, 0.03, 0.05, 0.07, 0.1, 0.15, DEFAULT_THRESHOLD)
CLIPS = DATA / "video_ccby" / "asl_gestures"
PEER = """
import json, sys
import imageio.v2 as iio
from deface.centerface import CenterFace
network = CenterFace()
for frame in iio.get_reader(sys.argv[1]):
    found, _ = network(frame, threshold=0.02)
    print(json.dumps([[float(value) for value in row] for row in found]), flush=True)
"""

Mask = NDArray[np.uint8]


def main() -> None:
    """Measure, print and write results/video_covers.json."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--deface-python", help="leave it out to measure visavis alone")
    python = parser.parse_args().deface_python
    analyzer = visavis.Analyzer(threads=1)
    figures: dict[str, Any] = {"signers": _signers(analyzer)}
    with tempfile.TemporaryDirectory() as folder:
        film = make_film(Path(folder) / "film.mp4", SCENES)
        masks, price_ms = _our_masks(analyzer, film.path)
        ours = _covered(film, masks)
        figures["photos"] = {
            "frames": len(film.faces),
            "look_ms_720p": round(price_ms, 1),
            "visavis": _rounded(ours),
        }
        if python:
            theirs = _their_looks(python, film)
            curve = [_covered(film, _their_masks(film, theirs, threshold)) for threshold in THRESHOLDS]
            figures["photos"] |= {
                "deface": _rounded(curve[THRESHOLDS.index(DEFAULT_THRESHOLD)]),
                "deface_background_at_equal_recall": _share(_read(curve, ours.recall)),
                "deface_curve": {
                    f"{t:g}": _rounded(point) for t, point in zip(THRESHOLDS, curve, strict=True)
                },
            }
    save("video_covers", figures)


def _signers(analyzer: visavis.Analyzer) -> dict[str, Any]:
    """Faces marked by eye, and faces found at full size, that are not covered."""
    with (ROOT / "benchmarks" / "annotations" / "asl_gestures.csv").open("rb") as file:
        marked = read_annotations(file)
    missed = found = outside = frames = 0
    shares: list[float] = []
    picture: list[float] = []
    for path in sorted(CLIPS.glob("*.mkv")):
        video = Video(path)
        with ThreadPoolExecutor(2) as pool:
            faces = list(
                pool.map(analyzer.detect, (f.rgb(video.width, video.height) for f in video.frames()))
            )
        for number, mask in enumerate(_our_masks(analyzer, path)[0]):
            frames += 1
            picture.append(mask.mean() / 255)
            own = [hidden_share(mask, box) for box in marked.of(path.name, number)]
            shares += own
            missed += sum(share < COVERED for share in own)
            found += len(faces[number])
            outside += sum(hidden_share(mask, face.box) < COVERED for face in faces[number])
    return {
        "frames": frames,
        "marked_faces": len(shares),
        "marked_faces_uncovered": missed,
        "share_of_a_marked_face_covered": round(float(np.mean(shares)), 4),
        "least_share_of_a_marked_face_covered": round(min(shares), 4),
        "detections": found,
        "detections_outside_covers": outside,
        "share_of_the_picture_covered": round(float(np.mean(picture)), 4),
    }


def _our_masks(analyzer: visavis.Analyzer, path: Path) -> tuple[Iterator[Mask], float]:
    """What visavis covers in each frame, and the processor time of a look in milliseconds."""
    video, look = Video(path), looker(analyzer)
    looks, seconds = [], 0.0
    for number, frame in enumerate(video.frames()):
        start = time.thread_time()
        looks.append(look(frame, number, False))
        seconds += time.thread_time() - start
    covered = covers(looks, video.width, video.height)
    masks = (
        mask_of((Region(Box(*box)) for box in one.regions_xywh.tolist()), video.width, video.height)
        for one in covered
    )
    return masks, 1000 * seconds / len(looks)


def _their_looks(python: str, film: Film) -> list[NDArray[np.float64]]:
    """The boxes xyxy and scores (N, 5) of deface in each frame."""
    with subprocess.Popen([python, "-c", PEER, film.path], stdout=subprocess.PIPE, text=True) as peer:
        assert peer.stdout is not None
        return [np.array(json.loads(line)).reshape(-1, 5) for line in peer.stdout if line.startswith("[")]


def _their_masks(film: Film, looks: list[NDArray[np.float64]], threshold: float) -> Iterator[Mask]:
    for i, found in enumerate(looks):
        yield _their_mask(_scene(film, i), found[found[:, 4] > threshold], DEFAULT_SCALE)


def _covered(film: Film, masks: Iterator[Mask]) -> Point:
    """The share of faces that are covered, over all frames, and of the background."""
    return _point((_scene(film, i) for i in range(len(film.faces))), masks)


def _scene(film: Film, number: int) -> Scene:
    return Scene(film.path, (WIDTH, HEIGHT), film.faces[number])


if __name__ == "__main__":
    main()
