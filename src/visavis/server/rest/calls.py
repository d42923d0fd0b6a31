"""A call to /v1: by whom, whether they may, and where its work is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, NoReturn, ParamSpec, TypeVar

from fastapi import Request

from visavis.audit.entry import Action
from visavis.errors import NotAllowedError, UnknownGalleryError
from visavis.server.caller import Caller
from visavis.server.workers import Run
from visavis.services import galleries
from visavis.services.access import AccessKey
from visavis.services.delegation import is_unlimited
from visavis.services.refusals import refusals_logged
from visavis.services.registry import Registry
from visavis.store.galleries import Gallery

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """A call that its key allows. registry: acting as the key. region: as its client is set to. action: how the log names what is asked for; None where it names it not."""

    registry: Registry
    key: AccessKey
    run: Run
    region: str
    action: Action | None

    def require_gallery(self, name: str) -> None:
        """Refuse unless the key is for this gallery, there or not."""
        if self.key.reaches(name):
            return
        try:
            self.refuse(galleries.find(self.registry, name))
        except UnknownGalleryError:
            self.refuse()

    def require_purpose(self, purpose: str) -> None:
        """Refuse unless the key is for every gallery of a purpose, and there is one; a key for all galleries is for all purposes.

        A consent is to a purpose: whoever ends one empties all galleries that have it.
        """
        if is_unlimited(self.key):
            return
        found = galleries.of_purpose(self.registry, purpose)
        if not found or not all(self.key.reaches(gallery.name) for gallery in found):
            self.refuse()

    def require_all_galleries(self) -> None:
        """Refuse unless the key is for all galleries."""
        if not is_unlimited(self.key):
            self.refuse()

    def refuse(self, gallery: Gallery | None = None) -> NoReturn:
        """Raise NotAllowedError, which the log has as well. The caller's own words are not in it: they may name a person."""
        if self.action is None:
            raise NotAllowedError
        with refusals_logged(self.registry, self.action, gallery):
            raise NotAllowedError


def permitted(
    operation: str, action: Action | None = None, *, on_all_galleries: bool = False
) -> Callable[[Request], Coroutine[Any, Any, Call]]:
    """A dependency: the call, if its key allows this operation. Checked before what is asked for is looked at.

    on_all_galleries: what it answers tells of all of them, so a key for some is refused.
    """

    async def check(request: Request) -> Call:
        shared, caller = request.app.state, request.state.caller
        assert isinstance(caller, Caller)
        if exchange := getattr(request.state, "exchange", None):
            exchange.operation = operation  # for logs and metrics, which have nothing else of a call
        registry, run = shared.registry.acting_as(caller.key.id), _while_key_lives(shared.run, caller)
        call = Call(registry, caller.key, run, caller.region, action)
        if not call.key.allows(operation):
            await call.run(call.refuse)
        if on_all_galleries:
            await call.run(call.require_all_galleries)
        return call

    return check


def _while_key_lives(run: Run, caller: Caller) -> Run:
    """A Run that does nothing more once the key was ended: its work may wait, and an export takes a while."""

    def run_checked(work: Callable[[], T]) -> Awaitable[T]:
        def checked() -> T:
            caller.check()
            return work()

        return run(checked)

    return run_checked


def in_worker(endpoint: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Do an endpoint's work in the server's pool, and none of it in FastAPI's own threads, which nobody counts."""

    @wraps(endpoint)
    async def answer(*arguments: P.args, **named: P.kwargs) -> T:
        call = named["call"]
        assert isinstance(call, Call)
        return await call.run(partial(endpoint, *arguments, **named))

    return answer
