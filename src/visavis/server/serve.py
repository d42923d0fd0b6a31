"""A server over a registry, from its start to its end."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from types import FrameType

import numpy as np
import uvicorn

from visavis.errors import ModelError
from visavis.jobs.children import workers
from visavis.models.manifest import DEFAULT_RECOGNISER
from visavis.rekognition.model import service
from visavis.rekognition.service import Service, Signed
from visavis.rekognition.wire import Answer
from visavis.server.app import Parts, Server
from visavis.server.asgi import App
from visavis.server.caller import Caller
from visavis.server.connections import connections_of
from visavis.server.limits import Limits
from visavis.server.listening import Listener
from visavis.server.logs import log_event, log_failure
from visavis.server.rest.app import create_rest
from visavis.server.sigv4 import Secret
from visavis.services import access
from visavis.services.access import AccessKey
from visavis.services.erase import sweep
from visavis.services.galleries import summaries
from visavis.services.registry import Registry
from visavis.store.log import read_head

SWEEP_EVERY_S = 3600

SWITCH_S = 0.0005
"""How long a thread that computes in Python may keep the event loop waiting. By default it is ten times that."""


def create_app(registry: Registry, limits: Limits) -> Server:
    """The server's ASGI app over a registry."""
    wire = Service(registry, log_failure)

    def answer(headers: dict[str, str], body: bytes, caller: Caller) -> Answer:
        return wire.answer(Signed(headers, body, caller.key, caller.region, caller.request_id))

    def find_key(access_key_id: str) -> tuple[AccessKey, Secret] | None:
        live = access.find(registry, access_key_id)
        return None if live is None else (live.key, Secret(live.secret))

    return Server(
        Parts(answer, find_key, lambda: _read(registry), registry.clock, partial(create_rest, registry)),
        limits,
    )


def warm_up(registry: Registry) -> None:
    """Load what takes a while, so that no call waits for it: the models of all galleries, and botocore's of the wire.

    Raises ModelError where the default models cannot be loaded.
    """
    import_module("botocore.auth")
    service()
    blank = np.zeros((64, 64, 3), np.uint8)
    registry.analyzer(DEFAULT_RECOGNISER).detect(blank)
    for recogniser in sorted(
        {DEFAULT_RECOGNISER, *(found.gallery.recogniser for found in summaries(registry))}
    ):
        try:
            _ = registry.analyzer(recogniser).identity
        except ModelError as error:
            if recogniser == DEFAULT_RECOGNISER:
                raise
            log_event("a gallery's model cannot be loaded", error)


def serve(registry: Registry, app: Server, listener: Listener, limits: Limits, jobs: int = 0) -> None:
    """Answer, and do so many stored-video jobs at once, until SIGTERM or SIGINT. What is under way then is finished within `stop_s`; what still runs after twice that is cut off."""
    sys.setswitchinterval(SWITCH_S)
    server = http_server(app, listener, limits)
    with _sweeping(registry), _stopping(server), workers(registry.settings, jobs, _worker_ended):
        server.run(sockets=[listener.socket])
        watchdog = threading.Timer(limits.stop_s, os._exit, (1,))
        watchdog.daemon = True
        watchdog.start()
        app.close()
    watchdog.cancel()
    log_event("stopped")


def http_server(app: App, listener: Listener, limits: Limits) -> uvicorn.Server:
    """The HTTP server of an app; it is run with the listener's socket."""
    config = uvicorn.Config(
        app,
        http=connections_of(limits),
        interface="asgi3",
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=int(limits.idle_s),
        timeout_graceful_shutdown=int(limits.stop_s),
    )
    config.load()
    config.ssl = listener.tls
    return uvicorn.Server(config)


def _worker_ended() -> None:
    log_event("a worker ended; another takes its place")


def _read(registry: Registry) -> None:
    """Raise StoreError or KeyringError unless both databases can be read."""
    with registry.store.read() as connection:
        read_head(connection)
    registry.signing_key()


@contextmanager
def _stopping(server: uvicorn.Server) -> Iterator[None]:
    """Signals stop the server, however early they come; uvicorn repeats them at its end, when they do nothing more."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _sweeping(registry: Registry) -> Iterator[None]:
    """Erase every hour, in a thread, whoever's consent expired."""
    over = threading.Event()

    def sweep_again() -> None:
        while not over.wait(SWEEP_EVERY_S):
            try:
                sweep(registry)
            except Exception as error:  # noqa: BLE001  the next one may do better; until then nobody expired is found
                log_event("the sweep of expired consents failed", error)

    thread = threading.Thread(target=sweep_again, name="sweep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
