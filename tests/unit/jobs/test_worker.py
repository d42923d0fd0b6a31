"""A worker sees that every job is worked on; here nobody works."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import Any

import pytest
from people_films import asked
from registries import PURPOSE

from visavis.errors import StoreBusyError
from visavis.jobs import films, worker
from visavis.jobs.durable import TELL, Noted
from visavis.jobs.run import FAILED
from visavis.jobs.worker import BEATS_EVERY_S, DEAD_AFTER_S, Worker
from visavis.services import galleries, jobs
from visavis.services.jobs import State
from visavis.services.registry import Registry
from visavis.store.jobs import beat

MINE, OTHERS = "mine", "others"
WAITING = Noted(None, waits=True, ended=False)
ENDED = Noted(OTHERS, waits=False, ended=True)
CHANNEL = {"SNSTopicArn": "arn", "RoleArn": "r"}


def worked_on(executor: str) -> Noted:
    return Noted(executor, waits=False, ended=False)


class FakeDurable:
    """Notes what it is told."""

    executor = MINE

    def __init__(
        self, _registry: object, _report: object, began: Callable[[str], None], ended: Callable[[str], None]
    ) -> None:
        self.works: dict[str, Noted] = {}
        self.taken: list[str] = []
        self.closed = False
        self.began, self.ended = began, ended

    def noted(self, ids: Collection[str]) -> dict[str, Noted]:
        return {name: self.works[name] for name in ids if name in self.works}

    def add(self, work_id: str) -> None:
        assert work_id not in self.works
        self.works[work_id] = WAITING

    def take_over(self, executor: str) -> None:
        self.taken.append(executor)

    def close(self) -> None:
        self.closed = True


class Ticks:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def looking(registry: Registry, ticks: Ticks, monkeypatch: pytest.MonkeyPatch) -> tuple[Worker, FakeDurable]:
    monkeypatch.setattr(worker, "Durable", FakeDurable)
    made = Worker(registry, lambda *_: None, ticks)
    durable: Any = made._durable
    return made, durable


def test_a_job_is_given_to_whoever_has_time_once(
    registry: Registry, looking: tuple[Worker, FakeDurable]
) -> None:
    made, durable = looking
    job_id = asked(registry)
    made.look_after()
    made.look_after()
    assert durable.works == {job_id: WAITING}
    jobs.succeed(registry, job_id)
    made.look_after()
    assert list(durable.works) == [job_id], "nobody wants to be told"


def test_the_end_of_a_job_is_told_however_it_ended(
    registry: Registry, looking: tuple[Worker, FakeDurable]
) -> None:
    made, durable = looking
    ids = [asked(registry, channel=CHANNEL) for _ in range(3)]
    jobs.succeed(registry, ids[0])
    jobs.cancel(registry, ids[1])
    made.look_after()
    assert set(durable.works) == {TELL + ids[0], TELL + ids[1], ids[2]}


def test_the_end_of_a_job_is_told_though_its_gallery_is_gone(
    registry: Registry, looking: tuple[Worker, FakeDurable]
) -> None:
    made, durable = looking
    galleries.create(registry, "staff", PURPOSE)
    done, running = (asked(registry, "staff", channel=CHANNEL) for _ in range(2))
    jobs.succeed(registry, done)
    galleries.delete(registry, "staff")
    made.look_after()
    assert set(durable.works) == {TELL + done, TELL + running}


def test_a_job_that_was_given_up_fails(registry: Registry, looking: tuple[Worker, FakeDurable]) -> None:
    """Its film has ended the process too often, or a store was brought back that is older than what is noted of its jobs."""
    made, durable = looking
    job_id = asked(registry, channel=CHANNEL)
    durable.works[job_id] = ENDED
    made.look_after()
    job = jobs.find(registry, job_id)
    assert (job.state, job.message) == (State.FAILED, FAILED)
    durable.works[TELL + job_id] = ENDED
    made.look_after()
    assert jobs.find(registry, job_id).told == 1


def test_a_process_whose_jobs_have_no_beat_is_taken_over(
    registry: Registry, looking: tuple[Worker, FakeDurable], ticks: Ticks
) -> None:
    made, durable = looking
    lively, silent, own = (asked(registry) for _ in range(3))
    durable.works |= {lively: worked_on("lively"), silent: worked_on("silent"), own: worked_on(MINE)}
    for _ in range(int(DEAD_AFTER_S) + 1):
        assert durable.taken == []
        made.look_after()
        ticks.now += 1
        with registry.store.write() as connection:
            beat(connection, [lively])
    assert durable.taken == ["silent"]
    durable.works[silent] = WAITING
    made.look_after()
    durable.works[silent] = worked_on("another")
    made.look_after()
    assert durable.taken == ["silent"], "who goes on with it is watched anew"


def test_what_is_worked_on_here_has_beats(
    registry: Registry, looking: tuple[Worker, FakeDurable], ticks: Ticks
) -> None:
    made, durable = looking
    job_id = asked(registry)

    def beats() -> int:
        return jobs.find(registry, job_id).beats

    made.look_after()
    durable.began(job_id)
    for expected in (1, 1, 2):
        made.look_after()
        assert beats() == expected
        ticks.now += BEATS_EVERY_S / 2
    durable.ended(job_id)
    ticks.now += BEATS_EVERY_S
    made.look_after()
    assert beats() == 2


def test_films_that_were_left_over_are_removed_at_the_start(
    registry: Registry, looking: tuple[Worker, FakeDurable]
) -> None:
    file = films.file_of(registry, "0" * 64)
    file.parent.mkdir()
    file.touch()
    looking[0].look_after()
    assert not file.exists()


def test_a_store_that_cannot_be_reached_is_asked_again(
    looking: tuple[Worker, FakeDurable], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, durable = looking
    stopping, reported = threading.Event(), []
    monkeypatch.setattr(worker, "LOOK_EVERY_S", 0)
    made._report = lambda text, error: reported.append((text, type(error)))

    def fail() -> None:
        if len(reported) == 2:
            stopping.set()
        raise StoreBusyError

    monkeypatch.setattr(made, "look_after", fail)
    made.run(stopping)
    assert reported[:2] == [("jobs cannot be looked after", StoreBusyError)] * 2
    assert durable.closed
