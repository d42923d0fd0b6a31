"""A server to measure: `visavis serve` as a process, what it takes of the machine, and photos to send it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import matplotlib as mpl
import numpy as np
import skimage.data
from botocore.config import Config
from numpy.typing import NDArray
from PIL import Image

REGION = "local"
CALLS_PER_SECOND = 100_000
"""A key's rate, out of the way: what the server can bear is measured, not what one key may ask."""

Form = tuple[int, int, int]
SMALL, LARGE = (1200, 900, 200_000), (4000, 3000, 5 * 2**20)
"""Photos of 200 kB and of 5 MB, the most that a call may hold: width, height, and how many bytes at most."""

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_GRAIN = 6
_PATIENCE_S = 60


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers. credentials_file: of a key for everything, in the form of AWS's tools."""

    process: subprocess.Popen[str]
    endpoint: str
    credentials_file: str

    def client(self) -> Any:
        """A client for it that asks once."""
        os.environ["AWS_SHARED_CREDENTIALS_FILE"] = self.credentials_file
        return client(self.endpoint)

    def resident_bytes(self) -> int:
        """What it holds of the machine's memory."""
        return 1024 * int(_status(self.process.pid)["VmRSS"].split()[0])

    def peak_bytes(self) -> int:
        """The most that it ever held."""
        return 1024 * int(_status(self.process.pid)["VmHWM"].split()[0])


@contextmanager
def serving() -> Iterator[Running]:
    """`visavis serve`, with its state in a temporary folder and as many workers as it takes by itself."""
    with tempfile.TemporaryDirectory() as home, (Path(home) / "log").open("w") as log:
        settings = {"VISAVIS_HOME": home, "VISAVIS_CALLS_PER_SECOND": str(CALLS_PER_SECOND)}
        command = [sys.executable, "-m", "visavis", "serve", "--port", "0", "--json"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env=os.environ | settings
        ) as process:
            assert process.stdout
            try:
                said = "".join(iter(process.stdout.readline, "}\n")) + "}"
                yield Running(process, **json.loads(said))
            finally:
                process.terminate()
                process.wait(_PATIENCE_S)


@contextmanager
def null_server() -> Iterator[tuple[int, str]]:
    """A server that reads each request and does nothing: its process and its endpoint."""
    command = [sys.executable, str(Path(__file__).with_name("null_server.py"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.pid, process.stdout.readline().strip()
        finally:
            process.kill()


def client(endpoint: str) -> Any:
    """boto3 for an endpoint; it asks once."""
    once = Config(retries={"total_max_attempts": 1}, read_timeout=_PATIENCE_S)
    return boto3.client("rekognition", endpoint_url=endpoint, region_name=REGION, config=once)


def spread(values: Sequence[float] | NDArray[np.float64], digits: int = 1) -> dict[str, Any]:
    """Median and middle half."""
    low, median, high = np.round(np.quantile(values, (0.25, 0.5, 0.75)), digits).tolist()
    return {"median": median, "quartiles": [low, high]}


def processor_seconds(pid: int) -> float:
    """What a process has taken of the processor so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def machine_seconds() -> float:
    """What everything on the machine has taken of its processors so far, and what its host took from it."""
    user, nice, system, _idle, _waiting, interrupts, soft, stolen, *_ = (
        int(ticks) for ticks in Path("/proc/stat").read_text("ascii").splitlines()[0].split()[1:]
    )
    return (user + nice + system + interrupts + soft + stolen) / _TICKS_PER_SECOND


def astronaut(form: Form) -> bytes:
    """A JPEG of one public-domain portrait: see `photo_of`."""
    return photo_of(Image.fromarray(skimage.data.astronaut()), form)


def hopper(form: Form) -> bytes:
    """The same of another."""
    path = Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    return photo_of(Image.open(path), form)


def photo_of(portrait: Image.Image, form: Form) -> bytes:
    """A portrait before a wall, with grain as cameras make it, as the best JPEG within those bytes."""
    width, height, most_bytes = form
    scene = Image.new("RGB", (width, height), (96, 110, 120))
    tall = portrait.resize(
        (round(portrait.width * height / portrait.height), height), Image.Resampling.BICUBIC
    )
    scene.paste(tall, ((width - tall.width) // 2, 0))
    grain = np.random.default_rng(0).normal(0, _GRAIN, (height, width, 1))
    picture = Image.fromarray((np.asarray(scene) + grain).clip(0, 255).astype(np.uint8))

    def encoded(quality: int) -> bytes:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality)
        return file.getvalue()

    return encoded(bisect_right(range(101), most_bytes, key=lambda quality: len(encoded(quality))) - 1)


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
