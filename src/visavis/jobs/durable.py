"""Jobs as DBOS's workflows: a step that is noted is not done again, and what a process leaves undone another goes on with.

What DBOS keeps is ids of jobs and what steps return, as JSON; it logs through this process's logs, and reaches no network.
Its traps: the executor's id is this process's own, since two of one id take each other's work; the version never changes, since a
job is left alone by every version but its own; so the names and the order of the steps below never change either.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from visavis.jobs.database import engine_for
from visavis.jobs.run import JobRun, Report, give_up_telling, tell
from visavis.services.registry import Registry

if TYPE_CHECKING:
    from dbos import StepOptions

VERSION = "1"
"""Of the steps and their order, not of visavis."""

TELL = "tell-"
"""Before the id of a job: the work of telling that it has ended."""

_FILMS, _TELLING = "visavis-films", "visavis-telling"
_MOST_DEATHS = 20
"""A film that ends the process that works on it, so often, fails."""

_ENDED = {"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"}


@dataclass(frozen=True, slots=True)
class Noted:
    """How DBOS has a work. executor: of the process that works on it, or did. ended: nobody will go on with it."""

    executor: str | None
    waits: bool
    ended: bool


class Durable:
    """DBOS in this process, of which there can be one. Works on one film at a time; began, ended: told of each work."""

    def __init__(
        self,
        registry: Registry,
        report: Report,
        began: Callable[[str], None],
        ended: Callable[[str], None],
    ) -> None:
        self.executor = str(uuid4())
        self._dbos = _made(registry, self.executor)
        self._works = _works(registry, report, began, ended)
        self._dbos.launch()
        self._queues = {
            name: self._dbos.register_queue(name, worker_concurrency=most, on_conflict="always_update")
            for name, most in ((_FILMS, 1), (_TELLING, 4))
        }

    def noted(self, ids: Collection[str]) -> dict[str, Noted]:
        """The works of these ids that there are."""
        if not ids:
            return {}
        found = self._dbos.list_workflows(workflow_ids=list(ids), load_input=False, load_output=False)
        return {
            work.workflow_id: Noted(work.executor_id, work.status == "ENQUEUED", work.status in _ENDED)
            for work in found
        }

    def add(self, work_id: str) -> None:
        """Have a job done, or have its end told, once, by whichever process has time."""
        from dbos import SetWorkflowID

        name = _TELLING if work_id.startswith(TELL) else _FILMS
        with SetWorkflowID(work_id):
            self._queues[name].enqueue(self._works[name], work_id.removeprefix(TELL))

    def take_over(self, executor: str) -> None:
        """Have all that a process worked on that is no more be gone on with."""
        self._dbos._recover_pending_workflows([executor])  # noqa: SLF001  there is no other way to say it

    def close(self) -> None:
        """Take no more work, and give back what is being worked on, which goes on until this process ends."""
        for stopping in self._dbos.background_thread_stop_events:
            stopping.set()
        self.take_over(self.executor)


def _made(registry: Registry, executor: str) -> Any:
    """DBOS for this registry, with nothing but what is wanted of it."""
    for name in [name for name in os.environ if name.startswith("DBOS_")]:
        del os.environ[name]  # they would connect it to its makers' service, or change its version
    log = logging.getLogger("dbos")
    log.addHandler(logging.NullHandler())  # where it has a handler it makes none of its own
    from dbos import DBOS, DBOSPortableJSONSerializer

    url, engine = engine_for(registry.settings)
    return DBOS(
        config={
            "name": "visavis",
            "application_version": VERSION,
            "executor_id": executor,
            "system_database_url": url,
            "system_database_engine": engine,
            "serializer": DBOSPortableJSONSerializer(),
            "enable_otlp": False,
            "log_level": "WARNING",
            "use_listen_notify": False,
            "scheduler_polling_interval_sec": 3600.0,
        }
    )


def _works(
    registry: Registry, report: Report, began: Callable[[str], None], ended: Callable[[str], None]
) -> dict[str, Callable[[str], None]]:
    """What is done with a job: by the queue in which it waits."""
    from dbos import DBOS

    @contextmanager
    def worked_on(job_id: str) -> Iterator[None]:
        began(job_id)
        try:
            yield
        finally:
            ended(job_id)

    @DBOS.workflow(name="look through a film", max_recovery_attempts=_MOST_DEATHS)
    def look_through(job_id: str) -> None:
        run = JobRun(registry, job_id, report)
        with worked_on(job_id):
            while DBOS.run_step(_step("segment"), run.segment):
                pass
            DBOS.run_step(_step("end"), run.end)

    @DBOS.workflow(name="tell that it has ended", max_recovery_attempts=_MOST_DEATHS)
    def tell_of_the_end(job_id: str) -> None:
        with worked_on(job_id):
            try:
                DBOS.run_step(_step("tell"), tell, registry, job_id)
            except Exception as error:  # noqa: BLE001  nobody is told, and the job is what it is
                report("nobody could be told that a job has ended", error)
                DBOS.run_step(_step("give up"), give_up_telling, registry, job_id)

    return {_FILMS: look_through, _TELLING: tell_of_the_end}


def _step(name: str) -> StepOptions:
    """A step that is tried again, after pauses of 2 to 16 seconds, four times."""
    return {
        "name": name,
        "retries_allowed": True,
        "interval_seconds": 2.0,
        "backoff_rate": 2.0,
        "max_attempts": 5,
    }
