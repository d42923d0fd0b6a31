"""Places to work in: never more at once than there are, nobody waits beyond the queue, and every place comes back."""

from __future__ import annotations

import asyncio
import random

import pytest
from http_calls import hurried
from hypothesis import given
from hypothesis import strategies as st

from visavis.rekognition.errors import ThrottlingException
from visavis.server.bodies import GoneError
from visavis.server.workers import Workers


def here() -> asyncio.Future[None]:
    """A client that stays."""
    return asyncio.get_running_loop().create_future()


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def hold(workers: Workers, client: asyncio.Future[None], until: asyncio.Event) -> str:
    try:
        async with workers.place(client):
            await until.wait()
    except ThrottlingException:
        return "throttled"
    except GoneError:
        return "gone"
    return "done"


def test_the_bounds_hold_exactly() -> None:
    async def scenario() -> None:
        workers, until = Workers("test", 2, 3, 1000), asyncio.Event()
        calls = [asyncio.create_task(hold(workers, here(), until)) for _ in range(9)]
        await turns()
        assert workers.waiting == 3
        assert [call.result() for call in calls if call.done()] == ["throttled"] * 4
        with pytest.raises(ThrottlingException):
            workers.check_room()
        until.set()
        assert [await call for call in calls] == ["done"] * 5 + ["throttled"] * 4
        workers.check_room()

    hurried(scenario())


def test_waiting_has_an_end() -> None:
    async def scenario() -> None:
        workers, until = Workers("test", 1, 3, 10), asyncio.Event()
        first = asyncio.create_task(hold(workers, here(), until))
        await turns()
        began = asyncio.get_running_loop().time()
        assert await hold(workers, here(), until) == "throttled"
        assert 10 <= asyncio.get_running_loop().time() - began < 11
        assert workers.waiting == 0
        until.set()
        assert await first == "done"

    hurried(scenario())


def test_who_has_gone_is_dropped_before_it_runs() -> None:
    async def scenario() -> None:
        workers, until, client = Workers("test", 1, 3, 1000), asyncio.Event(), here()
        first = asyncio.create_task(hold(workers, here(), until))
        second = asyncio.create_task(hold(workers, client, until))
        third = asyncio.create_task(hold(workers, here(), until))
        await turns()
        client.set_result(None)
        assert await second == "gone"
        assert workers.waiting == 1
        until.set()
        assert (await first, await third) == ("done", "done")

    hurried(scenario())


def test_a_full_queue_turns_the_one_before_it_away() -> None:
    async def scenario() -> None:
        first, until = Workers("first", 1, 5, 1000), asyncio.Event()
        second = Workers("second", 1, 2, 1000, first.turn_away)
        before = [asyncio.create_task(hold(first, here(), until)) for _ in range(4)]
        behind = [asyncio.create_task(hold(second, here(), until)) for _ in range(2)]
        await turns()
        assert (first.waiting, second.waiting) == (3, 1)
        behind.append(asyncio.create_task(hold(second, here(), until)))
        await turns()
        assert [call.result() for call in before[1:]] == ["throttled"] * 3
        assert (first.waiting, second.waiting) == (0, 2)
        until.set()
        assert [await call for call in (before[0], *behind)] == ["done"] * 4
        first.check_room()
        assert await hold(first, here(), until) == "done", "its place came back once"

    hurried(scenario())


@given(st.integers(0, 2**32))
def test_places_come_back_whatever_happens(seed: int) -> None:
    """Clients leave, tasks are cancelled and works end in any order, also in the same turn of the loop."""

    async def scenario() -> None:
        chance = random.Random(seed)
        workers = Workers("test", 2, 4, 5)
        running = most = 0
        events: list[asyncio.Event] = []
        clients: list[asyncio.Future[None]] = []
        calls: list[asyncio.Task[None]] = []

        async def one(client: asyncio.Future[None], until: asyncio.Event) -> None:
            nonlocal running, most
            async with workers.place(client):
                running += 1
                most = max(most, running)
                try:
                    await until.wait()
                finally:
                    running -= 1

        for _ in range(60):
            what = chance.randrange(5)
            if what < 2:
                events.append(asyncio.Event())
                clients.append(here())
                calls.append(asyncio.create_task(one(clients[-1], events[-1])))
            elif calls and what == 2:
                chance.choice(events).set()
            elif calls and what == 3:
                chance.choice(calls).cancel()
            elif calls and not (client := chance.choice(clients)).done():
                client.set_result(None)
            await turns(chance.randrange(4))
        for event in events:
            event.set()
        await asyncio.gather(*calls, return_exceptions=True)
        assert most <= 2
        assert (running, workers.waiting) == (0, 0)
        async with workers.place(here()), workers.place(here()):
            pass

    hurried(scenario())
