from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from visavis.models.manifest import DEFAULT_DETECTOR, DEFAULT_RECOGNISER, find_manifest
from visavis.models.session import OpenVinoSession, available_cpus
from visavis.models.weights import load_weights


def compiled(name: str, threads: int) -> OpenVinoSession:
    manifest = find_manifest(name, Path("absent"))
    return OpenVinoSession(load_weights(manifest, Path("absent")), manifest, threads=threads)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "output"), [(DEFAULT_RECOGNISER, "fc1"), (DEFAULT_DETECTOR, "kps_8")])
def test_every_compilation_yields_the_same_network(name: str, output: str) -> None:
    """With several streams, OpenVINO's own reading of these files sometimes compiles wrong weights."""
    side = 112 if name == DEFAULT_RECOGNISER else 192
    image = np.random.default_rng(1).integers(0, 255, (1, side, side, 3), np.uint8)
    expected = compiled(name, 1).run(image)[output].copy()
    for _ in range(6):
        np.testing.assert_array_equal(compiled(name, 2).run(image)[output], expected)


@pytest.mark.skipif(sys.platform != "linux", reason="reads its memory from /proc")
def test_photos_of_ever_other_sizes_do_not_fill_the_memory() -> None:
    detector = compiled(DEFAULT_DETECTOR, 1)
    sizes = [(32 * high, 32 * wide) for high in range(1, 13) for wide in range(1, 13)]
    resident = []
    for height, width in sizes:
        detector.run(np.zeros((1, height, width, 3), np.uint8))
        status = Path("/proc/self/status").read_text("utf-8")
        resident.append(int(status.split("VmRSS:")[1].split()[0]) // 1024)
    assert resident[-1] - resident[48] < 100, "MiB, of 250 where every size is remembered"


@pytest.mark.slow
def test_threads_do_not_disturb_each_other() -> None:
    shared = compiled(DEFAULT_RECOGNISER, 2)
    images = np.random.default_rng(2).integers(0, 255, (12, 1, 112, 112, 3), np.uint8)
    alone = [shared.run(image)["fc1"].copy() for image in images]

    def repeated(i: int) -> NDArray[np.float32]:
        return shared.run(images[i % 12])["fc1"].copy()

    with ThreadPoolExecutor(4) as pool:
        for i, result in enumerate(pool.map(repeated, range(120))):
            np.testing.assert_array_equal(result, alone[i % 12])


NO_NETWORK = """
import sys
def forbid(event, arguments):
    if event.startswith("socket.") and event not in ("socket.__new__", "socket.gethostname"):
        raise SystemExit(f"the network was touched: {event}")
sys.addaudithook(forbid)
from pathlib import Path
import skimage.data, visavis
visavis.detect(skimage.data.astronaut())
visavis.compare(skimage.data.astronaut(), skimage.data.astronaut())
loaded = [name for name in sys.modules if "telemetry" in name and "stub" not in name]
loaded.remove("openvino.tools.ovc.telemetry_params")
loaded.remove("openvino.tools.ovc.telemetry_utils")
assert not loaded, loaded
"""


def test_nothing_is_sent_anywhere(tmp_path: Path) -> None:
    """OpenVINO reports its import unless kept from it: neither its telemetry nor any socket is used."""
    run = subprocess.run(
        [sys.executable, "-c", NO_NETWORK],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(tmp_path), "PATH": ""},
    )
    assert run.returncode == 0, run.stderr
    assert list(tmp_path.iterdir()) == [], "nothing is left in the home folder"


@pytest.mark.parametrize(
    ("limits", "cpus"), [("150000 100000", 2), ("50000 100000", 1), ("max 100000", 8), ("nonsense", 8)]
)
def test_a_container_quota_counts(monkeypatch: pytest.MonkeyPatch, limits: str, cpus: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(Path, "read_text", lambda *_: limits)
    assert available_cpus() == cpus


def test_colour_order_and_normalisation_are_the_manifests() -> None:
    """SFace fed BGR silently works worse, so the order must make a difference."""
    image = np.zeros((1, 112, 112, 3), np.uint8)
    image[..., 0] = 200
    swapped = image[..., ::-1].copy()
    network = compiled(DEFAULT_RECOGNISER, 1)
    assert not np.allclose(network.run(image)["fc1"].copy(), network.run(swapped)["fc1"].copy(), atol=0.1)
