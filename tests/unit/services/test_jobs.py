"""Asking for jobs, and what becomes of them without anybody who works on them."""

from __future__ import annotations

import threading

import pytest
from people_films import METADATA, SOURCE, FakeFilm, asked, looked_through
from registries import PURPOSE, Clock, agree, enrolled
from sqlalchemy import func, select

from visavis.audit.entry import Action
from visavis.errors import JobTokenError, TooManyJobsError, UnknownGalleryError, UnknownJobError
from visavis.services import galleries, jobs
from visavis.services.erase import sweep
from visavis.services.film_work import FilmWork
from visavis.services.jobs import KEPT_S, MAX_RUNNING, Kind, State, Wanted
from visavis.services.log import latest_entries, log_size
from visavis.services.registry import Registry
from visavis.store.schema import film_faces, film_matches

ONCE = {"token": "t"}


def test_a_job_is_found_by_its_id_and_kind(registry: Registry) -> None:
    job_id = asked(registry.acting_as("VSVSAAAA"), tag="mine")
    job = jobs.find(registry, job_id, Kind.DETECT)
    assert (job.state, job.by, job.tag, job.gallery, job.told) == (State.RUNNING, "VSVSAAAA", "mine", None, 1)
    assert len(job_id) == 64
    assert "a.mp4" not in repr(job)
    for unknown, kind in ((job_id, Kind.SEARCH), ("0" * 64, None)):
        with pytest.raises(UnknownJobError):
            jobs.find(registry, unknown, kind)


def test_that_a_search_was_asked_for_is_logged_and_a_detection_is_not(registry: Registry) -> None:
    galleries.create(registry, "staff", PURPOSE)
    before = log_size(registry)
    asked(registry)
    assert log_size(registry) == before
    asked(registry, "staff")
    (entry,) = latest_entries(registry, 1)
    assert (entry.entry.action, entry.entry.gallery) == (Action.IDENTIFY, "staff")
    with pytest.raises(UnknownGalleryError):
        asked(registry, "nobody")


def test_a_token_gives_the_same_job_again(registry: Registry) -> None:
    job_id = asked(registry, **ONCE)
    assert asked(registry, **ONCE) == job_id
    assert jobs.repeated(registry, Kind.DETECT, "t", b"as it was") == job_id
    assert len(jobs.every(registry)) == 1
    with pytest.raises(JobTokenError):
        asked(registry, **ONCE, asked=b"otherwise")
    with pytest.raises(JobTokenError):
        jobs.repeated(registry, Kind.DETECT, "t", b"otherwise")
    assert asked(registry.acting_as("VSVSBBBB"), **ONCE) != job_id, "another key's token is another"
    assert jobs.repeated(registry, Kind.SEARCH, "t", b"as it was") is None
    assert jobs.repeated(registry, Kind.DETECT, None, b"as it was") is None


def test_the_twenty_first_job_is_refused_until_one_has_ended(registry: Registry) -> None:
    ids = [asked(registry) for _ in range(MAX_RUNNING)]
    galleries.create(registry, "staff", PURPOSE)
    for gallery in (None, "staff"):
        with pytest.raises(TooManyJobsError):
            asked(registry, gallery)
    jobs.cancel(registry, ids[0])
    asked(registry, "staff")
    with pytest.raises(TooManyJobsError):
        asked(registry)


def test_two_that_ask_at_once_are_counted_one_after_the_other(registry: Registry) -> None:
    refused: list[Exception] = []

    def ask() -> None:
        for _ in range(8):
            try:
                asked(registry)
            except TooManyJobsError as error:
                refused.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(jobs.every(registry)), len(refused)) == (MAX_RUNNING, 24 - MAX_RUNNING)


def test_a_job_ends_once(registry: Registry, clock: Clock) -> None:
    job_id = asked(registry)
    clock.now += 5
    assert jobs.cancel(registry, job_id)
    assert not jobs.cancel(registry, job_id)
    assert not jobs.succeed(registry, job_id)
    assert not jobs.fail(registry, job_id, "why")
    job = jobs.find(registry, job_id)
    assert (job.state, job.ended_at, job.message) == (State.CANCELLED, clock.now, "The job was cancelled.")
    with pytest.raises(UnknownJobError):
        jobs.cancel(registry, "0" * 64)


@pytest.mark.parametrize("end", ["fail", "cancel"])
def test_what_was_found_goes_with_a_job_that_does_not_succeed(registry: Registry, end: str) -> None:
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna")
    enrolled(registry, "staff", "anna")
    kept, job_id = asked(registry, "staff"), asked(registry, "staff")
    film = FakeFilm(1_000, {0: ["anna"]})
    looked_through(registry, kept, film)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(jobs, "succeed", lambda *_: True)
        looked_through(registry, job_id, film)
    assert counted(registry) == (10, 10)
    assert jobs.fail(registry, job_id, "why") if end == "fail" else jobs.cancel(registry, job_id)
    assert counted(registry) == (5, 5)


def counted(registry: Registry) -> tuple[int, int]:
    """Faces and matches in the store."""
    with registry.store.read() as connection:
        faces, matches = (
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (film_faces, film_matches)
        )
    return faces, matches


def test_jobs_are_swept_seven_days_after_their_end(registry: Registry, clock: Clock) -> None:
    ended, running = asked(registry, **ONCE), asked(registry)
    looked_through(registry, ended, FakeFilm(1_000, {0: ["anna"]}))
    clock.now += KEPT_S
    sweep(registry)
    assert [job.id for job in jobs.every(registry)] == [ended, running]
    clock.now += 1
    sweep(registry)
    assert [job.id for job in jobs.every(registry)] == [running]
    assert counted(registry) == (0, 0)
    assert asked(registry, **ONCE) != ended


def test_the_jobs_of_a_gallery_outlive_it_and_what_they_found_does_not(
    registry: Registry, clock: Clock
) -> None:
    for name in ("staff", "visitors"):
        galleries.create(registry, name, PURPOSE)
    agree(registry, "anna")
    enrolled(registry, "staff", "anna")
    running, done, ended = (asked(registry, "staff", channel={"SNSTopicArn": "arn"}) for _ in range(3))
    others = [asked(registry, "visitors"), asked(registry)]
    looked_through(registry, done, FakeFilm(1_000, {0: ["anna"]}))
    FilmWork(registry, running, FakeFilm(20_000, {0: ["anna"]}), METADATA).segment()
    jobs.cancel(registry, ended)
    began, clock.now = clock.now, clock.now + 5
    galleries.delete(registry, "staff")
    galleries.create(registry, "staff", PURPOSE)
    assert counted(registry) == (0, 0)
    found = {job.id: job for job in jobs.every(registry)}
    assert [
        (found[one].state, found[one].message, found[one].ended_at) for one in (running, done, ended)
    ] == [
        (State.FAILED, galleries.DELETED, began + 5),
        (State.SUCCEEDED, None, began),
        (State.CANCELLED, "The job was cancelled.", began),
    ]
    for one in (running, done, ended):
        job = found[one]
        assert (job.gallery, job.gallery_id, job.people, job.told) == ("staff", None, 0, 0)
    assert {found[one].state for one in others} == {State.RUNNING}
    clock.now += KEPT_S + 1
    sweep(registry)
    assert [job.id for job in jobs.every(registry)] == others


def test_somebody_is_to_be_told_only_where_that_was_asked_for(registry: Registry) -> None:
    wanted = Wanted(Kind.DETECT, SOURCE, b"a", channel={"SNSTopicArn": "arn"})
    assert jobs.find(registry, jobs.start(registry, wanted)).told == 0
