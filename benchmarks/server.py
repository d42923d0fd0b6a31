"""What the server adds to the library: CompareFaces under 8 boto3 clients (throughput.py), DetectFaces for one.

For DetectFaces the library alone, boto3 on a server that does nothing, and boto3 on the server take turns, call by call:
what the server adds is its time less that of the two beside it. That is a small difference of large numbers, so it is told in
processor time as well, and besides for as many bytes that are no photo: all that the server does but decoding and detection.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
from botocore.exceptions import ClientError
from common import save, side_by_side
from serving import (
    LARGE,
    SMALL,
    Running,
    astronaut,
    client,
    null_server,
    processor_seconds,
    serving,
    spread,
)
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
    served = server.client()
    with null_server() as (null_pid, endpoint):
        null = client(endpoint)
        return {
            size: _overhead(astronaut(form), rounds, (server.process.pid, served), (null_pid, null))
            for size, (form, rounds) in DETECTIONS.items()
        }


def _overhead(photo: bytes, rounds: int, served: tuple[int, Any], null: tuple[int, Any]) -> dict[str, Any]:
    """served, null: each a server's process and a client for it."""
    analyzer, image = visavis.Analyzer(), {"Bytes": photo}
    assert len(served[1].detect_faces(Image=image)["FaceDetails"]) == 1
    functions: dict[str, Callable[[], object]] = {
        "library": lambda: analyzer.detect(photo),
        "boto3_on_a_null_server": lambda: null[1].detect_faces(Image=image),
        "boto3_on_the_server": lambda: served[1].detect_faces(Image=image),
    }
    times = side_by_side(functions, rounds)
    library, nothing, everything = map(np.array, times.values())
    processors = [
        _processor_ms(pid, function, rounds)
        for pid, function in zip((os.getpid(), null[0], served[0]), functions.values(), strict=True)
    ]
    return {
        "bytes": len(photo),
        "added_ms": spread(everything - library - nothing),
        "median_ms": {name: round(float(np.median(values)), 1) for name, values in times.items()},
        "processor_ms": {
            "added": round(processors[2] - processors[0] - processors[1], 1),
            "library": round(processors[0], 1),
        },
        "no_photo": _without_photo(os.urandom(len(photo)), rounds, served, null),
    }


def _without_photo(
    junk: bytes, rounds: int, served: tuple[int, Any], null: tuple[int, Any]
) -> dict[str, Any]:
    """What the server takes over a null server to refuse bytes that are no photo."""

    def ask(client: Any) -> None:
        with suppress(ClientError):
            client.detect_faces(Image={"Bytes": junk})

    functions: dict[str, Callable[[], object]] = {
        name: partial(ask, asked) for name, (_, asked) in {"null": null, "server": served}.items()
    }
    nothing, everything = map(np.array, side_by_side(functions, rounds).values())
    processors = [
        _processor_ms(pid, functions[name], rounds)
        for name, (pid, _) in {"null": null, "server": served}.items()
    ]
    return {"added_ms": spread(everything - nothing), "processor_ms": round(processors[1] - processors[0], 1)}


def _processor_ms(pid: int, function: Callable[[], object], rounds: int) -> float:
    """What a process takes of the processor for a call of this function."""
    before = processor_seconds(pid)
    for _ in range(rounds):
        function()
    return 1000 * (processor_seconds(pid) - before) / rounds


if __name__ == "__main__":
    main()
