"""A connection, bounded where uvicorn leaves it to whoever is on the other side: its header, its silence, its reading, its end.

uvicorn reads a header of any size for as long as it takes, keeps a connection open on which blank lines trickle, waits for
ever for whoever does not read their answer, reads what follows an early answer as long as it comes, and takes what follows
the last chunk of a body, of any size, for more headers. All of these end here.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from visavis.rekognition.errors import MalformedHttpRequestException
from visavis.rekognition.wire import write_error
from visavis.server.limits import Limits

_FAREWELL_S = 0.5
_FRAMING_BYTES = 8
"""What may frame each byte of a chunked body: in chunks of one byte, these are 5."""


class Phase(Enum):
    """What a connection is doing."""

    IDLE = "nothing is under way"
    HEAD = "a header is coming"
    CALL = "a call is answered: the front has its own bounds"
    DRAIN = "a call is answered already, and its body still comes"


class Connection(HttpToolsProtocol):
    """A connection; whoever makes its class sets the limits: see `connections_of`."""

    limits: Limits

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._phase = Phase.CALL  # there is no deadline yet
        self._deadline: asyncio.TimerHandle | None = None
        self._write_deadline: asyncio.TimerHandle | None = None
        self._part = 0  # of the heads and bodies so far, and what lies between them
        self._in_head = False
        self._in_body = False
        self._head_bytes = 0
        self._framing_bytes = 0
        self._drained_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin; where there are too many connections, end at once."""
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            transport.abort()
        else:
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        for timer in (self._deadline, self._write_deadline):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came, and end where the header, or what a body has besides itself, has grown too large.

        A piece counts where it lies within one head or one body: what a head and a body share may be most of the body.
        """
        part = self._part
        super().data_received(data)
        if self._part == part and self._in_head:
            self._head_bytes += len(data)
        if self._part == part and self._in_body:
            self._framing_bytes += len(data)
        if (
            max(self._head_bytes, self._framing_bytes) > self.limits.head_bytes
            and not self.transport.is_closing()
        ):
            self.send_400_response("The header is too large.")
        self._watch()

    def on_message_begin(self) -> None:
        """The first byte of a header."""
        super().on_message_begin()
        self._part += 1
        self._in_head, self._head_bytes = True, 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """A line of a header; what follows a body's last chunk is none, as the call has begun, and is dropped."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The end of a header: an answer may begin."""
        self._part += 1
        self._in_head, self._in_body = False, True
        self._head_bytes = self._framing_bytes = self._drained_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of a body; it is dropped if its call is answered."""
        self._framing_bytes -= (1 + _FRAMING_BYTES) * len(body)
        if self.cycle.response_complete:
            self._drained_bytes += len(body)
            if self._drained_bytes > self.limits.drain_bytes:
                self.transport.abort()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The end of a body."""
        self._part += 1
        self._in_body, self._framing_bytes = False, 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The end of an answer."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._close()
        else:
            self._watch()

    def shutdown(self) -> None:
        """The server stops: whoever asks nothing is let go, and under TLS need not say goodbye."""
        super().shutdown()
        if self.transport.is_closing():
            self.loop.call_later(_FAREWELL_S, self.transport.abort)

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP, in the form of every other error. msg: a fixed text of uvicorn's, or ours."""
        answer = write_error(MalformedHttpRequestException(msg), str(uuid4()))
        headers = answer.headers | {"content-length": str(len(answer.body)), "connection": "close"}
        lines = [f"HTTP/1.1 400 {HTTPStatus.BAD_REQUEST.phrase}", *(f"{n}: {v}" for n, v in headers.items())]
        self.transport.write("\r\n".join([*lines, "", ""]).encode() + answer.body)
        self._close()

    def pause_writing(self) -> None:
        """The client does not read: it has a while to begin again."""
        super().pause_writing()
        self._write_deadline = self.loop.call_later(self.limits.drain_s, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads again."""
        if self._write_deadline is not None:
            self._write_deadline.cancel()
        super().resume_writing()

    def _watch(self) -> None:
        """Give each phase but a call's its time, from when it begins: what comes meanwhile does not prolong it."""
        phase = self._present_phase()
        if phase is self._phase:
            return
        self._phase = phase
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        seconds = {
            Phase.IDLE: self.limits.idle_s,
            Phase.HEAD: self.limits.head_s,
            Phase.DRAIN: self.limits.drain_s,
        }
        if phase is not Phase.CALL:
            self._deadline = self.loop.call_later(seconds[phase], self._close)

    def _present_phase(self) -> Phase:
        if self.cycle is not None and not self.cycle.response_complete:
            return Phase.CALL
        if self._in_body:
            return Phase.DRAIN
        return Phase.HEAD if self._in_head else Phase.IDLE

    def _close(self) -> None:
        """End: what is written is sent first, if the client takes it."""
        self.transport.close()
        self.loop.call_later(self.limits.drain_s, self.transport.abort)


def connections_of(limits: Limits) -> type[Connection]:
    """Connections with these limits."""
    return type("LimitedConnection", (Connection,), {"limits": limits})
