"""A worker on a film that is only numbers, which may end itself at a place: what the tests of crashes run in a process of its own.

    python tests/job_worker.py HOME DATABASE_URL [looking|kept|ended|told] [--upgraded]

It works until no job is left open. What it tells goes to the file `told` in HOME, a line each.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock

from people_films import METADATA, FakeFilm, FakePicture
from registries import registry_at

from visavis.jobs import films, run, worker
from visavis.services import jobs
from visavis.services.film_work import FilmWork
from visavis.services.registry import Registry
from visavis.store.jobs import Job, open_jobs

FILM = FakeFilm(35_000, {0: ["anna", "zoe"], 8_000: ["ben"], 18_000: ["anna", "ben"], 30_000: ["zoe"]})
DYING_AT_MS = 15_000


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DyingFilm(FakeFilm):
    """Ends the process in the middle of its second segment."""

    def _picture(self, at_ms: int) -> FakePicture:
        if at_ms == DYING_AT_MS:
            die()
        return super()._picture(at_ms)


def after(function: Callable[..., Any], times: int = 1) -> Callable[..., Any]:
    """Does it, and the process ends when it has been done so often."""
    done = 0

    def do(*given: Any) -> Any:
        nonlocal done
        result, done = function(*given), done + 1
        if done == times:
            die()
        return result

    return do


def prepare(home: Path, dies: str) -> None:
    film = DyingFilm(FILM.duration_ms, FILM.shows) if dies == "looking" else FILM

    def begin(registry: Registry, job: Job) -> FilmWork:
        return FilmWork(registry, job.id, film, METADATA)

    def publish(_channel: Mapping[str, str], message: Mapping[str, Any]) -> None:
        with (home / "told").open("a") as file:
            file.write(json.dumps(message) + "\n")

    films.begin = begin
    telling: Callable[..., None] = after(publish) if dies == "told" else publish
    mock.patch.object(run, "publish", telling).start()
    hurry()
    if dies == "kept":
        FilmWork.segment = after(FilmWork.segment, 2)  # type: ignore[method-assign]  # as it is, but for its end
    if dies == "ended":
        jobs.succeed = after(jobs.succeed)


def hurry() -> None:
    """Let a process that is no more be noticed at once."""
    worker.LOOK_EVERY_S, worker.BEATS_EVERY_S, worker.DEAD_AFTER_S = 0.1, 0.2, 2.0


def upgrade() -> None:
    """Another workflow is there: DBOS would take this for another version of the program, and leave what the other began."""
    from dbos import DBOS

    @DBOS.workflow(name="new in this version")
    def new() -> None:
        """Nothing."""

    del new


def main(home: Path, database_url: str, dies: str, *, upgraded: bool) -> None:
    prepare(home, dies)
    with registry_at(home, database_url) as registry:
        if upgraded:
            upgrade()
        work(registry)


def work(registry: Registry) -> NoReturn:
    """Work until no job is left open and nothing of one is left to do, and end the process."""
    stopping = threading.Event()
    working = worker.Worker(registry, lambda text, error: print(text, repr(error), file=sys.stderr))
    thread = threading.Thread(target=working.run, args=(stopping,))
    thread.start()
    while still_open(registry) or working._mine:
        stopping.wait(0.1)
    stopping.set()
    thread.join()
    os._exit(0)


def still_open(registry: Registry) -> bool:
    with registry.store.read() as connection:
        return bool(open_jobs(connection))


if __name__ == "__main__":
    names = [word for word in sys.argv[3:] if not word.startswith("-")]
    main(Path(sys.argv[1]), sys.argv[2], *(names or ["never"]), upgraded="--upgraded" in sys.argv)
