"""A job's steps: which failures end it, which have it tried again, and what is told in the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from people_films import METADATA, FakeFilm, asked
from registries import PURPOSE, agree, enrolled

from visavis.errors import (
    CorruptVideoError,
    FilmUnreadableError,
    JobElsewhereError,
    NotToldError,
    StoreBusyError,
)
from visavis.jobs import films, run
from visavis.jobs.run import FAILED, JobRun, give_up_telling, tell
from visavis.services import galleries, job_results, jobs
from visavis.services.film_work import FilmWork
from visavis.services.job_results import BEGINNING
from visavis.services.jobs import State
from visavis.services.registry import Registry
from visavis.store.jobs import Job

FILM = FakeFilm(20_000, {0: ["anna"]})
CHANNEL = {"SNSTopicArn": "arn:aws:sns:local:123456789012:t", "RoleArn": "r"}


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The jobs that were begun or gone on with, on a film that is here."""
    ids: list[str] = []

    def begin(registry: Registry, job: Job) -> FilmWork:
        ids.append(job.id)
        return FilmWork(registry, job.id, FILM, METADATA)

    monkeypatch.setattr(films, "begin", begin)
    return ids


@pytest.fixture
def reported() -> list[tuple[str, Exception]]:
    return []


@pytest.fixture
def job_run(registry: Registry, reported: list[tuple[str, Exception]]) -> JobRun:
    return JobRun(registry, asked(registry), lambda text, error: reported.append((text, error)))


def job_of(registry: Registry) -> Job:
    (job,) = jobs.every(registry)
    return job


def test_from_the_first_segment_to_the_end(registry: Registry, job_run: JobRun, begun: list[str]) -> None:
    file = films.file_of(registry, job_of(registry).id)
    file.parent.mkdir()
    file.touch()
    assert [job_run.segment(), job_run.segment()] == [True, False]
    assert job_of(registry).state == State.RUNNING
    job_run.end()
    assert job_of(registry).state == State.SUCCEEDED
    assert len(begun) == 1
    assert not file.exists()
    job_run.end()


@pytest.mark.parametrize("error", [CorruptVideoError(), FilmUnreadableError()])
def test_what_is_wrong_with_the_film_ends_the_job(
    registry: Registry,
    job_run: JobRun,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
    reported: list[object],
) -> None:
    monkeypatch.setattr(films, "begin", failing(error))
    assert not job_run.segment()
    job_run.end()
    assert (job_of(registry).state, job_of(registry).message) == (State.FAILED, str(error))
    assert reported == []


def test_a_mistake_of_ours_ends_the_job_and_tells_nothing(
    registry: Registry,
    job_run: JobRun,
    monkeypatch: pytest.MonkeyPatch,
    reported: list[tuple[str, Exception]],
) -> None:
    error = RuntimeError("anna")
    monkeypatch.setattr(films, "begin", failing(error))
    assert not job_run.segment()
    assert (job_of(registry).state, job_of(registry).message) == (State.FAILED, FAILED)
    assert reported == [("a job failed", error)]


def test_a_busy_store_has_the_segment_done_anew(
    registry: Registry, job_run: JobRun, begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("visavis.services.film_work.insert_film_faces", failing(StoreBusyError()))
        with pytest.raises(StoreBusyError):
            job_run.segment()
    assert [job_run.segment(), job_run.segment()] == [True, False]
    job_run.end()
    assert len(begun) == 2
    assert len(job_results.faces(registry, job_of(registry), BEGINNING, 1_000).seen) == 100


def test_a_job_that_was_ended_is_left_as_it_is(registry: Registry, job_run: JobRun, begun: list[str]) -> None:
    job_run.segment()
    jobs.cancel(registry, job_of(registry).id)
    assert not job_run.segment()
    job_run.end()
    assert job_of(registry).state == State.CANCELLED
    assert not JobRun(registry, job_of(registry).id, lambda *_: None).segment()
    assert len(begun) == 1


def test_who_meets_another_at_a_job_goes_on_where_that_is(
    registry: Registry, job_run: JobRun, begun: list[str]
) -> None:
    """One of the two was taken for dead, and was not; whichever it is, neither ends the job before its time."""
    other = JobRun(registry, job_of(registry).id, lambda *_: None)
    assert job_run.segment()
    assert not other.segment(), "which began where the first was"
    assert job_run.segment(), "its second segment is there, so it looks again"
    assert not job_run.segment()
    other.end()
    assert job_of(registry).state == State.SUCCEEDED
    assert len(job_results.faces(registry, job_of(registry), BEGINNING, 1_000).seen) == 100
    assert len(begun) == 3


@pytest.mark.parametrize("seen", ["anna", None])
def test_a_job_whose_gallery_was_deleted(
    registry: Registry,
    seen: str | None,
    monkeypatch: pytest.MonkeyPatch,
    reported: list[object],
    published: list[Any],
) -> None:
    """Its worker finds it ended, whether it has somebody to look for at that moment or not, and its end is told."""
    film = FakeFilm(20_000, {0: [seen] if seen else []})
    monkeypatch.setattr(films, "begin", lambda own, job: FilmWork(own, job.id, film, METADATA))
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna")
    enrolled(registry, "staff", "anna")
    job_id = asked(registry, "staff", channel=CHANNEL)
    job_run = JobRun(registry, job_id, lambda *told: reported.append(told))
    assert job_run.segment()
    galleries.delete(registry, "staff")
    galleries.create(registry, "staff", PURPOSE)
    assert not job_run.segment()
    job_run.end()
    assert reported == []
    job = job_of(registry)
    assert (job.state, job.message, job.segments) == (State.FAILED, galleries.DELETED, 1)
    tell(registry, job_id)
    ((_, message),) = published
    assert (message["JobId"], message["Status"], message["API"]) == (job_id, "FAILED", "StartFaceSearch")
    assert job_of(registry).told == 1


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Mapping[str, str], Mapping[str, Any]]]:
    found: list[tuple[Mapping[str, str], Mapping[str, Any]]] = []
    monkeypatch.setattr(run, "publish", lambda channel, message: found.append((channel, message)))
    return found


def test_the_end_is_told_once(registry: Registry, published: list[Any]) -> None:
    job_id = asked(registry, channel=CHANNEL)
    jobs.fail(registry, job_id, "why")
    tell(registry, job_id)
    tell(registry, job_id)
    ((channel, message),) = published
    assert (channel, message["JobId"], message["Status"]) == (CHANNEL, job_id, "FAILED")
    assert job_of(registry).told == 1
    tell(registry, "0" * 64)


def test_who_cannot_be_told_is_told_later(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = asked(registry, channel=CHANNEL)
    jobs.succeed(registry, job_id)
    monkeypatch.setattr(run, "publish", failing(NotToldError()))
    with pytest.raises(NotToldError):
        tell(registry, job_id)
    assert (job_of(registry).told, job_of(registry).state) == (0, State.SUCCEEDED)
    give_up_telling(registry, job_id)
    assert job_of(registry).told == 1


def test_films_that_were_left_over_are_removed(registry: Registry) -> None:
    films.remove_left_over(registry)
    running, ended = asked(registry), asked(registry)
    jobs.cancel(registry, ended)
    for name in (running, ended, "0" * 64):
        file = films.file_of(registry, name)
        file.parent.mkdir(exist_ok=True)
        file.touch()
    films.remove_left_over(registry)
    assert list(films.file_of(registry, running).parent.iterdir()) == [films.file_of(registry, running)]


def test_a_film_is_fetched_and_opened(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    job_id = asked(registry)
    fetched: list[object] = []
    monkeypatch.setattr(films, "fetch_film", lambda film, file: fetched.append((film.size, file)))
    monkeypatch.setattr(films, "open_film", lambda _: (FILM, METADATA))
    films.begin(registry, job_of(registry))
    assert fetched == [(1, tmp_path / "jobs" / f"{job_id}.film")]
    assert json.loads(job_of(registry).film or "") == METADATA


def test_a_film_is_fetched_by_one_process_alone(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two would add to one file."""
    job_id = asked(registry)
    monkeypatch.setattr(films, "PAUSE_S", 0)
    monkeypatch.setattr(films, "fetch_film", lambda *_: None)
    with films.alone(registry, job_id), pytest.raises(JobElsewhereError):
        films.begin(registry, job_of(registry))
    assert films.fetch(registry, job_of(registry)).size == 1


def failing(error: Exception) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise error

    return fail
