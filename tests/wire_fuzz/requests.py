"""Requests to the server, signed by a valid key after whatever was done to them, and the file that repeats one."""

from __future__ import annotations

import asyncio
import hashlib
import json
import urllib.parse
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from http_calls import Got
from registries import NOW

from visavis.rekognition.errors import InvalidSignatureException
from visavis.rekognition.wire import CONTENT_TYPE
from visavis.server.asgi import App
from visavis.server.authorization import ALGORITHM, Authorization
from visavis.server.canonical import canonical_request, signature
from visavis.server.sigv4 import TERMINATOR, service_at

HOST = "server.example"
TIME = f"{datetime.fromtimestamp(NOW, UTC):%Y%m%dT%H%M%SZ}"
"""The server's clock stands still, so that a request can be repeated."""

Pairs = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class FuzzKey:
    """An access key that is made with a known id and secret, so that a request can be repeated."""

    id: str
    secret: str = "not-much-of-a-secret"  # noqa: S105  it is not one


KEY = FuzzKey("VSVSAAAAAAAAAAAAAAAA")
"""May do everything."""
LIMITED_KEY = FuzzKey("VSVSBBBBBBBBBBBBBBBB")
"""May do a little, in some galleries."""
DEAD_KEYS = (FuzzKey("VSVSCCCCCCCCCCCCCCCC"), FuzzKey("VSVSDDDDDDDDDDDDDDDD"))
"""Expired, and revoked."""


@dataclass(slots=True)
class Draft:
    """A request before it is signed."""

    method: str = "POST"
    path: str = "/"
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Shot:
    """A request as it is sent. target: path and query.

    may_pass: whether the server may do what it asks for; false where nobody valid signed it as it is. gone_after: how
    much of the body comes before its client goes, if it does. photographed: for the server that looks at photos.
    """

    kind: str
    method: str
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes = field(repr=False)
    may_pass: bool = True
    gone_after: int | None = None
    photographed: bool = False

    def to_bytes(self) -> bytes:
        """What `--replay` reads: a line of JSON, and the request as it would be on the wire."""
        about = {"kind": self.kind, "may_pass": self.may_pass, "gone_after": self.gone_after}
        head = [f"{self.method} ".encode() + self.target + b" HTTP/1.1"]
        head += [name + b": " + value for name, value in self.headers]
        about["photographed"] = self.photographed
        return json.dumps(about).encode() + b"\n" + b"\r\n".join([*head, b"", b""]) + self.body

    @classmethod
    def from_bytes(cls, data: bytes) -> Shot:
        """The request of a file."""
        about, _, request = data.partition(b"\n")
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        method, _, rest = first.partition(b" ")
        headers = tuple((name, value) for name, _, value in (line.partition(b": ") for line in lines))
        target = rest.removesuffix(b" HTTP/1.1")
        return cls(method=method.decode(), target=target, headers=headers, body=body, **json.loads(about))


def call_headers(operation: str) -> dict[str, str]:
    """What says which operation a call on the wire is."""
    return {"content-type": CONTENT_TYPE, "x-amz-target": f"RekognitionService.{operation}"}


def sign(draft: Draft, key: FuzzKey = KEY, region: str = "local", time: str = TIME) -> Pairs:
    """All headers of a draft, and that they and the rest of it are signed; nonsense where it has no signature at all."""
    headers = {"host": HOST, **draft.headers, "x-amz-date": time}
    signed = ";".join(sorted(headers))
    given = Authorization(
        key.id, time[:8], region, service_at(draft.path), TERMINATOR, tuple(signed.split(";")), ""
    )
    digest = hashlib.sha256(draft.body).hexdigest()
    lists = {name: [value] for name, value in headers.items()}
    try:
        canonical = canonical_request(draft.method, draft.path, draft.query, lists, digest)
        proof = signature(canonical, given, time, key.secret)
    except InvalidSignatureException:
        proof = digest
    scope = f"{key.id}/{given.date}/{region}/{given.service}/{TERMINATOR}"
    headers["authorization"] = f"{ALGORITHM} Credential={scope}, SignedHeaders={signed}, Signature={proof}"
    headers["content-length"] = str(len(draft.body))
    return [(name.encode(), value.encode("utf-8", "surrogatepass")) for name, value in headers.items()]


def shot_of(kind: str, draft: Draft, headers: Pairs | None = None, **more: Any) -> Shot:
    """A draft as it is sent; headers: all of them, unless it is signed by the key for everything."""
    target = draft.path + (f"?{draft.query}" if draft.query else "")
    pairs = sign(draft) if headers is None else headers
    return Shot(kind, draft.method, target.encode("utf-8", "surrogatepass"), tuple(pairs), draft.body, **more)


def scope_of(shot: Shot) -> MutableMapping[str, Any]:
    """What uvicorn makes of a request."""
    raw, _, query = shot.target.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 8080),
        "client": ("127.0.0.1", 50000),
        "root_path": "",
        "method": shot.method,
        "path": urllib.parse.unquote(raw.decode("latin-1")),
        "raw_path": raw,
        "query_string": query,
        "headers": [(name.lower(), value) for name, value in shot.headers],
        "state": {},
    }


async def answer_to(app: App, shot: Shot) -> Got:
    """What an app answers to a request, without a network."""
    got = Got()
    middle = len(shot.body) // 2
    left: list[Mapping[str, Any]] = [
        {"type": "http.request", "body": shot.body[middle:], "more_body": False},
        {"type": "http.request", "body": shot.body[:middle], "more_body": True},
    ]
    if shot.gone_after is not None:
        body = {"type": "http.request", "body": shot.body[: shot.gone_after], "more_body": True}
        left = [{"type": "http.disconnect"}, body]

    async def receive() -> MutableMapping[str, Any]:
        if not left:
            await asyncio.Event().wait()
        return dict(left.pop())

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            assert not got.status
            got.status = message["status"]
            got.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            got.body += message["body"]

    await app(scope_of(shot), receive, send)
    return got
