"""A process that does jobs: it sees that every job of the store is worked on by somebody, and works on one film at a time itself.

The store is what counts: a job that DBOS does not know is given to it, one that DBOS gave up fails, and one whose process is no more is
taken over. Whether it is no more is seen by its beats, which each process watches by its own clock: those of two machines need not agree.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from visavis.errors import VisavisError
from visavis.jobs import films
from visavis.jobs.durable import TELL, Durable, Noted
from visavis.jobs.run import FAILED, Report, give_up_telling
from visavis.services import jobs
from visavis.services.jobs import State
from visavis.services.registry import Registry
from visavis.store.jobs import Job, beat, open_jobs

LOOK_EVERY_S = 1.0
BEATS_EVERY_S = 3.0
DEAD_AFTER_S = 15.0
"""A job that is worked on and has had no beat for so long is taken over."""

SWEEP_EVERY_S = 60.0


class Worker:
    """Does jobs until it is stopped. clock: monotonic, in seconds."""

    def __init__(
        self, registry: Registry, report: Report, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._registry = registry
        self._report = report
        self._clock = clock
        self._mine: set[str] = set()
        self._beats: dict[str, tuple[int, float]] = {}
        self._beat_at = self._swept_at = -float("inf")
        self._durable = Durable(registry, report, self._mine.add, self._mine.discard)

    def run(self, stopping: threading.Event) -> None:
        """Do jobs until told to stop; what is being worked on then is left to be gone on with."""
        while not stopping.wait(LOOK_EVERY_S):
            try:
                self.look_after()
            except VisavisError as error:
                self._report("jobs cannot be looked after", error)
        self._durable.close()

    def look_after(self) -> None:
        """See once that every job is worked on."""
        self._beat()
        with self._registry.store.read() as connection:
            found = open_jobs(connection)
        works = {_work_id(job): job for job in found}
        noted = self._durable.noted(works.keys())
        for work_id, job in works.items():
            if work_id not in noted:
                self._durable.add(work_id)
            elif noted[work_id].ended:
                self._give_up(job)
        self._take_over([(job, noted[work_id]) for work_id, job in works.items() if work_id in noted])
        self._sweep()

    def _beat(self) -> None:
        if self._mine and self._clock() - self._beat_at >= BEATS_EVERY_S:
            self._beat_at = self._clock()
            with self._registry.store.write() as connection:
                beat(connection, sorted(self._mine))

    def _give_up(self, job: Job) -> None:
        """DBOS has nothing more to do for a job that is not where it should be: a store was brought back, or it ended its process too often."""
        if job.state == State.RUNNING:
            jobs.fail(self._registry, job.id, FAILED)
        else:
            give_up_telling(self._registry, job.id)

    def _take_over(self, works: Sequence[tuple[Job, Noted]]) -> None:
        """Take over from processes whose jobs have had no beat for too long."""
        now, seen, dead = self._clock(), self._beats, set()
        self._beats = {}
        for job, noted in works:
            if noted.waits or noted.ended or noted.executor in {None, self._durable.executor}:
                continue
            beats, since = seen.get(job.id, (job.beats, now))
            self._beats[job.id] = (job.beats, since if beats == job.beats else now)
            if now - self._beats[job.id][1] >= DEAD_AFTER_S:
                dead.add(noted.executor)
        for executor in dead:
            assert executor is not None
            self._durable.take_over(executor)

    def _sweep(self) -> None:
        if self._clock() - self._swept_at >= SWEEP_EVERY_S:
            self._swept_at = self._clock()
            films.remove_left_over(self._registry)


def _work_id(job: Job) -> str:
    return job.id if job.state == State.RUNNING else TELL + job.id
