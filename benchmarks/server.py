"""What the server adds to the library: CompareFaces under 8 boto3 clients (throughput.py), DetectFaces for one.

For DetectFaces the library alone, boto3 on a server that does nothing, and boto3 on the server take turns, call by call:
what the server adds is its time less that of the two beside it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from common import save, side_by_side
from serving import LARGE, SMALL, Running, astronaut, client, null_server, serving, spread
from throughput import throughput

import visavis

DETECTIONS = {"200_kB": (SMALL, 60), "5_MB": (LARGE, 30)}


def main() -> None:
    """Measure, print and write results/server.json."""
    before = os.getloadavg()
    with serving() as server:
        results = {"detect_faces": _overheads(server), "compare_faces": throughput(server)}
    save("server", {"load_averages": {"before": before, "after": os.getloadavg()}, **results})


def _overheads(server: Running) -> dict[str, Any]:
    analyzer, served = visavis.Analyzer(), server.client()
    with null_server() as endpoint:
        null = client(endpoint)
        return {
            size: _overhead(astronaut(form), rounds, analyzer, null, served)
            for size, (form, rounds) in DETECTIONS.items()
        }


def _overhead(
    photo: bytes, rounds: int, analyzer: visavis.Analyzer, null: Any, served: Any
) -> dict[str, Any]:
    image = {"Bytes": photo}
    assert len(served.detect_faces(Image=image)["FaceDetails"]) == 1
    functions: dict[str, Callable[[], object]] = {
        "library": lambda: analyzer.detect(photo),
        "boto3_on_a_null_server": lambda: null.detect_faces(Image=image),
        "boto3_on_the_server": lambda: served.detect_faces(Image=image),
    }
    times = side_by_side(functions, rounds)
    library, nothing, everything = map(np.array, times.values())
    return {
        "bytes": len(photo),
        "added_ms": spread(everything - library - nothing),
        "median_ms": {name: round(float(np.median(values)), 1) for name, values in times.items()},
    }


if __name__ == "__main__":
    main()
