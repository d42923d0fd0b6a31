"""Folders of very many photos: `visavis redact` and `visavis enrol` from nothing, and once more when nothing is left to do.

    python benchmarks/bulk.py [--photos 20000]

The photos are some dozens of small ones, of two public-domain portraits, under as many names as asked for. The models do not look at them, each is said to
show one face: measured is everything else, as models take the same time for the first photo and the last. How many cores are wanted with them is
measured besides, on a few photos. Every command is a process of its own, whose memory is looked at ten times a second.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from common import ROOT, save
from PIL import Image

sys.path.insert(0, str(ROOT / "tests"))

from blind import without_models
from conftest import _within
from registries import PURPOSE, registry_at

import visavis.cli
from visavis.consent.terms import Terms
from visavis.models.session import available_cpus
from visavis.services import galleries
from visavis.services.consents import Given, give_many

DIFFERENT, IN_A_FOLDER, OF_A_PERSON, WITH_MODELS = 40, 1_000, 10, 200
GALLERY = "everybody"
LOOK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Run:
    """A command that ended. memory_mb: of its process, look by look; busy_s: of all its threads, on a core or waiting for one that others have."""

    seconds: float
    busy_s: float
    memory_mb: list[float]
    said: Any

    def told(self, photos: int) -> dict[str, float]:
        """What is worth keeping of it. memory_grew_mb: from the first fifth of the run to its end."""
        early = max(self.memory_mb[: max(1, len(self.memory_mb) // 5)])
        return {
            "seconds": round(self.seconds, 1),
            "photos_a_second": round(photos / self.seconds),
            "cores_wanted": round(self.busy_s / self.seconds, 2),
            "memory_mb": round(max(self.memory_mb)),
            "memory_grew_mb": round(max(self.memory_mb) - early),
        }


def main() -> None:
    """Measure, print and write results/bulk.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=20_000)
    parser.add_argument("--run", nargs=argparse.REMAINDER, help="a command of visavis, without models")
    asked = parser.parse_args()
    if asked.run:
        run_without_models(asked.run)
    photos = asked.photos
    with tempfile.TemporaryDirectory(prefix="visavis-bulk-") as name:
        folder = Path(name)
        different = portraits(folder / "different")
        save(
            "bulk",
            {
                "photos": photos,
                "cores": available_cpus(),
                "redact": redacting(folder / "a", different, photos),
                "enrol": enrolling(folder / "b", different, photos),
                "with_models": {
                    "photos": WITH_MODELS,
                    "redact": redacting(folder / "c", different, WITH_MODELS, models=True)["first"],
                    "enrol": enrolling(folder / "d", different, WITH_MODELS, models=True)["first"],
                },
            },
        )


def portraits(folder: Path) -> list[Path]:
    """Photos of 20 kB or so, no two the same, each with a face that can be enrolled."""
    folder.mkdir()
    sources = (
        _within("skimage", "data", "astronaut.png"),
        _within("matplotlib", "mpl-data", "sample_data", "grace_hopper.jpg"),
    )
    random = np.random.default_rng(0)
    made = []
    for i in range(DIFFERENT):
        with Image.open(sources[i % 2]) as opened:
            image = opened.convert("RGB")
        left, top = (int(value) for value in random.integers(0, 60, 2))
        image = image.crop((left, top, left + 420, top + 420)).resize((320, 320))
        made.append(folder / f"{i}.jpg")
        image.save(made[-1], quality=int(random.integers(80, 95)))
    return made


def redacting(folder: Path, different: list[Path], photos: int, *, models: bool = False) -> dict[str, Any]:
    """`visavis redact FOLDER FOLDER`, twice."""
    source, home = folder / "photos", folder / "redacting"
    for i in range(photos):
        place(different[i % DIFFERENT], source / f"{i // IN_A_FOLDER:04}" / f"{i:06}.jpg")
    command = ["redact", str(source), str(folder / "out"), "--json"]
    runs = [watched(home, command, models=models) for _ in range(2)]
    done = [[entry["done_before"] for entry in run.said["files"]] for run in runs]
    assert done == [[False] * photos, [True] * photos]
    lists = sum(file.stat().st_size for file in home.glob("redactions*"))
    return named(runs, photos) | {"list_bytes_a_photo": round(lists / photos, 1)}


def enrolling(folder: Path, different: list[Path], photos: int, *, models: bool = False) -> dict[str, Any]:
    """`visavis enrol GALLERY --folder FOLDER`, twice. Two faces cannot be so many people: --confirm says that they are."""
    source, home = folder / "people", folder / "enrolling"
    people = [f"p-{i:06}" for i in range(-(-photos // OF_A_PERSON))]
    for i in range(photos):
        place(different[i % DIFFERENT], source / people[i // OF_A_PERSON] / f"{i:06}.jpg")
    home.mkdir(parents=True)
    with registry_at(home) as registry:
        galleries.create(registry, GALLERY, PURPOSE)
        give_many(registry, [Given(person, PURPOSE, Terms()) for person in people])
    command = ["enrol", GALLERY, "--folder", str(source), "--confirm", "--json"]
    runs = [watched(home, command, models=models) for _ in range(2)]
    known = [[entry["known"] for entry in run.said] for run in runs]
    assert known == [[False] * photos, [True] * photos]
    return named(runs, photos)


def place(photo: Path, path: Path) -> None:
    """A photo under another name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.hardlink_to(photo)


def named(runs: list[Run], photos: int) -> dict[str, Any]:
    """The first run and the second."""
    return {name: run.told(photos) for name, run in zip(("first", "again"), runs, strict=True)}


def run_without_models(words: list[str]) -> None:
    """A command to which every photo shows one face, in the middle."""
    with without_models(), mock.patch.object(sys, "argv", ["visavis", *words]):
        visavis.cli.main()


def watched(home: Path, words: list[str], *, models: bool) -> Run:
    """A command in a process of its own."""
    command = [sys.executable, *(("-m", "visavis") if models else (__file__, "--run")), *words]
    with tempfile.TemporaryFile() as out:
        began, busy, memory = time.perf_counter(), 0.0, [0.0]
        with subprocess.Popen(command, stdout=out, env=os.environ | {"VISAVIS_HOME": str(home)}) as process:
            while process.poll() is None:
                memory.append(resident_mb(process.pid) or memory[-1])
                busy = max(busy, busy_seconds(process.pid))
                time.sleep(LOOK_EVERY_S)
        seconds = time.perf_counter() - began
        assert process.returncode == 0, process.returncode
        out.seek(0)
        return Run(seconds, busy, memory, json.load(out))


def busy_seconds(process: int) -> float:
    """How long the threads that a process has now were on a core, or waited for one: what others take of the machine is no idleness."""
    total = 0
    for thread in Path(f"/proc/{process}/task").glob("*/schedstat"):
        with suppress(OSError):  # it is over
            total += sum(map(int, thread.read_text().split()[:2]))
    return total / 1e9


def resident_mb(process: int) -> float:
    """The memory that a process takes; 0 of one that is over."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
