"""Connections to a real server: whatever a client does with one, it ends, and others are served meanwhile."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import pytest
from http_calls import app_of, signed_headers
from served import PATIENCE_S, Served, is_closed, raw, read_answer, served
from uvicorn.server import ServerState

from visavis.server.asgi import Receive, Scope, Send
from visavis.server.bodies import gone
from visavis.server.connections import connections_of
from visavis.server.limits import Limits
from visavis.server.listening import listen
from visavis.server.serve import http_server

LIMITS = Limits(
    head_s=0.2, idle_s=0.4, drain_s=0.2, drain_bytes=2**21, grace_s=0.2, body_bytes=2**20, connections=20
)
CALL = raw(headers=signed_headers() | {"content-length": "2"}, body=b"{}")
LARGE_BODY = 300_000
LARGE = raw(
    headers=signed_headers(b" " * LARGE_BODY) | {"content-length": str(LARGE_BODY)}, body=b" " * LARGE_BODY
)
PATIENT = replace(LIMITS, head_s=20, idle_s=20, drain_s=20, grace_s=20)


@pytest.fixture(scope="module")
def hasty() -> Iterator[Served]:
    """A server without patience."""
    with app_of(LIMITS) as app, served(app, LIMITS) as server:
        yield server


@pytest.fixture(scope="module")
def patient() -> Iterator[Served]:
    with app_of(PATIENT) as app, served(app, PATIENT) as server:
        yield server


def is_served(server: Served) -> bool:
    with server.connect() as connection:
        connection.sendall(CALL)
        return read_answer(connection)[0] == 200


def test_two_answers_that_arrive_at_once_are_both_read() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(2 * b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        for _ in range(2):
            assert read_answer(ours) == (200, {"content-length": "2"}, b"{}")
        theirs.close()
        assert read_answer(ours)[0] == 0


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\r\n",
        b"POST / HT",
        b"POST / HTTP/1.1\r\nhost: a\r\n",
        CALL,
        CALL + b"\r\n",
        CALL + b"POST",
        CALL + CALL + b"G",
    ],
)
def test_silence_ends(hasty: Served, sent: bytes) -> None:
    with hasty.connect() as connection:
        connection.sendall(sent)
        for _ in range(sent.count(b"{}")):
            assert read_answer(connection)[0] == 200
        assert is_closed(connection)
    assert is_served(hasty)


@pytest.mark.parametrize("trickle", [b"\r\n", b"x-a: b\r\n"])
def test_what_trickles_does_not_keep_a_connection(hasty: Served, trickle: bytes) -> None:
    with hasty.connect() as connection, suppress(ConnectionError):
        if trickle != b"\r\n":
            connection.sendall(b"POST / HTTP/1.1\r\n")
        connection.settimeout(0.02)
        for _ in range(1000):
            connection.sendall(trickle)
            with suppress(TimeoutError):
                assert connection.recv(1) == b""
                return
        pytest.fail("it stays open")


def test_a_body_that_stops_is_answered_and_closed(hasty: Served) -> None:
    with hasty.connect() as connection:
        connection.sendall(raw(headers=signed_headers() | {"content-length": "20"}, body=b"{"))
        status, headers, body = read_answer(connection)
        assert (status, headers["connection"]) == (408, "close")
        assert json.loads(body)["__type"] == "RequestTimeoutException"
        assert is_closed(connection)


@pytest.mark.parametrize(
    "bomb",
    [
        b"GET / HTTP/1.1\r\nx: " + b"a" * 2**19,
        b"GET /" + b"a" * 2**19,
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 2**17,
        b"GET / HTTP/1.1\r\n" + b"a" * 2**19,
    ],
)
def test_a_head_without_end_is_refused(patient: Served, bomb: bytes) -> None:
    with patient.connect() as connection, suppress(ConnectionError):
        for _ in range(40):
            connection.sendall(bomb)
            bomb = bomb[-1:] * 2**19
        pytest.fail("twenty megabytes of head were read")
    assert is_served(patient)


@pytest.mark.parametrize("first", [10, 300, len(LARGE) - LARGE_BODY, len(LARGE) - LARGE_BODY + 1, 50_000])
def test_a_call_may_come_in_pieces_of_any_size(first: int) -> None:
    """asyncio reads up to 256 KB at once, of head and body alike."""
    rest = LARGE[first:]
    pieces = [LARGE[:first], *(rest[i : i + 2**18] for i in range(0, len(rest), 2**18))]
    written = asyncio.run(_written_for(pieces * 2))
    assert written.count(b"HTTP/1.1 200 OK") == written.count(b"HTTP/") == 2


async def _written_for(pieces: Sequence[bytes]) -> bytes:
    """What is written on a connection that reads these pieces."""
    with app_of(PATIENT) as app:
        listener = listen("127.0.0.1", 0, None)
        listener.socket.close()
        config = http_server(app, listener, PATIENT).config
        connection = connections_of(PATIENT)(config, ServerState(), {}, asyncio.get_running_loop())
        transport = Transport()
        connection.connection_made(transport)
        for piece in pieces:
            connection.data_received(piece)
        async with asyncio.timeout(PATIENCE_S):
            while connection.tasks:
                await asyncio.wait(connection.tasks)
        connection.connection_lost(None)
    return bytes(transport.written)


class Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        pass

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


CHUNKED = raw(headers=signed_headers() | {"transfer-encoding": "chunked"})


@pytest.mark.parametrize(
    "bomb",
    [b"0\r\nx: " + b"a" * 2**19, b"0\r\n" + b"a: b\r\n" * 2**17, b"0;" + b"a" * 2**19, b"2;" + b"a" * 2**19],
)
def test_what_frames_a_body_without_end_is_refused(patient: Served, bomb: bytes) -> None:
    with patient.connect() as connection, suppress(ConnectionError):
        connection.sendall(CHUNKED + b"2\r\n{}\r\n")
        for _ in range(40):
            connection.sendall(bomb)
            bomb = b"a: b\r\n" * 2**17 if bomb.endswith(b"\n") else b"a" * 2**19
        pytest.fail("twenty megabytes of it were read")
    assert is_served(patient)


def test_a_body_may_come_in_chunks_of_a_byte_each(patient: Served) -> None:
    body = b"{" + b" " * 50_000 + b"}"
    headers = signed_headers(body) | {"transfer-encoding": "chunked"}
    with patient.connect() as connection:
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
        connection.sendall(raw(headers=headers, body=chunks + b"0\r\n\r\n"))
        assert read_answer(connection)[0] == 200


@pytest.mark.parametrize("trailer", [b"x-amz-date: a", b"content-type: a", b"host: a"])
def test_what_follows_the_last_chunk_is_no_header(patient: Served, trailer: bytes) -> None:
    with patient.connect() as connection:
        connection.sendall(CHUNKED + b"2\r\n{}\r\n0\r\n" + trailer + b"\r\n\r\n")
        assert read_answer(connection)[0] == 200
        connection.sendall(CALL)
        assert read_answer(connection)[0] == 200


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01",
        b"hello\r\n\r\n",
        b"POST / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked, gzip\r\n\r\n",
        b"POST / HTTP/1.1\r\nx: a\x00b\r\n\r\n",
        b"POST /\xff HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
@pytest.mark.parametrize("before", [b"", CALL])
def test_what_is_not_http_is_told_so(patient: Served, garbage: bytes, before: bytes) -> None:
    with patient.connect() as connection:
        if before:
            connection.sendall(before)
            assert read_answer(connection)[0] == 200
        connection.sendall(garbage)
        status, headers, body = read_answer(connection)
        assert status == 400
        assert len(headers["x-amzn-requestid"]) == 36
        assert json.loads(body)["__type"] == "MalformedHttpRequestException"
        assert is_closed(connection)
    assert is_served(patient)


def test_garbage_behind_a_call_ends_the_connection(patient: Served) -> None:
    with patient.connect() as connection:
        connection.sendall(CALL + b"\x00\x01garbage\r\n\r\n")
        assert read_answer(connection)[0] in {0, 200, 400}
        while connection.recv(65536):
            pass
    assert is_served(patient)


def test_calls_in_a_row_are_answered_in_order(patient: Served) -> None:
    other = raw("GET", "/", {"host": "a"})
    with patient.connect() as connection:
        connection.sendall(CALL + other + CALL)
        text = b""
        while text.count(b"HTTP/1.1 ") < 3 or not text.endswith(b"{}"):
            text += connection.recv(65536)
        statuses = [part[:3] for part in text.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"405", b"200"]


def test_after_an_early_answer_the_body_is_dropped_and_the_connection_goes_on(patient: Served) -> None:
    """An SDK sends its whole body before it reads: it must get to see the answer."""
    size = 2**20 + 2**19
    with patient.connect() as connection:
        connection.sendall(raw(headers=signed_headers() | {"content-length": str(size)}, body=bytes(size)))
        status, _, body = read_answer(connection)
        assert (status, json.loads(body)["__type"]) == (413, "RequestEntityTooLargeException")
        connection.sendall(CALL)
        assert read_answer(connection)[0] == 200


def test_chunks_beyond_the_bound_are_refused(patient: Served) -> None:
    chunk = b"10000\r\n" + bytes(2**16) + b"\r\n"
    headers = signed_headers() | {"transfer-encoding": "chunked"}
    with patient.connect() as connection:
        connection.sendall(raw(headers=headers, body=17 * chunk + b"0\r\n\r\n"))
        assert read_answer(connection)[0] == 413
        connection.sendall(CALL)
        assert read_answer(connection)[0] == 200


def test_what_is_dropped_is_bounded_in_size(patient: Served) -> None:
    with patient.connect() as connection, suppress(ConnectionError):
        connection.sendall(raw(headers=signed_headers() | {"content-length": str(2**40)}))
        for _ in range(200):
            connection.sendall(bytes(2**18))
        pytest.fail("fifty megabytes were dropped")


def test_what_is_dropped_is_bounded_in_time(hasty: Served) -> None:
    with hasty.connect() as connection:
        connection.sendall(raw(headers=signed_headers() | {"content-length": str(2**21)}, body=b"a"))
        assert read_answer(connection)[0] == 413
        assert is_closed(connection)


def test_who_does_not_read_is_cut_off() -> None:
    ended = threading.Event()

    async def chatty(scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        client_gone = asyncio.ensure_future(gone(receive))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not client_gone.done():
            await send({"type": "http.response.body", "body": bytes(2**20), "more_body": True})
            await asyncio.sleep(0)
        ended.set()

    with served(chatty, LIMITS) as server, server.connect() as connection:
        connection.sendall(CALL)
        assert ended.wait(PATIENCE_S)


def test_there_are_so_many_connections_and_no_more(patient: Served) -> None:
    opened = [patient.connect() for _ in range(LIMITS.connections)]
    try:
        for connection in opened:
            connection.sendall(CALL)
            assert read_answer(connection)[0] == 200
        with patient.connect() as another:
            with suppress(ConnectionError):
                another.sendall(CALL)
            assert is_closed(another)
    finally:
        for connection in opened:
            connection.close()
