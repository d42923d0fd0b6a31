"""Bodies: bounded in size, time and memory, whatever a client does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from http_calls import hurried
from hypothesis import given
from hypothesis import strategies as st

from visavis.rekognition.errors import (
    FrontError,
    MalformedHttpRequestException,
    RequestEntityTooLargeException,
    RequestTimeoutException,
    ThrottlingException,
)
from visavis.server.asgi import Message, Receive
from visavis.server.bodies import GoneError, check_head, gone, read_body, replayed
from visavis.server.limits import Limits

LIMITS = Limits(body_bytes=100, body_s=60, grace_s=5, body_bytes_per_second=10)


def receiving(pieces: Sequence[bytes], pause_s: float = 0, end: bool = True) -> tuple[Receive, list[bytes]]:  # noqa: FBT002
    """A `receive` of these pieces, and which of them were asked for."""
    asked: list[bytes] = []

    async def receive() -> Message:
        await asyncio.sleep(pause_s)
        if len(asked) == len(pieces):
            return {"type": "http.disconnect"}
        asked.append(pieces[len(asked)])
        more = not end or len(asked) < len(pieces)
        return {"type": "http.request", "body": asked[-1], "more_body": more}

    return receive, asked


def ignore(_size: int) -> None: ...


def head(*headers: tuple[str, str], query: str = "") -> dict[str, object]:
    pairs = [(name.encode(), value.encode()) for name, value in headers]
    return {"headers": pairs, "query_string": query.encode()}


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("content-length", "0"),),
        (("content-length", "100"),),
        (("transfer-encoding", "chunked"),),
        (("transfer-encoding", "Chunked"),),
    ],
)
def test_heads_that_pass(headers: tuple[tuple[str, str], ...]) -> None:
    check_head(head(*headers), LIMITS)


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ((("content-length", "101"),), RequestEntityTooLargeException),
        ((("content-length", "9" * 18),), RequestEntityTooLargeException),
        ((("content-length", "9" * 5000),), MalformedHttpRequestException),
        ((("content-length", "-1"),), MalformedHttpRequestException),
        ((("content-length", "+1"),), MalformedHttpRequestException),
        ((("content-length", "1_0"),), MalformedHttpRequestException),
        ((("content-length", "0x1"),), MalformedHttpRequestException),
        ((("content-length", ""),), MalformedHttpRequestException),
        ((("content-length", "1"), ("content-length", "1")), MalformedHttpRequestException),
        ((("Content-Length", "1"), ("content-length", "2")), MalformedHttpRequestException),
        ((("content-length", "1"), ("transfer-encoding", "chunked")), MalformedHttpRequestException),
        ((("transfer-encoding", "gzip, chunked"),), MalformedHttpRequestException),
        ((("transfer-encoding", "identity"),), MalformedHttpRequestException),
        ((("x-long", "a" * 2**16),), MalformedHttpRequestException),
        (tuple((f"x-{i}", "a") for i in range(9000)), MalformedHttpRequestException),
    ],
)
def test_heads_that_do_not(headers: tuple[tuple[str, str], ...], error: type[FrontError]) -> None:
    with pytest.raises(error):
        check_head(head(*headers), LIMITS)


def test_a_query_counts_as_head() -> None:
    with pytest.raises(MalformedHttpRequestException):
        check_head(head(query="a" * (2**16 + 1)), LIMITS)


@given(st.lists(st.binary(max_size=30), min_size=1, max_size=10))
def test_pieces_come_in_order_or_not_at_all(pieces: list[bytes]) -> None:
    counted: list[int] = []
    receive, asked = receiving(pieces)
    total = sum(map(len, pieces))
    if total <= LIMITS.body_bytes:
        assert hurried(read_body(receive, LIMITS, counted.append)) == pieces
        assert sum(counted) == total
    else:
        with pytest.raises(RequestEntityTooLargeException):
            hurried(read_body(receive, LIMITS, counted.append))
        assert sum(map(len, asked)) > LIMITS.body_bytes
        assert sum(map(len, asked[:-1])) <= LIMITS.body_bytes, "nothing is read after the bound"
        assert sum(counted) <= LIMITS.body_bytes


@pytest.mark.parametrize(
    ("pause_s", "size", "arrives"),
    [
        (0.5, 1, False),  # 2 bytes a second
        (0.2, 4, True),  # 20 bytes a second
        (6, 1, False),  # the first comes after the grace
        (4.9, 80, True),
    ],
)
def test_a_body_must_move(pause_s: float, size: int, arrives: bool) -> None:
    receive, asked = receiving([b"a" * size] * (80 // size), pause_s)
    if arrives:
        assert len(b"".join(hurried(read_body(receive, LIMITS, ignore)))) == 80
    else:
        with pytest.raises(RequestTimeoutException):
            hurried(read_body(receive, LIMITS, ignore))
        assert len(asked) < 15


def test_a_body_must_end() -> None:
    limits = Limits(body_bytes=10**9, body_s=60, grace_s=5, body_bytes_per_second=10)
    receive, asked = receiving([b"a" * 1000] * 1000, 1, end=False)
    with pytest.raises(RequestTimeoutException):
        hurried(read_body(receive, limits, ignore))
    assert len(asked) in {59, 60}


def test_a_client_that_leaves_in_the_middle() -> None:
    receive, _ = receiving([b"a", b"b"], end=False)
    with pytest.raises(GoneError):
        hurried(read_body(receive, LIMITS, ignore))


def test_what_counts_may_refuse() -> None:
    def full(_size: int) -> None:
        raise ThrottlingException

    receive, asked = receiving([b"a", b"b"])
    with pytest.raises(ThrottlingException):
        hurried(read_body(receive, LIMITS, full))
    assert asked == [b"a"]


def test_a_body_is_replayed_once() -> None:
    async def scenario() -> list[Message]:
        left: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        receive = replayed(b"whole", left)
        first = await receive()
        second = asyncio.ensure_future(receive())
        await asyncio.sleep(1)
        assert not second.done(), "the client is still there"
        left.set_result(None)
        return [first, await second, await receive()]

    first, second, third = hurried(scenario())
    assert first == {"type": "http.request", "body": b"whole", "more_body": False}
    assert second == third == {"type": "http.disconnect"}


def test_gone_waits_until_then() -> None:
    receive, asked = receiving([b"", b"", b""])
    hurried(gone(receive))
    assert len(asked) == 3
