"""The server as one ASGI app: the wire at `/`, `/v1`, and what is open to all: /healthz, /readyz, /metrics, /operations."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from visavis.rekognition import reasons
from visavis.rekognition.errors import UnknownOperationException
from visavis.rekognition.wire import Answer, read_operation
from visavis.server.asgi import (
    REQUEST_ID,
    App,
    Message,
    Receive,
    Scope,
    Send,
    is_rest,
    json_answer,
    raw_path,
    reply,
)
from visavis.server.caller import Caller
from visavis.server.exchange import OK, OTHER, Exchange
from visavis.server.front import Front
from visavis.server.limits import Limits
from visavis.server.logs import log_exchange
from visavis.server.metrics import CONTENT_TYPE, Metrics, known_operation
from visavis.server.readiness import Readiness
from visavis.server.verifier import FindKey, Verifier
from visavis.server.workers import Run, Workers

HTML = "text/html; charset=utf-8"
_OPEN = frozenset({"/healthz", "/readyz", "/metrics", reasons.PATH})
"""What whoever reaches the server is told, without a key."""

AnswerCall = Callable[[dict[str, str], bytes, Caller], Answer]
"""Answers a call on the wire: headers by their names in lower case, the body, and who calls. Runs in a thread."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the server is made of. check: raises where store or keyring cannot be read; clock: UTC, in seconds since 1970.

    rest: makes the app at `/v1`, given what does its blocking work in turn; it finds a Caller in `scope["state"]["caller"]` and an Exchange in `scope["state"]["exchange"]`, whose
    `operation` and `code` it may set.
    """

    answer: AnswerCall
    find_key: FindKey
    check: Callable[[], object]
    clock: Callable[[], int]
    rest: Callable[[Run], App] | None = None


class Server:
    """The ASGI app."""

    def __init__(self, parts: Parts, limits: Limits) -> None:
        self._parts = parts
        self._verifier = Verifier(parts.find_key, parts.clock, limits)
        queue = limits.workers * limits.queue
        self._workers = Workers("call", limits.workers, queue, limits.wait_s, self._verifier.turn_away)
        self._front = Front(self._inner, self._verifier, self._workers, limits)
        self._rest = parts.rest(self._workers.run_in_turn) if parts.rest else None
        self._readiness = Readiness(parts.check)
        self._metrics = Metrics(lambda: self.waiting, lambda: self.held_bytes)

    @property
    def waiting(self) -> int:
        """How many calls wait for a worker."""
        return self._workers.waiting

    @property
    def held_bytes(self) -> int:
        """The bytes of all bodies in memory."""
        return self._front.bodies.held

    def close(self) -> None:
        """Wait for the calls that are worked on, and end the threads."""
        self._verifier.close()
        self._workers.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            raise NotImplementedError
        exchange = Exchange()
        path, method = raw_path(scope), scope["method"]
        if path in _OPEN and method in {"GET", "HEAD"}:
            await reply(send, await self._told(path, exchange.request_id))
            return
        scope.setdefault("state", {})["exchange"] = exchange
        watched = _watched(send, exchange)
        try:
            if is_rest(path):
                await self._front(scope, receive, watched)
            elif path == "/" and method == "POST":
                exchange.operation = _operation(scope)
                await self._front(scope, receive, watched)
            else:
                status = HTTPStatus.METHOD_NOT_ALLOWED if path == "/" else HTTPStatus.NOT_FOUND
                await reply(watched, _nothing(status, exchange))
        finally:
            self._finish(exchange)

    def _finish(self, exchange: Exchange) -> None:
        if not exchange.code and exchange.status is not None:
            exchange.code = OK if exchange.status < 400 else str(exchange.status)
        exchange.operation = known_operation(exchange.operation)
        self._metrics.count(exchange)
        log_exchange(exchange)

    async def _told(self, path: str, request_id: str) -> Answer:
        if path == reasons.PATH:
            return Answer(200, {"content-type": HTML, REQUEST_ID: request_id}, reasons.page().encode())
        if path == "/metrics":
            return Answer(200, {"content-type": CONTENT_TYPE, REQUEST_ID: request_id}, self._metrics.text())
        well = path == "/healthz" or await self._readiness.ready()
        return json_answer(200 if well else 503, {"well": well}, request_id)

    async def _inner(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_rest(raw_path(scope)):
            await self._wire(scope, receive, send)
        elif self._rest is None:
            await reply(send, _nothing(HTTPStatus.NOT_FOUND, scope["state"]["exchange"]))
        else:
            root = {"root_path": f"{scope.get('root_path', '')}/v1"}
            await self._rest({**scope, **root}, receive, send)

    async def _wire(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange: Exchange = scope["state"]["exchange"]
        caller: Caller = scope["state"]["caller"]
        headers = _headers(scope)
        body: bytes = (await receive())["body"]
        answer = await self._workers.run(lambda: self._parts.answer(headers, body, caller))
        if answer.status != 200:
            exchange.code = json.loads(answer.body)["__type"]
        await reply(send, answer)


def _watched(send: Send, exchange: Exchange) -> Send:
    """A `send` that notes the status, and sees that every answer has its request id."""
    own = (REQUEST_ID.encode(), exchange.request_id.encode())

    async def watched(message: Message) -> None:
        if message["type"] == "http.response.start":
            exchange.status = message["status"]
            headers = [pair for pair in message.get("headers", []) if pair[0].lower() != own[0]]
            message = {**message, "headers": [*headers, own]}
        await send(message)

    return watched


def _nothing(status: HTTPStatus, exchange: Exchange) -> Answer:
    return json_answer(status, {"message": status.phrase}, exchange.request_id)


def _operation(scope: Scope) -> str:
    try:
        return read_operation(_headers(scope))
    except UnknownOperationException:
        return OTHER


def _headers(scope: Scope) -> dict[str, str]:
    """Headers by name; several of one name are joined, so that none of them counts alone."""
    headers: dict[str, str] = {}
    for key, text in scope["headers"]:
        name, value = key.decode("latin-1").lower(), text.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
