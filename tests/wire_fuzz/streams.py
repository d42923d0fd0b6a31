"""Bytes that are sent to a socket, and what comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from wire_fuzz.answers import check_wire_error

SILENCE_S = 0.25
"""After which whoever sends says that nothing more comes: what is not whole then has an end."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Bytes for a socket, in pieces. ends: nothing follows them. answered: how many good answers must come; None for any answers."""

    kind: str
    pieces: Sequence[bytes] = field(repr=False)
    ends: bool = False
    answered: int | None = None

    def to_bytes(self) -> bytes:
        """What `--replay` reads: a line of JSON, and the bytes."""
        about = {
            "kind": self.kind,
            "ends": self.ends,
            "answered": self.answered,
            "lengths": list(map(len, self.pieces)),
        }
        return json.dumps(about).encode() + b"\n" + b"".join(self.pieces)

    @classmethod
    def from_bytes(cls, data: bytes) -> Stream:
        """The bytes of a file."""
        about, _, rest = data.partition(b"\n")
        given = json.loads(about)
        pieces, at = [], 0
        for length in given.pop("lengths"):
            pieces.append(rest[at : at + length])
            at += length
        return cls(pieces=pieces, **given)


async def exchanged(port: int, stream: Stream, patience_s: float) -> bytes:
    """Whatever the server says to it until it closes. Raises TimeoutError where it does not."""
    received = b""
    async with asyncio.timeout(patience_s):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for piece in stream.pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            ended = stream.ends or stream.answered is not None  # good answers are waited for
            if stream.ends:
                writer.write_eof()
            while True:
                try:
                    piece = await asyncio.wait_for(reader.read(65_536), None if ended else SILENCE_S)
                except TimeoutError:
                    ended = True
                    writer.write_eof()
                    continue
                if not piece:
                    return received
                received += piece
        except TimeoutError:
            raise
        except (OSError, RuntimeError):  # it closed before all was sent
            return received
        finally:
            writer.transport.abort()


def check_received(stream: Stream, received: bytes) -> None:
    """Raise AssertionError unless all that was received are answers, and as they must be."""
    statuses = []
    while received:
        head, _, received = received.partition(b"\r\n\r\n")
        first, *others = head.decode("latin-1").split("\r\n")
        status = int(first.split()[1])
        if status == 100:
            continue
        headers: dict[str, Any] = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in others)
        }
        length = int(headers["content-length"])
        body, received = received[:length], received[length:]
        statuses.append(status)
        assert status == 200 or 400 <= status < 500, status
        assert len(body) == length, "an answer is cut off"
        if headers["content-type"].startswith("application/") and status != 200 and b'"__type"' in body:
            check_wire_error(status, body)
    if stream.answered is not None:
        assert statuses == [200] * stream.answered, f"{stream.kind}: {statuses} {body!r}"
