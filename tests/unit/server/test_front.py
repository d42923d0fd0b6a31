"""The front: what is refused, in which order, and that a flood takes nothing from those who have a key."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from http_calls import KEY, Got, Held, app_of, call, find_key, signed_headers

from visavis.errors import StoreBusyError
from visavis.server.app import Server
from visavis.server.asgi import Message, Receive, Scope, Send
from visavis.server.limits import Limits
from visavis.server.sigv4 import Secret
from visavis.services.access import AccessKey

LIMITS = Limits(workers=2, queue=1, calls_per_second=1000)
FORGED = signed_headers(secret="another")  # noqa: S106  it is not one


async def never_read() -> AsyncIterator[bytes | None]:
    yield pytest.fail("the body was read")


@pytest.mark.parametrize(
    ("changed", "wire", "rest"),
    [
        (
            {"content-length": str(2**24 + 1)},
            (413, "RequestEntityTooLargeException"),
            (413, "request-entity-too-large"),
        ),
        (
            {"content-length": "two"},
            (400, "MalformedHttpRequestException"),
            (400, "malformed-http-request"),
        ),
        (
            {"x-long": "a" * 2**16},
            (400, "MalformedHttpRequestException"),
            (400, "malformed-http-request"),
        ),
        ({"authorization": ""}, (400, "IncompleteSignatureException"), (403, "incomplete-signature")),
        (
            {"authorization": "AWS4-HMAC-SHA256 x=y"},
            (400, "IncompleteSignatureException"),
            (403, "incomplete-signature"),
        ),
    ],
)
def test_refused_before_the_body_is_read(
    changed: dict[str, str], wire: tuple[int, str], rest: tuple[int, str]
) -> None:
    for path, told, kind in (
        ("/", wire, "application/x-amz-json-1.1"),
        ("/v1/galleries", rest, "application/json"),
    ):
        with app_of(LIMITS) as app:
            headers = signed_headers(path=path) | changed
            got = asyncio.run(call(app, never_read(), headers=headers, path=path))
        assert (got.status, got.code) == told
        assert len(got.headers["x-amzn-requestid"]) == 36
        assert got.headers["content-type"] == kind


def test_a_body_at_v1_is_small() -> None:
    """It is parsed on the event loop: 16 MB of JSON would hold up everybody for a second."""
    told = signed_headers(path="/v1/consents") | {"content-length": str(2**17 + 1)}
    with app_of(LIMITS) as app:
        for headers, body in (
            (told, never_read()),
            (signed_headers(path="/v1/consents"), [b"0" * 2**17, b"0"]),
        ):
            got = asyncio.run(call(app, body, headers=headers, path="/v1/consents"))
            assert (got.status, got.code) == (413, "request-entity-too-large")
        assert asyncio.run(call(app, [b"0" * (2**17 + 1)])).status == 200


def test_a_photo_at_v1_may_be_large() -> None:
    """Nothing parses it on the event loop."""
    path, body = "/v1/redactions", b"0" * (2**17 + 1)
    with app_of(LIMITS) as app:
        headers = signed_headers(body, path=path)
        assert asyncio.run(call(app, [body], headers=headers, path=path)).status == 404, (
            "there is no /v1 here"
        )
        headers = signed_headers(path=path) | {"content-length": str(2**24 + 1)}
        assert asyncio.run(call(app, never_read(), headers=headers, path=path)).status == 413


def test_without_a_signature_nothing_is_read() -> None:
    headers = {name: value for name, value in signed_headers().items() if name != "authorization"}
    with app_of(LIMITS) as app:
        got = asyncio.run(call(app, never_read(), headers=headers))
    assert (got.status, got.code) == (400, "MissingAuthenticationTokenException")


def test_a_client_that_waits_with_its_body_is_let_go() -> None:
    headers = signed_headers() | {"content-length": str(2**24 + 1), "expect": "100-continue"}
    with app_of(LIMITS) as app:
        got = asyncio.run(call(app, never_read(), headers=headers))
        answered = asyncio.run(call(app))
    assert (got.status, got.headers["connection"]) == (413, "close")
    assert "connection" not in answered.headers


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        (FORGED, b"{}", "InvalidSignatureException"),
        (signed_headers(), b"{ }", "InvalidSignatureException"),
        (
            signed_headers() | {"x-amz-target": "RekognitionService.ListFaces"},
            b"{}",
            "InvalidSignatureException",
        ),
    ],
)
def test_who_signed_wrongly_is_answered_and_not_served(
    headers: dict[str, str], body: bytes, code: str
) -> None:
    held = Held()
    with app_of(LIMITS, answer=held) as app:
        assert asyncio.run(call(app, [body], headers=headers)).code == code
    assert held.ran == 0


def test_a_key_that_is_not_there_any_more() -> None:
    keys: dict[str, tuple[AccessKey, Secret]] = {}
    with app_of(LIMITS, find_key=keys.get) as app:
        assert asyncio.run(call(app)).code == "UnrecognizedClientException"
        found = find_key(KEY.id)
        assert found
        keys[KEY.id] = found
        assert asyncio.run(call(app)).status == 200
        keys.clear()
        assert asyncio.run(call(app)).code == "UnrecognizedClientException", "it stops at once"


def test_keys_that_cannot_be_looked_up() -> None:
    def broken(_id: str) -> None:
        raise StoreBusyError

    with app_of(LIMITS, find_key=broken) as app:
        got = asyncio.run(call(app))
    assert (got.status, got.code) == (500, "InternalServerError")


def test_what_the_inner_app_is_given() -> None:
    seen: dict[str, object] = {}

    async def rest(scope: Scope, receive: Receive, send: Send) -> None:
        seen.update(scope["state"], root_path=scope["root_path"], path=scope["path"])
        seen["body"] = await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    with app_of(LIMITS, rest=lambda _: rest) as app:
        got = asyncio.run(call(app, [b"one", b"", b"two"], path="/v1/galleries"))
    assert (got.status, got.body) == (200, b"done")
    caller = seen["caller"]
    assert (caller.key, caller.region) == (KEY, "local")  # type: ignore[attr-defined]  # a Caller
    assert caller.request_id == got.headers["x-amzn-requestid"]  # type: ignore[attr-defined]  # a Caller
    assert seen["body"] == {"type": "http.request", "body": b"onetwo", "more_body": False}
    assert (seen["root_path"], seen["path"]) == ("/v1", "/v1/galleries")


def test_past_the_queue_calls_are_throttled_at_once_and_the_bound_holds() -> None:
    held = Held()

    async def scenario(app: Server) -> None:
        calls = [asyncio.create_task(call(app)) for _ in range(20)]
        refused = []
        for done in asyncio.as_completed(calls):
            refused.append(await done)
            if len(refused) == 16:
                break
        assert {one.code for one in refused} == {"ThrottlingException"}
        assert {one.status for one in refused} == {400}
        full = await call(app, never_read())
        assert full.code == "ThrottlingException", "while it is full, no body is read"
        held.let_go()
        answers = await asyncio.gather(*calls)
        assert sorted(one.status for one in answers) == [200] * 4 + [400] * 16

    with app_of(LIMITS, answer=held) as app:
        asyncio.run(scenario(app))
    assert (held.most, held.ran) == (2, 4)


def test_a_flood_without_a_key_takes_no_place_among_the_calls() -> None:
    """One worker and no queue: were a place taken before the signature is verified, one of these would be refused."""
    limits = replace(LIMITS, workers=1, queue=0, verifying_queue=1000)
    with app_of(limits) as app:

        async def scenario() -> tuple[list[Got], Got]:
            flood = [asyncio.create_task(call(app, headers=FORGED)) for _ in range(200)]
            await asyncio.sleep(0)
            wanted = await call(app)
            return await asyncio.gather(*flood), wanted

        flood, wanted = asyncio.run(scenario())
    assert {one.code for one in flood} == {"InvalidSignatureException"}
    assert wanted.status == 200


def test_signatures_wait_in_a_bounded_queue_too() -> None:
    go = threading.Event()

    def slow(access_key_id: str) -> tuple[AccessKey, Secret] | None:
        assert go.wait(30)
        return find_key(access_key_id)

    async def scenario(app: Server) -> list[Got]:
        calls = [asyncio.create_task(call(app)) for _ in range(20)]
        done, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        go.set()
        assert {one.result().code for one in done} == {"ThrottlingException"}
        return await asyncio.gather(*calls)

    limits = replace(LIMITS, workers=20, verifiers=2, verifying_queue=3)
    with app_of(limits, find_key=slow) as app:
        answers = asyncio.run(scenario(app))
    assert sorted(one.status for one in answers) == [200] * 5 + [400] * 15


def test_a_key_has_a_rate_that_nobody_else_can_use_up() -> None:
    with app_of(replace(LIMITS, calls_per_second=3)) as app:

        async def scenario() -> tuple[list[Got], list[Got]]:
            forged = [await call(app, headers=FORGED) for _ in range(10)]
            return forged, [await call(app) for _ in range(50)]

        forged, answers = asyncio.run(scenario())
    assert {one.code for one in forged} == {"InvalidSignatureException"}
    assert [one.status for one in answers[:3]] == [200] * 3
    assert "ThrottlingException" in {one.code for one in answers[3:] if one.status == 400}


def test_a_queued_call_whose_client_has_gone_never_runs() -> None:
    held = Held()

    async def scenario(app: Server) -> None:
        leaves = asyncio.Event()
        first = [asyncio.create_task(call(app)) for _ in range(2)]
        await held.until_begun(2)
        queued = asyncio.create_task(call(app, leaves=leaves))
        while not app.waiting:  # noqa: ASYNC110  its signature is verified in a thread
            await asyncio.sleep(0)
        leaves.set()
        assert (await queued).status == 0
        assert not app.waiting
        held.let_go()
        assert [one.status for one in await asyncio.gather(*first)] == [200, 200]

    with app_of(LIMITS, answer=held) as app:
        asyncio.run(scenario(app))
    assert held.ran == 2


def test_a_queued_call_whose_key_was_revoked_meanwhile_never_runs() -> None:
    held, keys = Held(), [KEY]

    def find(access_key_id: str) -> tuple[AccessKey, Secret] | None:
        return find_key(access_key_id) if keys else None

    async def scenario(app: Server) -> None:
        first = [asyncio.create_task(call(app)) for _ in range(2)]
        await held.until_begun(2)
        queued = asyncio.create_task(call(app))
        while not app.waiting:  # noqa: ASYNC110  its signature is verified in a thread
            await asyncio.sleep(0)
        keys.clear()
        held.let_go()
        assert [one.status for one in await asyncio.gather(*first)] == [200, 200]
        assert (await queued).code == "UnrecognizedClientException"

    with app_of(LIMITS, answer=held, find_key=find) as app:
        asyncio.run(scenario(app))
    assert held.ran == 2


@pytest.mark.parametrize("pieces", [[], [b"{"]])
def test_a_client_that_leaves_in_its_body_is_forgotten(pieces: list[bytes]) -> None:
    async def body() -> AsyncIterator[bytes | None]:
        for piece in pieces:
            yield piece
        yield None

    held = Held()
    with app_of(LIMITS, answer=held) as app:
        assert asyncio.run(call(app, body(), headers=signed_headers())).status == 0
        assert app.held_bytes == 0
    assert held.ran == 0


def test_a_body_without_a_length_is_cut_at_the_bound() -> None:
    read = 0

    async def body() -> AsyncIterator[bytes | None]:
        nonlocal read
        while True:
            read += 2**20
            yield bytes(2**20)

    with app_of(LIMITS) as app:
        got = asyncio.run(call(app, body(), headers=signed_headers()))
        assert app.held_bytes == 0
    assert (got.status, got.code) == (413, "RequestEntityTooLargeException")
    assert read == 2**24 + 2**20


def test_all_bodies_together_are_bounded() -> None:
    async def scenario(app: Server) -> None:
        more, stop = asyncio.Event(), asyncio.Event()

        async def long() -> AsyncIterator[bytes | None]:
            yield bytes(900)
            more.set()
            await stop.wait()
            yield None

        first = asyncio.create_task(call(app, long(), headers=signed_headers()))
        await more.wait()
        got = await call(app, [bytes(200)])
        assert (got.status, got.code) == (400, "ThrottlingException")
        assert app.held_bytes == 900
        stop.set()
        await first
        assert app.held_bytes == 0
        assert (await call(app, [bytes(200)])).status == 200

    with app_of(replace(LIMITS, bodies_bytes=1000)) as app:
        asyncio.run(scenario(app))


def test_a_slow_body_holds_no_worker_and_ends() -> None:
    async def trickle() -> AsyncIterator[bytes | None]:
        while True:
            yield b"a"
            await asyncio.sleep(0.001)

    async def scenario(app: Server) -> None:
        slow = [asyncio.create_task(call(app, trickle(), headers=signed_headers())) for _ in range(20)]
        await asyncio.sleep(0)
        assert (await call(app)).status == 200
        for one in await asyncio.gather(*slow):
            assert (one.status, one.code) == (408, "RequestTimeoutException")
            assert one.headers["connection"] == "close"

    with app_of(replace(LIMITS, grace_s=0.3, workers=1, queue=0)) as app:
        asyncio.run(scenario(app))


def test_the_place_is_given_back_before_the_answer_is_read() -> None:
    """A client that does not read its answer holds no worker."""

    async def scenario(app: Server) -> None:
        reads = asyncio.Event()
        stuck = asyncio.Event()

        async def slow_send(message: Message) -> None:  # noqa: ARG001  it is never read
            stuck.set()
            await reads.wait()

        class Slow:
            async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
                del send
                await app(scope, receive, slow_send)

        slow = asyncio.create_task(call(Slow()))
        await stuck.wait()
        assert (await call(app)).status == 200
        reads.set()
        await slow

    with app_of(replace(LIMITS, workers=1, queue=0)) as app:
        asyncio.run(scenario(app))
