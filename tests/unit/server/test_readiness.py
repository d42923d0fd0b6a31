"""Readiness: however many ask, the databases are asked once."""

from __future__ import annotations

import asyncio
import threading

from visavis.errors import StoreError
from visavis.server.readiness import Readiness


def test_many_ask_at_once() -> None:
    go, asked = threading.Event(), 0

    def check() -> None:
        nonlocal asked
        asked += 1
        assert go.wait(30)

    async def scenario() -> list[bool]:
        readiness = Readiness(check)
        asking = [asyncio.create_task(readiness.ready()) for _ in range(50)]
        await asyncio.sleep(0)
        go.set()
        return await asyncio.gather(*asking)

    assert asyncio.run(scenario()) == [True] * 50
    assert asked == 1


def test_an_answer_is_fresh_for_a_second() -> None:
    answers = iter([None, StoreError(), None, ValueError()])
    clock = [0.0]

    def check() -> None:
        if error := next(answers):
            raise error

    async def scenario() -> list[bool]:
        readiness = Readiness(check, lambda: clock[0])
        found = []
        for clock[0] in (0, 1, 1.1, 2, 2.2, 3.3):
            found.append(await readiness.ready())
        return found

    assert asyncio.run(scenario()) == [True, True, False, False, True, False]
