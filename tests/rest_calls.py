"""Calls to /v1 as the server passes them on: signed by whom is settled, the rest is the app's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from visavis.audit.entry import Action, Refusal
from visavis.server.caller import Caller
from visavis.server.rest.app import create_rest
from visavis.services.access import AccessKey
from visavis.services.log import NumberedEntry, latest_entries
from visavis.services.registry import Registry

T = TypeVar("T")

KEY = AccessKey("VSVSAAAAAAAAAAAAAAAA")
"""May do everything."""


class Rest:
    """The app on a registry, called by one key or another. check: of keys, before each work."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.pool = ThreadPoolExecutor(2, thread_name_prefix="worker")
        self.app = create_rest(registry, self.run)
        self.check: Callable[[], None] = lambda: None

    async def run(self, work: Callable[[], T], /) -> T:
        """The pool of the server that is not there."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, work)

    def call(self, method: str, path: str, key: AccessKey | None = KEY, **request: Any) -> httpx.Response:
        """Call with a key; None: as if nobody had set one."""

        async def front(scope: Scope, receive: Receive, send: Send) -> None:
            state: MutableMapping[str, Any] = (
                {"caller": Caller(key, "local", "r-1", self.check)} if key else {}
            )
            await Starlette(routes=[Mount("/v1", self.app)])({**scope, "state": state}, receive, send)

        async def answer() -> httpx.Response:
            transport = httpx.ASGITransport(front, raise_app_exceptions=key is not None)
            async with httpx.AsyncClient(transport=transport, base_url="http://visavis") as client:
                return await client.request(method, f"/v1{path}", **request)

        return asyncio.run(answer())

    def get(self, path: str, key: AccessKey = KEY, **parameters: Any) -> Any:
        """The JSON of an answer to GET, which must be one."""
        return self._told(self.call("GET", path, key, params=parameters))

    def post(self, path: str, key: AccessKey = KEY, **body: Any) -> Any:
        """The JSON of an answer to POST, which must be one."""
        return self._told(self.call("POST", path, key, json=body))

    def refused(
        self, status: int, code: str, method: str, path: str, key: AccessKey = KEY, **request: Any
    ) -> str:
        """The message of a refusal, which it must be, in the one form."""
        answer = self.call(method, path, key, **request)
        assert answer.status_code == status, answer.text
        error = answer.json()["error"]
        assert answer.json().keys() == {"error"}
        assert error.keys() == {"code", "message", "hint"}
        assert error["code"] == code
        message: str = error["message"]
        return message

    def last(self) -> NumberedEntry:
        """The last entry of the log."""
        return latest_entries(self.registry, 1)[0]

    def last_is_refusal(self, action: Action) -> bool:
        """Whether the last entry says that the caller may not do this."""
        entry = self.last().entry
        return (entry.action, entry.refusal) == (action, Refusal.NOT_ALLOWED)

    def _told(self, answer: httpx.Response) -> Any:
        assert answer.status_code == 200, answer.text
        return answer.json()
