"""Reading what came of a job: pages, orders, and who is in none of them."""

from __future__ import annotations

import pytest
from people_films import FakeFilm, asked, looked_through
from registries import PURPOSE, Clock, agree, enrolled

from visavis.audit.entry import Action, Counted
from visavis.errors import UnknownGalleryError, UnknownJobError
from visavis.services import contents, galleries, job_results, jobs
from visavis.services.consents import withdraw
from visavis.services.job_results import BEGINNING, PersonSeen
from visavis.services.log import latest_entries, log_size
from visavis.services.registry import Registry
from visavis.store.jobs import Job


@pytest.fixture
def job(registry: Registry) -> Job:
    """A search that found Ben, Anna, Ben and Anna, each for a second."""
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben")
    enrolled(registry, "staff", "anna", photos=(0, 5))
    enrolled(registry, "staff", "ben")
    job_id = asked(registry, "staff")
    film = FakeFilm(4_000, {0: ["ben"], 1_000: ["anna"], 2_000: ["ben"], 3_000: ["anna"]}, every_ms=200)
    looked_through(registry, job_id, film)
    return jobs.find(registry, job_id)


def all_pages(registry: Registry, job: Job, limit: int, *, by_person: bool) -> list[PersonSeen]:
    seen: list[PersonSeen] = []
    after = BEGINNING
    while True:
        page = job_results.people(registry, job, after, limit, by_person=by_person)
        seen += page.seen
        if page.next_after is None:
            return seen
        after = page.next_after


@pytest.mark.parametrize("limit", [1, 3, 5, 1_000])
def test_pages_in_both_orders(registry: Registry, job: Job, limit: int) -> None:
    by_time = all_pages(registry, job, limit, by_person=False)
    assert [(seen.at_ms, seen.person) for seen in by_time] == [(200 * i, i // 5 % 2) for i in range(20)]
    by_person = all_pages(registry, job, limit, by_person=True)
    assert by_person == sorted(by_time, key=lambda seen: (seen.person, seen.at_ms))


def test_matches_are_the_references_that_the_face_is_like(registry: Registry, job: Job) -> None:
    ben, anna = (job_results.people(registry, job, (-1, after), 1).seen[0] for after in (0, 5))
    assert {reference.subject for reference, _ in ben.matches} == {"ben"}
    assert {reference.subject for reference, _ in anna.matches} == {"anna"}
    similarities = [similarity for _, similarity in anna.matches]
    assert len(similarities) == 2
    assert similarities == sorted(similarities, reverse=True)
    assert min(similarities) >= 80


def test_each_page_is_logged_with_the_people_on_it(registry: Registry, job: Job) -> None:
    job_results.people(registry, job, BEGINNING, 6)
    (entry,) = (numbered.entry for numbered in latest_entries(registry, 1))
    assert (entry.action, entry.gallery) == (Action.VIEW, "staff")
    assert entry.counts == {Counted.REFERENCES: 3, Counted.SUBJECTS: 2}
    assert len(entry.commitments) == 2 * 2 + 3


def test_who_withdrew_since_is_in_no_answer(registry: Registry, job: Job) -> None:
    withdraw(registry, "anna", PURPOSE)
    assert {seen.person for seen in all_pages(registry, job, 3, by_person=False)} == {0}
    assert len(all_pages(registry, job, 3, by_person=True)) == 10


def test_whose_consent_ran_out_is_in_no_answer_though_nobody_swept(
    registry: Registry, job: Job, clock: Clock
) -> None:
    assert registry.settings.retention_days == 1096
    clock.now += 1097 * 86_400
    assert all_pages(registry, job, 3, by_person=False) == []


def test_where_the_likest_reference_was_deleted_the_face_goes(registry: Registry, job: Job) -> None:
    anna = job_results.people(registry, job, (-1, 5), 1).seen[0]
    contents.remove(registry, "staff", [anna.matches[-1][0].id])
    assert len(all_pages(registry, job, 100, by_person=False)) == 20
    contents.remove(registry, "staff", [anna.matches[0][0].id])
    assert {seen.person for seen in all_pages(registry, job, 100, by_person=False)} == {0}


def test_of_a_gallery_that_was_deleted_nobody_is_in_any_answer(registry: Registry, job: Job) -> None:
    """Nor of another that has its name, whoever read the job before."""
    galleries.delete(registry, "staff")
    galleries.create(registry, "staff", PURPOSE)
    enrolled(registry, "staff", "anna", "ben")
    before = log_size(registry)
    for read in (job, jobs.find(registry, job.id)):
        for by_person in (False, True):
            with pytest.raises(UnknownGalleryError):
                job_results.people(registry, read, BEGINNING, 3, by_person=by_person)
    assert log_size(registry) == before


def test_faces_name_nobody_and_are_not_logged(registry: Registry) -> None:
    before = log_size(registry)
    detection = asked(registry)
    looked_through(registry, detection, FakeFilm(1_000, {0: ["zoe"]}))
    found = jobs.find(registry, detection)
    first = job_results.faces(registry, found, BEGINNING, 3)
    assert first.next_after is not None
    rest = job_results.faces(registry, found, first.next_after, 3)
    assert [seen.at_ms for seen in first.seen + rest.seen] == [0, 200, 400, 600, 800]
    assert rest.next_after is None
    assert log_size(registry) == before
    with pytest.raises(UnknownJobError):
        job_results.people(registry, found, BEGINNING, 3)
