"""CompareFaces under several boto3 clients, against the library: a part of server.py.

Clients and server share the cores of one machine. So calls are counted for each processor second that the server could have
had: cores x seconds, less what the clients took, and less what programs took that have no part in this. The library's own is
counted in the same way: as many threads as the server has workers, the same photos, the same work (the largest face of one, all
faces of the other, their similarities), while nothing is asked of the server. The two take turns, and neighbours are
compared. Each begins a second before what is counted and ends a second after it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from serving import SMALL, Running, astronaut, hopper, machine_seconds, processor_seconds, spread

import visavis
from visavis.comparison import score_templates
from visavis.models.session import available_cpus

CLIENTS = 8
ROUNDS, COUNTED_S, LEAD_S = 6, 20.0, 1.0

Call = tuple[float, float]
"""When a call began and ended, by the machine's monotonic clock."""
Load = Callable[[float], Callable[[], list[Call]]]
"""Begins to call, for so many seconds, and gives what waits for the end of it."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The calls that ended within a span, and what was taken of the processors meanwhile, in seconds.

    own_s: by the library or the server; others_s: by programs without a part in this.
    """

    milliseconds: list[float]
    seconds: float
    own_s: float
    clients_s: float
    others_s: float

    @property
    def rate(self) -> float:
        """Calls for each processor second that was there."""
        there_s = available_cpus() * self.seconds - self.clients_s - self.others_s
        return len(self.milliseconds) / there_s


def throughput(server: Running) -> dict[str, Any]:
    """The figures, for results/server.json."""
    photos = astronaut(SMALL), hopper(SMALL)
    alone, served = [], []
    with _clients(server, *photos) as clients:
        library, asking = _library(*photos), _asking(clients)
        library(LEAD_S)()
        for _ in range(ROUNDS):
            alone.append(_count(library, os.getpid()))
            served.append(_count(asking, server.process.pid, [client.pid for client in clients]))
    taken = [ms for counted in served for ms in counted.milliseconds]
    median, slow = np.quantile(taken, (0.5, 0.99))
    return {
        "clients": CLIENTS,
        "workers": available_cpus(),
        "calls": len(taken),
        "times_the_librarys": spread([s.rate / a.rate for s, a in zip(served, alone, strict=True)], 3),
        "median_ms": round(float(median), 1),
        "p99_ms": round(float(slow), 1),
        "p99_times_median": round(float(slow / median), 2),
        "processor_ms_a_call": {
            "library": _a_call(alone, [counted.own_s for counted in alone]),
            "server": _a_call(served, [counted.own_s for counted in served]),
            "clients": _a_call(served, [counted.clients_s for counted in served]),
        },
        "share_of_the_machine_that_others_took": round(
            sum(counted.others_s for counted in (*alone, *served))
            / sum(available_cpus() * counted.seconds for counted in (*alone, *served)),
            2,
        ),
    }


def _count(load: Load, own: int, clients: Sequence[int] = ()) -> Counted:
    ended = load(COUNTED_S + 2 * LEAD_S)
    time.sleep(LEAD_S)
    began, before = time.monotonic(), _taken(own, clients)
    time.sleep(COUNTED_S)
    end, after = time.monotonic(), _taken(own, clients)
    within = [1000 * (stop - start) for start, stop in ended() if began <= stop < end]
    machine_s, own_s, clients_s = (after - before).tolist()
    return Counted(within, end - began, own_s, clients_s, max(0.0, machine_s - own_s - clients_s))


def _taken(own: int, clients: Sequence[int]) -> Any:
    return np.array([machine_seconds(), processor_seconds(own), sum(map(processor_seconds, clients))])


def _a_call(counted: Sequence[Counted], seconds: Sequence[float]) -> float:
    return round(1000 * sum(seconds) / sum(len(one.milliseconds) for one in counted), 1)


def _library(source: bytes, target: bytes) -> Load:
    analyzer = visavis.Analyzer()

    def compare() -> None:
        probe, faces = analyzer.largest(source), analyzer.analyze(target, most=100)
        for face in faces:
            assert probe.template is not None
            assert face.template is not None
            analyzer.calibration.similarity(score_templates(probe.template, face.template))

    def repeat(end: float) -> list[Call]:
        calls = []
        while (began := time.monotonic()) < end:
            compare()
            calls.append((began, time.monotonic()))
        return calls

    def begin(seconds: float) -> Callable[[], list[Call]]:
        pool, end = ThreadPoolExecutor(available_cpus()), time.monotonic() + seconds
        with_calls = [pool.submit(repeat, end) for _ in range(available_cpus())]
        return lambda: [call for thread in with_calls for call in thread.result()]

    return begin


def _asking(clients: Sequence[subprocess.Popen[str]]) -> Load:
    def begin(seconds: float) -> Callable[[], list[Call]]:
        for client in clients:
            print(seconds, file=client.stdin, flush=True)
        return lambda: [call for client in clients for call in json.loads(_line(client.stdout))]

    return begin


@contextmanager
def _clients(server: Running, *photos: bytes) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes of comparing_client.py that have called once."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        paths = [folder / f"{number}.jpg" for number in range(len(photos))]
        for path, photo in zip(paths, photos, strict=True):
            path.write_bytes(photo)
        script = Path(__file__).with_name("comparing_client.py")
        command = [sys.executable, str(script), server.endpoint, *map(str, paths)]
        environment = os.environ | {"AWS_SHARED_CREDENTIALS_FILE": server.credentials_file}
        clients = []
        for _ in range(CLIENTS):
            client = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
            )
            clients.append(stack.enter_context(client))
            stack.callback(client.kill)
        for client in clients:
            assert _line(client.stdout) == "ready\n"
        yield clients


def _line(stream: IO[str] | None) -> str:
    assert stream
    return stream.readline()
