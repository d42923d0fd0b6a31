"""The little of ASGI that the server needs: its types, headers in, answers out."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from visavis.rekognition.wire import Answer

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

JSON = "application/json"
REQUEST_ID = "x-amzn-requestid"


def header_values(scope: Scope, name: bytes) -> list[str]:
    """The values of all headers of this name, given in lower case, in the order received."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def raw_path(scope: Scope) -> str:
    """The path as it was sent, which is what a client signs."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0].decode("latin-1")


def is_rest(path: str) -> bool:
    """Whether a path, as sent, is of `/v1`; the others are of the wire."""
    return path == "/v1" or path.startswith("/v1/")


def takes_photo(path: str) -> bool:
    """Whether a path, as sent, takes a photo's bytes as its body: of `/v1`, this one alone."""
    return path == "/v1/redactions"


def json_answer(status: int, document: dict[str, Any], request_id: str) -> Answer:
    """A small answer of the server's own."""
    return Answer(status, {"content-type": JSON, REQUEST_ID: request_id}, json.dumps(document).encode())


async def reply(send: Send, answer: Answer, **headers: str) -> None:
    """Send a whole answer; headers: what to add to its own."""
    sent = answer.headers | headers | {"content-length": str(len(answer.body))}
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})
