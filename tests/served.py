"""An app served on loopback by uvicorn, as `visavis serve` serves it, and a bare client for it."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from visavis.server.asgi import App
from visavis.server.limits import Limits
from visavis.server.listening import listen
from visavis.server.serve import http_server

PATIENCE_S = 20


@dataclass
class Served:
    """A server that runs. stop: ends it as a signal does, and returns once it has ended."""

    port: int
    endpoint: str
    server: uvicorn.Server
    thread: threading.Thread

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()


@contextmanager
def served(app: App, limits: Limits, tls: ssl.SSLContext | None = None) -> Iterator[Served]:
    listener = listen("127.0.0.1", 0, tls)
    server = http_server(app, listener, limits)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener.socket]}, daemon=True)
    thread.start()
    running = Served(int(listener.endpoint.rpartition(":")[2]), listener.endpoint, server, thread)
    try:
        yield running
    finally:
        running.stop()
        listener.socket.close()


def raw(
    method: str = "POST", path: str = "/", headers: dict[str, str] | None = None, body: bytes = b""
) -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in (headers or {}).items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def read_answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """One answer, and not a byte of the next; status 0 where the server closed instead."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        try:
            byte = connection.recv(1)
        except ConnectionError:
            byte = b""
        if not byte:
            return 0, {}, head
        head += byte
    first, *others = head.decode().strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in others)}
    body, length = b"", int(headers.get("content-length", "0"))
    while len(body) < length:
        piece = connection.recv(length - len(body))
        assert piece, "the server closed in the middle of an answer"
        body += piece
    return int(first.split()[1]), headers, body


def is_closed(connection: socket.socket) -> bool:
    """Wait for the server to close."""
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True
