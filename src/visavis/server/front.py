"""The front: what every signed request passes before anything is done for it.

The order keeps the many from starving the few, and is from the cheap to the dear:

1. On the event loop, in microseconds: the size that the header tells, the form of its signature, and whether a call could
   be taken at all. Where the queue of calls is full, ThrottlingException is answered here: no body is kept, nothing hashed.
2. The body is read, still on the event loop, within a time, a rate and a memory of all bodies together. It comes before any
   place in a queue is taken, so a client that trickles waits alone.
3. The signature is verified in threads of their own, with a short queue of its own. A flood without a valid key fills that
   queue and no other: it gets some thousand verifications a second to contend for, in which whoever has a key takes part like
   anybody else, and never a place among the calls. (Who signs right cannot be told from who does not before the body is
   hashed.) When the queue of calls fills, whoever waits here is throttled at once.
4. The key's own rate; only verified requests count, so that nobody can use up another's.
5. A place among the calls, in order of coming, for a bounded time; whoever has gone away loses it before anything runs, and so does
   whose key was ended meanwhile.

The answer is sent after the place is given back: a client that reads slowly holds none either. `/v1`, whose answers may be as long as the log,
takes a place for each piece of its work instead, and sends as it goes.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from visavis.rekognition.errors import InternalServerError, RequestTimeoutException, WireError
from visavis.rekognition.wire import Answer, write_error
from visavis.server.asgi import (
    JSON,
    App,
    Message,
    Receive,
    Scope,
    Send,
    header_values,
    is_rest,
    raw_path,
    reply,
    takes_photo,
)
from visavis.server.authorization import read_authorization
from visavis.server.bodies import GoneError, check_head, gone, read_body, replayed
from visavis.server.exchange import GONE, Exchange
from visavis.server.limits import Bodies, Limits, Rates
from visavis.server.logs import log_failure
from visavis.server.rest.failures import failure
from visavis.server.verifier import Verifier
from visavis.server.workers import Workers


class Front:
    """An ASGI middleware. It hands on `scope["state"]["caller"]`, a Caller, and the whole body in one message.

    What the inner app sends is kept until it returns, but at `/v1`. `scope["state"]["exchange"]` must be there.
    """

    def __init__(self, inner: App, verifier: Verifier, workers: Workers, limits: Limits) -> None:
        self.bodies = Bodies(limits.bodies_bytes)
        self.workers = workers
        self._inner = inner
        self._verifier = verifier
        self._limits = limits
        self._rest_limits = replace(limits, body_bytes=limits.rest_body_bytes)
        self._rates = Rates(limits.calls_per_second)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        exchange: Exchange = scope["state"]["exchange"]
        kept: list[Message] = []
        streamed = is_rest(raw_path(scope))

        async def hand_on(message: Message) -> None:
            if streamed:
                await send(message)
            else:
                kept.append(message)

        try:
            await self._admit(scope, receive, hand_on)
        except GoneError:
            exchange.code = GONE
            return
        except Exception as error:  # noqa: BLE001  whatever it is, a client gets an answer, and its message goes nowhere
            known = error if isinstance(error, WireError) else InternalServerError()
            if known is not error:
                log_failure(exchange.request_id, error)
            kept.clear()
            if exchange.status is None:  # else the answer is cut off, which the client sees
                await _refuse(scope, hand_on, known)
        for message in kept:
            await send(message)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange: Exchange = scope["state"]["exchange"]
        path = raw_path(scope)
        limits = self._rest_limits if is_rest(path) and not takes_photo(path) else self._limits
        check_head(scope, limits)
        read_authorization(header_values(scope, b"authorization"))
        self.workers.check_room()
        with self.bodies.one() as count:
            pieces = await read_body(receive, limits, count)
            exchange.received_bytes = sum(map(len, pieces))
            client_gone = asyncio.ensure_future(gone(receive))
            try:
                async with self._verifier.place(client_gone):
                    self.workers.check_room()  # again: it may have filled meanwhile
                    caller, body = await self._verifier.verified(scope, pieces, exchange.request_id)
                exchange.access_key_id = caller.key.id
                self._rates.take(caller.key.id)
                scope["state"]["caller"] = caller
                if is_rest(raw_path(scope)):
                    await self._inner(scope, replayed(body, client_gone), send)
                else:
                    async with self.workers.place(client_gone) as waited:
                        if waited:
                            await self.workers.run(caller.check)
                        await self._inner(scope, replayed(body, client_gone), send)
            finally:
                client_gone.cancel()


async def _refuse(scope: Scope, send: Send, error: WireError) -> None:
    """Answer with an error. What is left of the body is for the connection to drop."""
    exchange: Exchange = scope["state"]["exchange"]
    exchange.code = error.code
    answer = _refusal(error, raw_path(scope), exchange.request_id)
    if isinstance(error, RequestTimeoutException) or header_values(scope, b"expect"):
        await reply(send, answer, connection="close")  # whether the rest of the body comes is not sure
    else:
        await reply(send, answer)


def _refusal(error: WireError, path: str, request_id: str) -> Answer:
    """What a client is told of an error: in AWS's form on the wire, in its own at `/v1`."""
    if not is_rest(path):
        return write_error(error, request_id)
    response = failure(error)
    return Answer(response.status_code, {"content-type": JSON}, bytes(response.body))
