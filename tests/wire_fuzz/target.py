"""A server to be fuzzed, in this process: what it answers, what it stores, and what it writes to its log."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from http_calls import Got
from registries import NOW, Clock, FakeAnalyzer, Seen, settings_at

from visavis.audit.entry import Action
from visavis.errors import CorruptImageError, VisavisError
from visavis.faces import Face
from visavis.server.app import Server
from visavis.server.limits import Limits
from visavis.server.listening import listen
from visavis.server.serve import create_app, http_server
from visavis.services import jobs
from visavis.services.registry import Registry, opened
from visavis.store.access import AccessRow, insert_access_key
from visavis.store.access_secrets import keep_secret
from wire_fuzz.answers import DONE, check_answer, is_open
from wire_fuzz.calls import GALLERY, Document, World, story
from wire_fuzz.requests import DEAD_KEYS, KEY, LIMITED_KEY, Shot, answer_to, shot_of
from wire_fuzz.streams import Stream, check_received, exchanged
from wire_fuzz.watch import KEPT, STORED, Changes, Log

MAX_SECONDS = 30
LIMITS = Limits(workers=2, queue=64, verifying_queue=64, calls_per_second=100_000, grace_s=2, head_s=2)
"""Wide where several requests come at once: none of them is to be throttled."""
Result = TypeVar("Result")
Analyzers = Callable[[str], Any]


class SturdyAnalyzer(FakeAnalyzer):
    """Sees in a photo whom `photo_of` put there; one that is no such photo any more is a damaged one."""

    def _faces(self, photo: Seen) -> list[Face]:
        try:
            return super()._faces(photo)
        except VisavisError:
            raise
        except Exception:  # noqa: BLE001  whatever a mutation did to the comment
            raise CorruptImageError from None


@dataclass
class Target:
    """A server and its store. photos: of the people who are enrolled in it."""

    registry: Registry
    app: Server
    port: int
    store: Changes
    keyring: Changes
    photos: Mapping[str, bytes]
    loop: asyncio.AbstractEventLoop
    log: Log
    world: World = field(default_factory=World)
    leaves: int = 0
    slowest_s: float = 0.0

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run on the server's event loop; raises TimeoutError where it hangs."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(2 * MAX_SECONDS)

    def send(self, shot: Shot) -> Got:
        """What it answers; raises AssertionError where that, or what it did, is wrong."""
        before = self.stored()
        began = time.monotonic()
        got = self.run(answer_to(self.app, shot))
        took_s = time.monotonic() - began
        self.slowest_s = max(self.slowest_s, took_s)
        assert took_s < MAX_SECONDS, "one request took too long"
        if shot.gone_after is None:
            check_answer(shot, got)
        assert shot.may_pass or got.status not in DONE or is_open(shot), "answered to whom nobody knows"
        self.check_stored(before, done=got.status in DONE)
        self.log.check()
        return got

    def send_all(self, streams: Sequence[Stream]) -> None:
        """Send these to the server's port, all at once; raises AssertionError where an answer is wrong, or something was done."""
        before = self.stored()

        async def everything() -> list[bytes]:
            return await asyncio.gather(*(exchanged(self.port, stream, MAX_SECONDS) for stream in streams))

        for stream, received in zip(streams, self.run(everything()), strict=True):
            check_received(stream, received)
        self.check_stored(before, done=False)
        self.log.check()

    def stored(self) -> tuple[int, int]:
        """How much was changed in store and keyring so far."""
        return self.store.count(), self.keyring.count()

    def check_stored(self, before: tuple[int, int], *, done: bool) -> None:
        """Raise AssertionError where nothing was to be done, but something was, or the log says so."""
        entries = self.store.leaves_after(self.leaves)
        self.leaves += len(entries)
        if not done:
            assert self.stored() == before, "a request that was refused has changed what is stored"
            # A photo may be refused as damaged once it is known who is in it: that somebody was looked for was done.
            done_or_not = [entry for entry in entries if entry.action is not Action.REDACT]
            assert all(entry.refusal for entry in done_or_not), "the log calls done what was refused"

    def renew(self) -> None:
        """Make the world anew by valid calls, which must all succeed. Nobody does the jobs, of which a few alone may run, so they are ended first."""
        for job in jobs.every(self.registry):
            if job.state == jobs.State.RUNNING:
                jobs.cancel(self.registry, job.id)
        calls = story(self.world, self.photos)
        answer: Document | None = None
        while True:
            try:
                draft = calls.send(answer)  # type: ignore[arg-type]  # the first is None, as generators want it
            except StopIteration:
                return
            got = self.send(shot_of("story", draft))
            assert got.status in DONE, f"a valid call was refused: {got.body!r}"
            answer = json.loads(got.body)


@contextmanager
def target(
    home: Path, analyzer: Analyzers, photos: Mapping[str, bytes], loop: asyncio.AbstractEventLoop, log: Log
) -> Iterator[Target]:
    """A server over a new store, with the keys of `requests`, and its world made."""
    home.mkdir()
    with opened(settings_at(home), clock=Clock(), analyzer=analyzer) as registry:
        make_keys(registry)
        app = create_app(registry, LIMITS)
        store, keyring = Changes(home / "visavis.db", STORED), Changes(home / "visavis-keyring.db", KEPT)
        try:
            with listened(app, loop) as port:
                made = Target(registry, app, port, store, keyring, photos, loop, log)
                made.renew()
                yield made
        finally:
            app.close()
            store.close()
            keyring.close()


@contextmanager
def listened(app: Server, loop: asyncio.AbstractEventLoop) -> Iterator[int]:
    """The port of loopback at which an app is served, as `visavis serve` does it."""
    listener = listen("127.0.0.1", 0, None)
    server = http_server(app, listener, LIMITS)
    serving = asyncio.run_coroutine_threadsafe(server.serve(sockets=[listener.socket]), loop)
    try:
        yield listener.socket.getsockname()[1]
    finally:
        server.should_exit = True
        serving.result(MAX_SECONDS)
        listener.socket.close()


def make_keys(registry: Registry) -> None:
    """The keys whose ids and secrets are known."""
    everything, some = ("*",), ("List*", "Search*", "GrantConsent", "CreateKey", "CreateGallery")
    rows = (
        AccessRow(KEY.id, everything, everything, NOW, None, None),
        AccessRow(LIMITED_KEY.id, some, (GALLERY, "new-*"), NOW, None, None),
        AccessRow(DEAD_KEYS[0].id, everything, everything, NOW - 9, NOW - 1, None),
        AccessRow(DEAD_KEYS[1].id, everything, everything, NOW - 9, None, NOW - 1),
    )
    with registry.store.write() as connection:
        for row in rows:
            insert_access_key(connection, row)
    for key in (KEY, LIMITED_KEY, *DEAD_KEYS):
        keep_secret(registry.keyring, key.id, key.secret)
