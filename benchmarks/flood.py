"""A client that sends far more than it gets, for little of the processor: a part of overload.py."""

from __future__ import annotations

import asyncio
import base64
import configparser
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from serving import REGION, Form, Running, astronaut, hopper

from visavis.rekognition.wire import CONTENT_TYPE

ACCEPTED, REFUSED, FAILED = "accepted", "refused", "failed"


@dataclass(slots=True)
class Client:
    """Sends requests in turn, on connections of its own. answers: (what became of it, milliseconds)."""

    port: int
    requests: Iterator[bytes]
    answers: list[tuple[str, float]] = field(default_factory=list)
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    async def ask(self) -> None:
        """Send one, and note what became of it."""
        began = time.perf_counter()
        try:
            outcome = await self._asked()
        except (OSError, EOFError):
            outcome = FAILED
        self.answers.append((outcome, 1000 * (time.perf_counter() - began)))

    async def _asked(self) -> str:
        connection = self.idle.pop() if self.idle else await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = connection
        writer.write(next(self.requests))
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        assert length
        body = await reader.readexactly(int(length[1]))
        await writer.drain()
        self.idle.append(connection)
        if head.startswith(b"HTTP/1.1 200"):
            return ACCEPTED
        return REFUSED if json.loads(body)["__type"] == "ThrottlingException" else FAILED


def signed(server: Running, form: Form) -> bytes:
    """The bytes of a call of CompareFaces, which may be sent for 15 minutes. form: of its photos."""
    parser = configparser.ConfigParser()
    parser.read(server.credentials_file)
    key = parser["default"]
    photos = {"SourceImage": astronaut(form), "TargetImage": hopper(form)}
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
