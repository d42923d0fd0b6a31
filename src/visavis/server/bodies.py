"""Reading a request's body: in bounded time and memory, on the event loop, so that a slow client holds no worker."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from visavis.rekognition.errors import (
    MalformedHttpRequestException,
    RequestEntityTooLargeException,
    RequestTimeoutException,
)
from visavis.server.asgi import Receive, Scope, header_values
from visavis.server.limits import Limits

_LENGTH = re.compile(r"[0-9]{1,18}")


class GoneError(Exception):
    """The client has gone away: nobody waits for an answer."""


def check_head(scope: Scope, limits: Limits) -> None:
    """Look at what a request says of its size, before its body is read.

    Raises RequestEntityTooLargeException, and MalformedHttpRequestException for what leaves its end in doubt.
    """
    size = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
    if size + len(scope["query_string"]) > limits.head_bytes:
        raise MalformedHttpRequestException
    lengths = header_values(scope, b"content-length")
    codings = header_values(scope, b"transfer-encoding")
    if len(lengths) + len(codings) > 1 or any(coding.lower() != "chunked" for coding in codings):
        raise MalformedHttpRequestException
    if not all(_LENGTH.fullmatch(length) for length in lengths):
        raise MalformedHttpRequestException
    if any(int(length) > limits.body_bytes for length in lengths):
        raise RequestEntityTooLargeException


async def read_body(receive: Receive, limits: Limits, count: Callable[[int], None]) -> list[bytes]:
    """The body in the pieces in which it came. count: told of the size of each, and may raise.

    Raises GoneError, RequestEntityTooLargeException, and RequestTimeoutException where it takes too long or hardly moves.
    """
    began = asyncio.get_running_loop().time()
    pieces: list[bytes] = []
    received = 0
    try:
        async with asyncio.timeout_at(began + min(limits.grace_s, limits.body_s)) as deadline:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise GoneError
                piece = message.get("body", b"")
                received += len(piece)
                if received > limits.body_bytes:
                    raise RequestEntityTooLargeException
                count(len(piece))
                pieces.append(piece)
                if not message.get("more_body", False):
                    return pieces
                earned = limits.grace_s + received / limits.body_bytes_per_second
                deadline.reschedule(began + min(earned, limits.body_s))
    except TimeoutError:
        raise RequestTimeoutException from None


async def gone(receive: Receive) -> None:
    """Return when the client has gone away; its body is read already."""
    while (await receive())["type"] != "http.disconnect":
        pass


def replayed(body: bytes, client_gone: asyncio.Future[None]) -> Receive:
    """A `receive` that gives a whole body, and then nothing until the client has gone away."""
    left: list[bytes] = [body]

    async def receive() -> dict[str, object]:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        await asyncio.wait({client_gone})
        return {"type": "http.disconnect"}

    return receive
