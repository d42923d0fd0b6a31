"""A server that reads a request's body, answers a fixed text, and does nothing else: what a client costs by itself."""

from __future__ import annotations

import re
import socket

_TEXT = b'{"FaceDetails":[]}'
_ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: %d\r\n\r\n" % len(_TEXT)
    + _TEXT
)
_PIECE_BYTES = 2**18


def main() -> None:
    """Answer one client after the other, and say where."""
    listening = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    while True:
        connection, _ = listening.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            while _read(connection):
                connection.sendall(_ANSWER)


def _read(connection: socket.socket) -> bool:
    """Read a request; False where the client has gone instead."""
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(_PIECE_BYTES)
        if not piece:
            return False
        head += piece
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    left = int(length[1]) if length else 0
    left -= len(head.partition(b"\r\n\r\n")[2])
    while left > 0:
        left -= len(connection.recv(_PIECE_BYTES))
    return True


if __name__ == "__main__":
    main()
