"""The app: its paths, its errors, what operators ask, and that logs and metrics hold nothing of anybody."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from http_calls import KEY, SECRET, Got, app_of, call, nothing, signed_headers

from visavis.errors import StoreError
from visavis.rekognition.errors import ResourceNotFoundException
from visavis.rekognition.wire import Answer, write_error
from visavis.server.asgi import Message, Receive, Scope, Send
from visavis.server.caller import Caller
from visavis.server.limits import Limits
from visavis.server.logs import begin_logging

NAME = "anna-maria-karlsson"
IMAGE = base64.b64encode(b"the bytes of a photo" * 20)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What this process logs, as `visavis serve` has it."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    begin_logging(stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_a_call_reaches_what_answers_it() -> None:
    seen: list[Any] = []

    def answer(headers: Mapping[str, str], body: bytes, caller: Caller) -> Answer:
        seen.extend((headers, body, caller))
        return Answer(200, {"content-type": "x", "x-amzn-requestid": caller.request_id}, b"[1]")

    given = signed_headers(b"[0]")
    with app_of(answer=answer) as app:
        got = asyncio.run(call(app, [b"[0]"], headers=[*given.items(), ("X-Two", "a"), ("x-two", "b")]))
    headers, body, caller = seen
    assert headers == given | {"x-two": "a, b"}
    assert body == b"[0]"
    assert caller == Caller(KEY, "local", got.headers["x-amzn-requestid"])
    assert (got.status, got.body, got.headers["content-length"]) == (200, b"[1]", "3")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 405),
        ("PUT", "/", 405),
        ("GET", "/favicon.ico", 404),
        ("POST", "//", 404),
        ("POST", "/v10", 404),
        ("POST", "/v1%2Fgalleries", 404),
        ("POST", "/healthz", 404),
        ("GET", "/v2/galleries", 404),
    ],
)
def test_paths_that_there_are_not(method: str, path: str, status: int) -> None:
    with app_of(rest=lambda _: failing) as app:
        got = asyncio.run(call(app, method=method, path=path, headers={}))
    assert got.status == status
    assert got.headers["x-amzn-requestid"]
    assert set(json.loads(got.body)) == {"message"}


async def failing(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that begins an answer and then fails."""
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise LookupError(NAME)


def test_v1_answers_without_an_app_and_with_one_that_fails(log: io.StringIO) -> None:
    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise LookupError(NAME)

    with app_of() as app:
        assert asyncio.run(call(app, path="/v1/x")).status == 404
    with app_of(rest=lambda _: broken) as app:
        got = asyncio.run(call(app, path="/v1/x"))
    assert (got.status, got.code) == (500, "failed")
    assert NAME not in log.getvalue() + got.body.decode()


def test_an_answer_of_v1_that_fails_when_it_has_begun_has_no_end(log: io.StringIO) -> None:
    with app_of(rest=lambda _: failing) as app:
        got = asyncio.run(call(app, path="/v1/x"))
    assert (got.status, got.ended) == (200, False)
    assert [line["message"] for line in lines(log)] == ["failed", "answered"]
    assert NAME not in log.getvalue()


def test_v1_may_say_what_was_done(log: io.StringIO) -> None:
    async def rest(scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        scope["state"]["exchange"].operation = scope["path"].removeprefix("/v1/")
        await send({"type": "http.response.start", "status": 404, "headers": [(b"X-Amzn-RequestId", b"1")]})
        await send({"type": "http.response.body", "body": b""})

    with app_of(rest=lambda _: rest) as app:
        for name in ("GrantConsent", NAME):
            got = asyncio.run(call(app, path=f"/v1/{name}"))
            assert got.headers["x-amzn-requestid"] != "1"
        metrics = asyncio.run(call(app, method="GET", path="/metrics", headers={})).body.decode()
    assert [line["operation"] for line in lines(log)] == ["GrantConsent", "other"]
    assert 'visavis_calls_total{code="404",operation="GrantConsent"} 1.0' in metrics
    assert 'visavis_calls_total{code="404",operation="other"} 1.0' in metrics


def test_an_operator_asks_without_a_key() -> None:
    well = True

    def check() -> None:
        if not well:
            raise StoreError

    with app_of(check=check) as app:
        asked = {
            path: asyncio.run(call(app, method="GET", path=path, headers={}))
            for path in ("/healthz", "/readyz", "/metrics")
        }
    assert {got.status for got in asked.values()} == {200}
    assert asked["/metrics"].headers["content-type"].startswith("text/plain; version=0.0.4")
    assert b"visavis_queue_length 0.0" in asked["/metrics"].body
    assert b"visavis_body_bytes 0.0" in asked["/metrics"].body
    well = False
    with app_of(check=check) as app:
        assert asyncio.run(call(app, method="GET", path="/readyz", headers={})).status == 503
        assert asyncio.run(call(app, method="GET", path="/healthz", headers={})).status == 200


def test_one_line_a_request(log: io.StringIO) -> None:
    def answer(headers: Mapping[str, str], body: bytes, caller: Caller) -> Answer:
        if b"staff" in body:
            return write_error(ResourceNotFoundException("Collection:staff not found!"), caller.request_id)
        return nothing(dict(headers), body, caller)

    async def scenario() -> list[Got]:
        with app_of(answer=answer) as app:
            missing = signed_headers(b'{"CollectionId":"staff"}', operation="DescribeCollection")
            return [
                await call(app),
                await call(app, [b'{"CollectionId":"staff"}'], headers=missing),
                await call(app, headers=signed_headers(secret="wrong")),  # noqa: S106  it is not one
                await call(app, headers=signed_headers(operation=NAME)),
                await call(app, path=f"/{NAME}", headers={}),
            ]

    answers = asyncio.run(scenario())
    told = lines(log)
    assert [line["request_id"] for line in told] == [got.headers["x-amzn-requestid"] for got in answers]
    assert [(line["operation"], line["status"], line["code"], line["access_key_id"]) for line in told] == [
        ("ListCollections", 200, "OK", KEY.id),
        ("DescribeCollection", 400, "ResourceNotFoundException", KEY.id),
        ("ListCollections", 400, "InvalidSignatureException", None),
        ("other", 200, "OK", KEY.id),
        ("other", 404, "404", None),
    ]
    assert [line["received_bytes"] for line in told] == [2, 24, 2, 2, 0]
    assert set(told[0]) == {
        "time", "level", "logger", "message", "request_id", "access_key_id", "operation", "status", "code",
        "milliseconds", "received_bytes",
    }  # fmt: skip
    assert NAME not in log.getvalue()


def test_logs_and_metrics_hold_no_name_no_image_and_no_secret(log: io.StringIO) -> None:
    """Also where whatever answers fails with a message that holds them, as a database driver's does."""
    body = json.dumps({"ExternalImageId": NAME, "Image": {"Bytes": IMAGE.decode()}}).encode()

    def answer(headers: Mapping[str, str], body: bytes, caller: Caller) -> Answer:
        del headers, caller
        try:
            int(body)
        except ValueError as error:
            raise RuntimeError(f"{NAME} {IMAGE.decode()} {SECRET}") from error
        raise AssertionError

    headers = signed_headers(body) | {"user-agent": NAME, "referer": NAME}
    with app_of(answer=answer) as app:
        got = asyncio.run(call(app, [body], headers=headers))
        metrics = asyncio.run(call(app, method="GET", path="/metrics", headers={})).body.decode()
    assert (got.status, got.code) == (500, "InternalServerError")
    for text in (log.getvalue(), metrics, got.body.decode()):
        assert not re.search(f"{NAME}|{IMAGE.decode()[:12]}|{SECRET}|staff", text)
    assert KEY.id not in metrics
    failed, answered = lines(log)
    assert failed["request_id"] == answered["request_id"] == got.headers["x-amzn-requestid"]
    assert [error["type"] for error in failed["errors"]] == ["RuntimeError", "ValueError"]
    assert any(
        re.fullmatch(r"visavis\.server\.workers:\d+|concurrent.*", at) for at in failed["errors"][0]["at"]
    )
    assert 'visavis_calls_total{code="InternalServerError",operation="ListCollections"} 1.0' in metrics


def test_nothing_but_http() -> None:
    async def scenario() -> None:
        async def receive() -> Message:
            return {"type": "lifespan.startup"}

        async def send(message: Message) -> None:
            del message

        with app_of(Limits()) as app, pytest.raises(NotImplementedError):
            await app({"type": "lifespan"}, receive, send)

    asyncio.run(scenario())
