"""Requests to the server, signed as SDKs sign them; apps called without a network, or served on loopback."""

from __future__ import annotations

import asyncio
import json
import selectors
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from visavis.rekognition.wire import CONTENT_TYPE, Answer, answer_headers
from visavis.server.app import Parts, Server
from visavis.server.asgi import App
from visavis.server.caller import Caller
from visavis.server.limits import Limits
from visavis.server.sigv4 import Secret
from visavis.services.access import AccessKey

Result = TypeVar("Result")

KEY = AccessKey("VSVSEXAMPLE")
SECRET = "not-much-of-a-secret"  # noqa: S105  it is not one
HOST = "server.example"


def find_key(access_key_id: str) -> tuple[AccessKey, Secret] | None:
    return (KEY, Secret(SECRET)) if access_key_id == KEY.id else None


def now() -> int:
    return int(datetime.now(UTC).timestamp())


def signed_headers(
    body: bytes = b"{}",
    *,
    operation: str = "ListCollections",
    path: str = "/",
    method: str = "POST",
    host: str = HOST,
    secret: str = SECRET,
) -> dict[str, str]:
    """The headers of a signed request, by their names in lower case."""
    headers = {"host": host, "content-type": CONTENT_TYPE, "x-amz-target": f"RekognitionService.{operation}"}
    request = AWSRequest(method, f"http://{host}{path}", headers, body)
    service = "visavis" if path.startswith("/v1") else "rekognition"
    SigV4Auth(Credentials(KEY.id, secret), service, "local").add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


def parts(**given: Any) -> Parts:
    """A server's parts; unless given, its answer is empty."""
    return Parts(**{"answer": nothing, "find_key": find_key, "check": lambda: None, "clock": now} | given)


def nothing(headers: dict[str, str], body: bytes, caller: Caller) -> Answer:
    del headers, body
    return Answer(200, answer_headers(caller.request_id), b"{}")


@contextmanager
def app_of(limits: Limits | None = None, **given: Any) -> Iterator[Server]:
    app = Server(parts(**given), limits or Limits())
    try:
        yield app
    finally:
        app.close()


@dataclass
class Got:
    """What an app sent."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    ended: bool = False

    @property
    def code(self) -> str:
        document = json.loads(self.body)
        error = document.get("error") or {}
        return str(document.get("__type") or error.get("code", ""))


Pieces = Sequence[bytes] | AsyncIterator[bytes | None]


async def call(
    app: App,
    body: Pieces = (b"{}",),
    *,
    method: str = "POST",
    path: str = "/",
    headers: dict[str, str] | Sequence[tuple[str, str]] | None = None,
    leaves: asyncio.Event | None = None,
) -> Got:
    """Call an app. body: its pieces; None in it is a client that has gone. leaves: set when the client goes after its body."""
    whole = b"".join(body) if isinstance(body, Sequence) else b""
    given = signed_headers(whole, path=path, method=method) if headers is None else headers
    pairs = list(given.items()) if isinstance(given, dict) else given
    scope: MutableMapping[str, Any] = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs],
        "state": {},
    }
    got = Got()

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            assert not got.status
            got.status = message["status"]
            got.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            got.body += message["body"]
            got.ended = not message.get("more_body", False)

    await app(scope, _receiving(_as_iterator(body), leaves or asyncio.Event()), send)
    return got


async def _as_iterator(body: Pieces) -> AsyncIterator[bytes | None]:
    if isinstance(body, Sequence):
        for piece in body:
            yield piece
    else:
        async for received in body:
            yield received


def _receiving(
    pieces: AsyncIterator[bytes | None], leaves: asyncio.Event
) -> Callable[[], Coroutine[Any, Any, MutableMapping[str, Any]]]:
    read = False

    async def receive() -> MutableMapping[str, Any]:
        nonlocal read
        if not read:
            async for piece in pieces:
                if piece is None:
                    return {"type": "http.disconnect"}
                return {"type": "http.request", "body": piece, "more_body": True}
            read = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await leaves.wait()
        return {"type": "http.disconnect"}

    return receive


class HurriedLoop(asyncio.SelectorEventLoop):
    """An event loop in which nobody waits: where it would sleep, its clock jumps. Not for what threads do."""

    def __init__(self) -> None:
        self.ahead = 0.0
        super().__init__(_Hurried(self))

    def time(self) -> float:
        return super().time() + self.ahead


class _Hurried(selectors.SelectSelector):
    def __init__(self, loop: HurriedLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._loop.ahead += max(0.0, timeout or 0.0)
        return super().select(0)


def hurried(work: Coroutine[Any, Any, Result]) -> Result:
    """Run in a hurried loop."""
    with asyncio.Runner(loop_factory=HurriedLoop) as runner:
        return runner.run(work)


class Held:
    """A work in threads that lasts until it is let go. `running` and `most`: how many run now, and ran at most."""

    def __init__(self) -> None:
        self._go = threading.Event()
        self._lock = threading.Lock()
        self.begun = threading.Semaphore(0)
        self.running = 0
        self.most = 0
        self.ran = 0

    def __call__(self, headers: dict[str, str], body: bytes, caller: Caller) -> Answer:
        with self._lock:
            self.running += 1
            self.ran += 1
            self.most = max(self.most, self.running)
        self.begun.release()
        assert self._go.wait(30)
        with self._lock:
            self.running -= 1
        return nothing(headers, body, caller)

    def let_go(self) -> None:
        self._go.set()

    async def until_begun(self, count: int = 1) -> None:
        for _ in range(count):
            assert await asyncio.to_thread(self.begun.acquire, timeout=30)
