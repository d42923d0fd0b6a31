"""Speed, as ratios against peers in the same run.

Every pair runs in turn, so that a machine's moods hit both alike; the median of
the ratios of neighbours is given with their spread. Peers: OpenCV's own classes
on the same weights, and dlib's recogniser. Nothing here needs the evaluation
data: the photos are made of a public-domain portrait.
"""

from __future__ import annotations

import io
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import skimage.data
from common import PlainPair, read_bgr, save, side_by_side
from numpy.typing import NDArray
from PIL import Image

import visavis
from visavis.geometry import intersection_over_union
from visavis.models.manifest import DEFAULT_DETECTOR, DEFAULT_RECOGNISER, find_manifest
from visavis.models.recogniser import Recogniser, align
from visavis.models.session import OpenVinoSession, best_precision
from visavis.models.weights import load_weights
from visavis.models.yunet import YuNet
from visavis.settings import model_folder

EYES_AND_MOUTH = np.array([[203, 103], [246, 103], [223, 127], [203, 142], [242, 143]], np.float32)
MANY = 48


def main() -> None:
    """Measure, print and write results/speed.json."""
    portrait = skimage.data.astronaut()
    results: dict[str, Any] = {"precision": best_precision()}
    results["template_one_thread"] = _template(portrait)
    results["detection_640_one_thread"] = _detection(portrait)
    results["compare_two_12_megapixel_jpegs"] = _compare(portrait)
    results["two_cores"] = _two_cores(portrait)
    results["start"] = _start(portrait)
    save("speed", results)


def _session(name: str, precision: str | None = None) -> OpenVinoSession:
    manifest = find_manifest(name, model_folder())
    return OpenVinoSession(load_weights(manifest, model_folder()), manifest, threads=1, precision=precision)


def _template(portrait: NDArray[np.uint8]) -> dict[str, Any]:
    aligned = align(Image.fromarray(portrait), EYES_AND_MOUTH)
    manifest = find_manifest(DEFAULT_RECOGNISER, model_folder())
    makers = {p: Recogniser(_session(DEFAULT_RECOGNISER, p), manifest) for p in {"f32", best_precision()}}
    cv2.setNumThreads(1)
    plain = PlainPair()
    blob = cv2.dnn.blobFromImage(aligned)

    def opencv() -> None:
        plain._network.setInput(blob, "data")  # noqa: SLF001
        plain._network.forward()  # noqa: SLF001

    functions: dict[str, Callable[[], object]] = {"opencv": opencv, "dlib": _dlib(portrait)}
    for precision, maker in makers.items():
        functions[precision] = partial(maker.templates, aligned[None])
    times = side_by_side(functions, rounds=60)
    ratios = {f"{p}_times_opencv": _ratio(times["opencv"], times[p]) for p in makers}
    ratios[f"{best_precision()}_times_dlib"] = _ratio(times["dlib"], times[best_precision()])
    return {**ratios, "median_ms": _medians(times)}


def _dlib(portrait: NDArray[np.uint8]) -> Callable[[], object]:
    import dlib
    import face_recognition_models

    box = dlib.rectangle(180, 65, 271, 175)
    shape = dlib.shape_predictor(face_recognition_models.pose_predictor_five_point_model_location())(
        portrait, box
    )
    network = dlib.face_recognition_model_v1(face_recognition_models.face_recognition_model_location())
    chip = dlib.get_face_chip(portrait, shape)
    return lambda: network.compute_face_descriptor(chip)


def _detection(portrait: NDArray[np.uint8]) -> dict[str, Any]:
    image = np.asarray(Image.fromarray(portrait).resize((640, 640), Image.Resampling.BICUBIC))
    image_bgr = np.ascontiguousarray(image[:, :, ::-1])
    yunet = YuNet(_session(DEFAULT_DETECTOR))
    cv2.setNumThreads(1)
    plain = PlainPair()
    times = side_by_side(
        {"opencv": lambda: plain.detect(image_bgr), "visavis": lambda: yunet.detect(image[None], 0.6)},
        rounds=60,
    )
    theirs = plain.detect(image_bgr)[:, :4].astype(np.float64)
    theirs[:, 2:] += theirs[:, :2]
    overlap = intersection_over_union(yunet.detect(image[None], 0.6)[0].xyxy, theirs).max(axis=1)
    whole = visavis.Analyzer(threads=1)
    everything = side_by_side({"detect": lambda: whole.detect(image)}, rounds=15)
    return {
        "one_pass_times_opencv": _ratio(times["opencv"], times["visavis"]),
        "iou_with_opencv": round(float(overlap.min()), 4),
        "median_ms": {**_medians(times), "visavis.detect, all passes": _medians(everything)["detect"]},
    }


def _compare(portrait: NDArray[np.uint8]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for i, quality in enumerate((90, 92)):
            path = Path(folder) / f"{i}.jpg"
            _twelve_megapixels(portrait).save(path, quality=quality)
            paths.append(path)
        cv2.setNumThreads(os.cpu_count() or 1)
        plain, analyzer = PlainPair(), visavis.Analyzer()

        def opencv(longest: int | None) -> float:
            templates = []
            for path in paths:
                image = read_bgr(path)
                if longest is not None:
                    scale = longest / max(image.shape)
                    image = cv2.resize(image, None, fx=scale, fy=scale)
                found = plain.detect(image)
                templates.append(plain.template(image, max(found, key=lambda face: face[2] * face[3])))
            return float(templates[0] @ templates[1])

        times = side_by_side(
            {
                "visavis": lambda: analyzer.compare(paths[0], paths[1]),
                "opencv_640": lambda: opencv(640),
                "opencv_full": lambda: opencv(None),
            },
            rounds=7,
            warm_up=2,
        )
    return {
        "times_opencv_resized_to_640": _ratio(times["opencv_640"], times["visavis"]),
        "times_opencv_without_resize": _ratio(times["opencv_full"], times["visavis"]),
        "median_ms": _medians(times),
    }


def _twelve_megapixels(portrait: NDArray[np.uint8]) -> Image.Image:
    """4000 x 3000 with grain, so that the file is as large as a camera's."""
    scene = Image.new("RGB", (4000, 3000), (96, 110, 120))
    scene.paste(Image.fromarray(portrait).resize((2400, 2400), Image.Resampling.BICUBIC), (800, 300))
    grain = np.random.default_rng(0).normal(0, 6, (3000, 4000, 1))
    return Image.fromarray((np.asarray(scene) + grain).clip(0, 255).astype(np.uint8))


def _two_cores(portrait: NDArray[np.uint8]) -> dict[str, Any]:
    """Beside what the machine itself gives: two processes that only count, against one."""
    buffer = io.BytesIO()
    Image.fromarray(portrait).resize((1600, 1600), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
    photos = [buffer.getvalue()] * MANY
    one, two = visavis.Analyzer(threads=1), visavis.Analyzer(threads=2)
    count = [sys.executable, "-c", "for i in range(30_000_000): pass"]

    def counting(processes: int) -> None:
        for running in [subprocess.Popen(count) for _ in range(processes)]:
            running.wait()

    times = side_by_side(
        {
            "one": lambda: list(one.analyze_many(photos)),
            "two": lambda: list(two.analyze_many(photos)),
            "count_once": lambda: counting(1),
            "count_twice": lambda: counting(2),
        },
        rounds=5,
        warm_up=1,
    )
    machine = [2 * once for once in times["count_once"]]
    return {
        "times_one_core": _ratio(times["one"], times["two"]),
        "of_which_the_machine_gives": _ratio(machine, times["count_twice"]),
        "photos": MANY,
    }


def _start(portrait: NDArray[np.uint8]) -> dict[str, Any]:
    """Whole processes: these are times, not ratios, and say as much about the machine."""
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "portrait.png"
        Image.fromarray(portrait).save(photo)
        times = side_by_side(
            {
                "python": lambda: _run("-c", "pass"),
                "import_visavis": lambda: _run("-c", "import visavis"),
                "detect_cold": lambda: _run("-m", "visavis", "detect", str(photo)),
            },
            rounds=9,
            warm_up=1,
        )
        big = Path(folder) / "big.jpg"
        _twelve_megapixels(portrait).save(big, quality=90)
        # Not ru_maxrss: a child's starts at its parent's.
        usage = "print(int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) // 1024)"
        peaks = {}
        for name, call in (
            ("detect", f"detect({str(big)!r})"),
            ("compare", f"compare({str(big)!r}, {str(big)!r})"),
        ):
            code = f"import visavis; visavis.{call}; {usage}"
            run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
            peaks[name] = int(run.stdout)
    return {"median_ms": _medians(times), "peak_memory_mb_12_megapixel_jpeg": peaks}


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def _ratio(peer_ms: list[float], ours_ms: list[float]) -> dict[str, float]:
    """How many times faster ours is: median, and the middle half, of neighbours' ratios."""
    low, median, high = np.quantile(np.array(peer_ms) / np.array(ours_ms), (0.25, 0.5, 0.75))
    return {"median": round(float(median), 2), "quartiles": [round(float(low), 2), round(float(high), 2)]}  # type: ignore[dict-item]


def _medians(times: dict[str, list[float]]) -> dict[str, float]:
    return {name: round(float(np.median(values)), 1) for name, values in times.items()}


if __name__ == "__main__":
    started = time.perf_counter()
    main()
    print(
        f"{time.perf_counter() - started:.0f} s, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB"
    )
