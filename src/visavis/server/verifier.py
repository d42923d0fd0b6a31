"""Whose request it is: its body hashed and its signature verified, in threads of its own."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

from visavis.rekognition.errors import UnrecognizedClientException
from visavis.server.asgi import Scope, raw_path
from visavis.server.caller import Caller
from visavis.server.limits import Limits
from visavis.server.sigv4 import Secret, SignedRequest, verify
from visavis.server.workers import Workers
from visavis.services.access import AccessKey

FindKey = Callable[[str], tuple[AccessKey, Secret] | None]
"""A live access key and its secret by its id, or None; asked for each request, so that a revoked key stops at once."""


class Verifier:
    """Verifies signatures. clock: gives the time in UTC, in seconds since 1970."""

    def __init__(self, find_key: FindKey, clock: Callable[[], int], limits: Limits) -> None:
        self._find_key = find_key
        self._clock = clock
        self._workers = Workers("verify", limits.verifiers, limits.verifying_queue, limits.wait_s)

    def place(self, client_gone: asyncio.Future[None]) -> AbstractAsyncContextManager[bool]:
        """A place among the threads for the length of the block: see `Workers.place`."""
        return self._workers.place(client_gone)

    async def verified(self, scope: Scope, pieces: list[bytes], request_id: str) -> tuple[Caller, bytes]:
        """Who signed a request, and its body; the pieces are taken out of their list. Only for whoever has a place.

        Raises the FrontError that `sigv4.verify` names, and what looking for keys raises.
        """
        return await self._workers.run(lambda: self._verify(scope, pieces, request_id))

    def turn_away(self) -> None:
        """Throttle everybody whose signature waits to be verified."""
        self._workers.turn_away()

    def close(self) -> None:
        """End the threads."""
        self._workers.close()

    def _verify(self, scope: Scope, pieces: list[bytes], request_id: str) -> tuple[Caller, bytes]:
        digest = hashlib.sha256()
        for piece in pieces:
            digest.update(piece)
        keys: list[AccessKey] = []

        def find_secret(access_key_id: str) -> Secret | None:
            found = self._find_key(access_key_id)
            if found is None:
                return None
            keys.append(found[0])
            return found[1]

        signed = verify(_as_signed(scope, digest.hexdigest()), find_secret, self._clock())
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        return Caller(keys[0], signed.region, request_id, partial(self._check, keys[0].id)), body

    def _check(self, access_key_id: str) -> None:
        if self._find_key(access_key_id) is None:
            raise UnrecognizedClientException


def _as_signed(scope: Scope, body_sha256: str) -> SignedRequest:
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    query = scope["query_string"].decode("latin-1")
    return SignedRequest(scope["method"], raw_path(scope), query, headers, body_sha256)
