"""Ten times the load that the server can bear, for two minutes: who is refused, how soon, and what it takes of memory.

First as many clients as have room (a worker, and its queue) ask one call after the other: what is answered then, the server can
bear. Then ten times as many calls a second are sent, whatever becomes of them, each on a connection that is free. They are
CompareFaces of two photos of 200 kB, of a dozen sizes in turn, signed once. The client is one process beside the server at the
same priority, so that its own waiting for a processor counts against the server; what it takes is noted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from itertools import cycle
from typing import Any
from urllib.request import urlopen

import numpy as np
from common import save
from flood import ACCEPTED, FAILED, REFUSED, Client, signed
from serving import SMALL, Running, machine_seconds, processor_seconds, serving

from visavis.models.session import available_cpus
from visavis.server.limits import Limits

TIMES, SECONDS, BEARABLE_S = 10, 120, 15
WIDTHS = range(900, 1500, 50)
MiB = 2**20


def main() -> None:
    """Overload a server, print what was seen and write results/overload.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    seconds = parser.parse_args().seconds
    before = os.getloadavg()
    with serving() as server:
        results = asyncio.run(_overloaded(server, seconds))
        with urlopen(f"{server.endpoint}/readyz") as answer:  # noqa: S310  the server that was just started
            assert answer.status == 200
        assert server.process.poll() is None
    save("overload", {"load_averages": {"before": before, "after": os.getloadavg()}, **results})


async def _overloaded(server: Running, seconds: int) -> dict[str, Any]:
    port = int(server.endpoint.rpartition(":")[2])
    requests = cycle([signed(server, (width, *SMALL[1:])) for width in WIDTHS])
    bearable = await _bearable(Client(port, requests))
    client, rate = Client(port, requests), TIMES * bearable
    resident = [server.resident_bytes()]
    began, machine = time.monotonic(), _taken(server)
    async with asyncio.TaskGroup() as calls:
        watching = asyncio.create_task(_watch(server, resident))
        for number in range(round(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            calls.create_task(client.ask())
        watching.cancel()
    took = time.monotonic() - began
    shares = (_taken(server) - machine) / (available_cpus() * took)
    accepted, refused = _times(client, ACCEPTED), _times(client, REFUSED)
    return {
        "bearable_calls_a_second": round(bearable, 1),
        "sent_a_second": round(len(client.answers) / took, 1),
        "seconds": round(took),
        "connections": len(client.idle),
        ACCEPTED: {"calls_a_second": round(len(accepted) / took, 1), **_milliseconds(accepted)},
        REFUSED: _milliseconds(refused),
        FAILED: len(_times(client, FAILED)),
        "an_accepted_call_may_wait_ms": round(2000 * Limits().wait_s),
        "resident_MiB": {
            "before": round(resident[0] / MiB),
            "in_the_first_quarter": _median_mib(resident[: len(resident) // 4]),
            "in_the_last_quarter": _median_mib(resident[-len(resident) // 4 :]),
            "peak": round(server.peak_bytes() / MiB),
        },
        "share_of_the_machine": dict(zip(("all", "server", "client"), shares.round(2).tolist(), strict=True)),
    }


async def _bearable(client: Client) -> float:
    """Calls a second that are answered where nobody is refused."""
    limits = Limits(workers=available_cpus())
    end = time.monotonic() + BEARABLE_S

    async def repeat() -> None:
        while time.monotonic() < end:
            await client.ask()

    began = time.monotonic()
    await asyncio.gather(*(repeat() for _ in range(limits.workers * (1 + limits.queue))))
    assert {outcome for outcome, _ in client.answers} == {ACCEPTED}
    return len(client.answers) / (time.monotonic() - began)


async def _watch(server: Running, resident: list[int]) -> None:
    while True:
        await asyncio.sleep(1)
        resident.append(server.resident_bytes())


def _taken(server: Running) -> Any:
    return np.array(
        [machine_seconds(), processor_seconds(server.process.pid), processor_seconds(os.getpid())]
    )


def _times(client: Client, wanted: str) -> list[float]:
    return [ms for outcome, ms in client.answers if outcome == wanted]


def _milliseconds(values: list[float]) -> dict[str, float]:
    if not values:
        return {"calls": 0}
    median, slow = np.quantile(values, (0.5, 0.99)).round(1).tolist()
    return {"calls": len(values), "median_ms": median, "p99_ms": slow, "most_ms": round(max(values), 1)}


def _median_mib(values: list[int]) -> int:
    return round(float(np.median(values)) / MiB)


if __name__ == "__main__":
    main()
