"""A server on loopback that answers CompareFaces from a table, and fails as it is told to."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

ACCOUNT, KEY, SECRET = "123456789012", "AKIAFAKEFAKEFAKEFAKE", "c2VjcmV0IG9mIHRoZSB0ZXN0cw"

Reply = tuple[int, dict[str, Any] | bytes]
BOX = {"Width": 0.5, "Height": 0.5, "Left": 0.2, "Top": 0.2}


def found(*similarities: float, unmatched: int = 0) -> Reply:
    """An answer of CompareFaces: a match for each similarity."""
    face = {"BoundingBox": BOX, "Confidence": 99.9}
    return 200, {
        "SourceImageFace": face,
        "FaceMatches": [{"Similarity": value, "Face": face} for value in similarities],
        "UnmatchedFaces": [face] * unmatched,
    }


def refusal(code: str, status: int = 400) -> Reply:
    """A refusal of a server that says more than it should."""
    message = f"User: arn:aws:iam::{ACCOUNT}:user/somebody is told: {code}"
    return status, {"__type": code, "Code": code, "Message": message}


RESET: Reply = (0, b"")
"""The connection is closed without an answer."""


@dataclass
class FakeRekognition:
    """answer: from the bytes of the probe and the reference to a reply. asked: the parameters of each call, without photos. elsewhere: where a 307 leads."""

    answer: Callable[[bytes, bytes], Reply]
    url: str = ""
    elsewhere: str = "http://127.0.0.1:1"
    asked: list[dict[str, Any]] = field(default_factory=list)
    signed: list[str] = field(default_factory=list)


@contextmanager
def fake_rekognition(answer: Callable[[bytes, bytes], Reply]) -> Iterator[FakeRekognition]:
    """The server while it runs; `answer` may be called by several threads at a time."""
    fake = FakeRekognition(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            probe, reference = (
                base64.b64decode(call.pop(side)["Bytes"]) for side in ("SourceImage", "TargetImage")
            )
            fake.asked.append(call | {"operation": self.headers["X-Amz-Target"]})
            fake.signed.append(self.headers.get("Authorization", ""))
            status, said = fake.answer(probe, reference)
            if not status:
                self.close_connection = True
                return
            body = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            if status == 307:
                self.send_header("Location", fake.elsewhere)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def set_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials and region from the environment alone, and no waiting between attempts."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_REKOGNITION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _seconds: None))


def paint(folder: Path, count: int) -> list[str]:
    """So many photos of nobody, each unlike the others."""
    names = [f"{i}.png" for i in range(count)]
    for i, name in enumerate(names):
        Image.new("RGB", (80, 80), (i % 256, i // 256, 7)).save(folder / name)
    return names


def assert_same_rates(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Two runs of one protocol found the same, each on its own scale.

    ours, theirs: what rates.json says of runs whose scores have the same order.
    """
    assert ours["overall"]["eer"] == pytest.approx(theirs["overall"]["eer"])
    points = zip(ours["overall"]["at_fmr"], theirs["overall"]["at_fmr"], strict=True)
    assert any(a["fmr"] for a in ours["overall"]["at_fmr"]), "nothing was measurable"
    for a, b in points:
        for rate in ("fmr", "fnmr", "far", "frr"):
            assert a[rate] == b[rate], f"{rate} at an FMR of {a['asked']:g}"
    assert ours["failures"]["comparisons"] == theirs["failures"]["comparisons"]
    for count in ("mated", "non_mated", "images", "people"):
        assert ours["protocol"][count] == theirs["protocol"][count], count
