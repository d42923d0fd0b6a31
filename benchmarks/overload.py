"""Ten times the load that the server can bear, for two minutes: who is refused, how soon, and what it takes of memory.

First as many clients as have room (a worker, and its queue) ask one call after the other: what is answered then, the server can
bear. Then ten times as many calls a second are sent, whatever becomes of them, each on a connection that is free. They are
CompareFaces of two photos of 200 kB, signed once: a signature holds for 15 minutes. The client is one process that runs beside
the server at the same priority, so that its own waiting for a processor counts against the server; what it takes is noted.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import configparser
import json
import os
import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.request import urlopen

import numpy as np
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from common import save
from serving import REGION, SMALL, Running, astronaut, hopper, machine_seconds, processor_seconds, serving

from visavis.models.session import available_cpus
from visavis.rekognition.wire import CONTENT_TYPE
from visavis.server.limits import Limits

TIMES, SECONDS, BEARABLE_S = 10, 120, 15
ACCEPTED, REFUSED, FAILED = "accepted", "refused", "failed"
MiB = 2**20


@dataclass(slots=True)
class Client:
    """Sends one request again and again, on connections of its own. answers: (what became of it, milliseconds)."""

    port: int
    request: bytes
    answers: list[tuple[str, float]] = field(default_factory=list)
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    async def ask(self) -> None:
        """Send it once, and note what became of it."""
        began = time.perf_counter()
        try:
            outcome = await self._asked()
        except (OSError, EOFError):
            outcome = FAILED
        self.answers.append((outcome, 1000 * (time.perf_counter() - began)))

    async def _asked(self) -> str:
        connection = self.idle.pop() if self.idle else await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = connection
        writer.write(self.request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        assert length
        body = await reader.readexactly(int(length[1]))
        await writer.drain()
        self.idle.append(connection)
        if head.startswith(b"HTTP/1.1 200"):
            return ACCEPTED
        return REFUSED if json.loads(body)["__type"] == "ThrottlingException" else FAILED


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
    port, request = int(server.endpoint.rpartition(":")[2]), _signed(server)
    bearable = await _bearable(Client(port, request))
    client, rate = Client(port, request), TIMES * bearable
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


def _signed(server: Running) -> bytes:
    """The bytes of one request."""
    parser = configparser.ConfigParser()
    parser.read(server.credentials_file)
    key = parser["default"]
    photos = {"SourceImage": astronaut(SMALL), "TargetImage": hopper(SMALL)}
    images = {name: {"Bytes": base64.b64encode(photo).decode()} for name, photo in photos.items()}
    body = json.dumps(images).encode()
    headers = {"Content-Type": CONTENT_TYPE, "X-Amz-Target": "RekognitionService.CompareFaces"}
    request = AWSRequest("POST", server.endpoint, headers, body)
    credentials = Credentials(key["aws_access_key_id"], key["aws_secret_access_key"])
    SigV4Auth(credentials, "rekognition", REGION).add_auth(request)
    host = server.endpoint.rpartition("/")[2]
    lines = ["POST / HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


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
