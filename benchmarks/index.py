"""The index of templates: how near its search comes to the memory's speed, and how much memory it takes.

A search reads every template once, so the fastest it could be is the time to read them: NumPy's sum over the
same bytes, on one thread, in turn with the search. NumPy sums numbers of some types faster than others, so each
type has its ratio; the strictest is the one that matters.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from common import save, side_by_side
from numpy.typing import NDArray

from visavis.store.index import TemplateIndex

TEMPLATES, DIMENSIONS, BATCH = 1_000_000, 128, 8192
VECTOR_BYTES = TEMPLATES * DIMENSIONS * 2
PROBES, COUNT = 200, 10
SUMMED_AS = ("float32", "float64", "int64", "uint64")


def main() -> None:
    """Measure, print and write results/index.json."""
    results: dict[str, Any] = {
        "templates": TEMPLATES,
        "dimensions": DIMENSIONS,
        "fp16_mb": VECTOR_BYTES / 1e6,
    }
    results["memory"] = _memory()
    index, vectors = TemplateIndex(DIMENSIONS), np.empty((TEMPLATES, DIMENSIONS), np.float32)
    for rows, batch in batches():
        index.add(rows, batch)
        vectors[rows] = batch
    results["exact"] = _exact(index, vectors)
    del vectors
    results["search"] = _search(index)
    results["remove_10_rows_ms"] = _remove(index)
    save("index", results)


def batches() -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Random templates and their rows, as they would come from the tables."""
    random = np.random.default_rng(0)
    for start in range(0, TEMPLATES, BATCH):
        rows = np.arange(start, min(start + BATCH, TEMPLATES))
        yield rows, _units(random, len(rows))


def fill_and_weigh() -> None:
    """Fill an index in this process, and print its growth in bytes, at the end and at the highest, batches included."""
    row, template = np.zeros(1, np.int64), np.eye(1, DIMENSIONS, dtype=np.float32)
    TemplateIndex(DIMENSIONS).add(row, template)  # loads FAISS
    ctypes.CDLL(None).malloc_trim(0)  # what loading left free, and the index would grow into unseen
    before = _status("VmRSS")
    index = TemplateIndex(DIMENSIONS)
    for rows, batch in batches():
        index.add(rows, batch)
    print(_status("VmRSS") - before, _status("VmHWM") - before, len(index))


def _status(name: str) -> int:
    text = Path("/proc/self/status").read_text("utf-8")
    return 1024 * int(text.split(f"{name}:")[1].split()[0])


def _memory() -> dict[str, Any]:
    run = subprocess.run(
        [sys.executable, "-c", "import index; index.fill_and_weigh()"],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parent,
    )  # fmt: skip
    growth, peak, _ = map(int, run.stdout.split())
    return {
        "growth_mb": round(growth / 1e6),
        "peak_growth_mb": round(peak / 1e6),
        "growth_times_fp16": round(growth / VECTOR_BYTES, 3),
        "peak_growth_times_fp16": round(peak / VECTOR_BYTES, 3),
    }


def _exact(index: TemplateIndex, vectors: NDArray[np.float32]) -> dict[str, Any]:
    """Whether the proposed rows, scored again in fp32, give the ten that brute force in fp32 gives.

    Half of the probes are random, half lie close to a template.
    """
    random = np.random.default_rng(1)
    probes = _units(random, PROBES)
    near = vectors[random.integers(0, TEMPLATES, PROBES // 2)] + 0.5 * probes[: PROBES // 2]
    probes[: PROBES // 2] = near / np.linalg.norm(near, axis=1, keepdims=True)
    equal, proposed = 0, []
    for probe in probes:
        rows = index.propose(probe, COUNT)
        ours = rows[np.argsort(-(vectors[rows] @ probe), kind="stable")][:COUNT]
        scores = vectors @ probe
        best = np.argpartition(scores, -COUNT)[-COUNT:]
        equal += set(ours.tolist()) == set(best.tolist())
        proposed.append(len(rows))
    return {
        "probes": PROBES,
        "top_10_equal_to_fp32": equal,
        "rows_proposed": {"median": float(np.median(proposed)), "most": max(proposed)},
    }


def _search(index: TemplateIndex) -> dict[str, Any]:
    probe = _units(np.random.default_rng(2), 1)[0]
    memory = np.random.default_rng(3).standard_normal(VECTOR_BYTES // 4, np.float32)
    sums = {name: partial(np.sum, memory.view(name)) for name in SUMMED_AS}
    with np.errstate(all="ignore"):  # the bytes of two float32 as a float64 are any number
        times = side_by_side({"search": partial(index.propose, probe, COUNT), **sums}, rounds=60)
    return {
        "times_numpy_sum_as": {name: _ratio(times[name], times["search"]) for name in SUMMED_AS},
        "median_ms": {name: round(float(np.median(values)), 1) for name, values in times.items()},
        "median_gb_per_second": {
            name: round(VECTOR_BYTES / 1e6 / float(np.median(values)), 1) for name, values in times.items()
        },
    }


def _remove(index: TemplateIndex) -> float:
    random, times = np.random.default_rng(4), []
    for _ in range(20):
        rows = random.integers(0, TEMPLATES, 10)
        start = time.perf_counter()
        index.remove(rows)
        times.append(1000 * (time.perf_counter() - start))
    return round(float(np.median(times)), 1)


def _units(random: np.random.Generator, count: int) -> NDArray[np.float32]:
    vectors = random.standard_normal((count, DIMENSIONS), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def _ratio(peer_ms: list[float], ours_ms: list[float]) -> dict[str, Any]:
    """Our speed in parts of the peer's: median, and the middle half, of neighbours' ratios."""
    low, median, high = np.quantile(np.array(peer_ms) / np.array(ours_ms), (0.25, 0.5, 0.75))
    return {"median": round(float(median), 2), "quartiles": [round(float(low), 2), round(float(high), 2)]}


if __name__ == "__main__":
    main()
