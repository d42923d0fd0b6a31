"""Looking through films: what is kept of whom, and that a job goes on where it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people_films import METADATA, FakeFilm, asked, looked_through
from registries import PURPOSE, agree, enrolled, registry_at
from sqlalchemy import select

from visavis.audit.entry import Action, Counted, Refusal
from visavis.consent.states import Event
from visavis.errors import FilmTooLongError, JobElsewhereError, JobEndedError, UnknownGalleryError
from visavis.services import film_work, galleries, job_results, jobs, tags
from visavis.services.consents import withdraw
from visavis.services.erase import end_grants
from visavis.services.film_search import propose
from visavis.services.film_work import FilmWork
from visavis.services.job_results import BEGINNING
from visavis.services.log import entries_from, log_size
from visavis.services.registry import Registry
from visavis.store.schema import film_faces, film_matches

Shows = Mapping[int, Sequence[str]]


@pytest.fixture
def staff(registry: Registry) -> Registry:
    """With a gallery in which Anna and Ben are."""
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben")
    enrolled(registry, "staff", "anna", "ben")
    return registry


def faces_of(registry: Registry, job_id: str) -> list[int]:
    """When faces were seen."""
    return [s.at_ms for s in job_results.faces(registry, jobs.find(registry, job_id), BEGINNING, 10_000).seen]


def people_of(registry: Registry, job_id: str) -> list[tuple[int, int, str]]:
    """When who was seen: the time, the person's number, the subject of the likest reference."""
    page = job_results.people(registry, jobs.find(registry, job_id), BEGINNING, 10_000)
    return [(seen.at_ms, seen.person, seen.matches[0][0].subject) for seen in page.seen]


def test_a_picture_in_each_fifth_of_a_second_is_looked_at(registry: Registry) -> None:
    job_id = asked(registry)
    film = FakeFilm(1_000, {0: ["anna", "ben"], 500: []}, every_ms=70)
    assert looked_through(registry, job_id, film) == 1
    assert faces_of(registry, job_id) == [0, 0, 210, 210, 420, 420]
    assert film.read == list(range(0, 1_000, 70))


@pytest.mark.parametrize(("duration_ms", "segments"), [(100, 1), (10_000, 1), (10_100, 2), (25_000, 3)])
def test_a_segment_has_ten_seconds(registry: Registry, duration_ms: int, segments: int) -> None:
    job_id = asked(registry)
    assert looked_through(registry, job_id, FakeFilm(duration_ms, {0: ["anna"]})) == segments
    assert jobs.find(registry, job_id).segments == segments
    assert faces_of(registry, job_id) == list(range(0, duration_ms, 200))


def test_a_film_without_pictures_has_no_segment(registry: Registry) -> None:
    work = FilmWork(registry, asked(registry), FakeFilm(0, {}), METADATA)
    assert not work.segment()


def test_only_people_of_the_gallery_are_kept(staff: Registry) -> None:
    job_id = asked(staff, "staff")
    looked_through(staff, job_id, FakeFilm(1_000, {0: ["zoe", "anna"], 400: ["zoe"], 800: ["ben", "anna"]}))
    assert people_of(staff, job_id) == [(0, 0, "anna"), (200, 0, "anna"), (800, 1, "ben"), (800, 0, "anna")]


def test_a_face_that_is_too_poor_gets_no_template(staff: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film_work, "LEAST_QUALITY", 0.95)
    job_id = asked(staff, "staff")
    looked_through(staff, job_id, FakeFilm(400, {0: ["anna"]}))
    assert people_of(staff, job_id) == []


def test_each_segment_is_logged_by_the_key_that_asked(staff: Registry) -> None:
    job_id = asked(staff.acting_as("VSVSAAAA"), "staff")
    before = log_size(staff)
    looked_through(staff, job_id, FakeFilm(30_000, {0: ["anna", "zoe"], 10_000: [], 20_000: ["zoe"]}))
    entries = [numbered.entry for numbered in entries_from(staff, before, 10)]
    assert [entry.action for entry in entries] == [Action.IDENTIFY] * 2, (
        "where there is no face, nobody is looked for"
    )
    assert {entry.by for entry in entries} == {"VSVSAAAA"}
    assert [entry.counts for entry in entries] == [
        {Counted.FACES: 100, Counted.CANDIDATES: 1},
        {Counted.FACES: 50, Counted.CANDIDATES: 0},
    ]
    assert [len(entry.commitments) for entry in entries] == [3, 0]


def test_more_people_than_a_leaf_holds(staff: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visavis.services.film_search._IN_A_LEAF", 1)
    job_id = asked(staff, "staff")
    before = log_size(staff)
    looked_through(staff, job_id, FakeFilm(200, {0: ["anna", "ben"]}))
    entries = [numbered.entry for numbered in entries_from(staff, before, 10)]
    assert [(dict(entry.counts), len(entry.commitments)) for entry in entries] == [
        ({Counted.FACES: 2, Counted.CANDIDATES: 2}, 3),
        ({}, 3),
    ]


def test_a_withdrawal_holds_for_the_segments_after_it_and_for_what_was_found_before(staff: Registry) -> None:
    job_id = asked(staff, "staff")
    work = FilmWork(staff, job_id, FakeFilm(20_000, {0: ["anna", "ben"]}), METADATA)
    assert work.segment()
    withdraw(staff, "anna", PURPOSE)
    assert not work.segment()
    jobs.succeed(staff, job_id)
    assert people_of(staff, job_id) == [(at_ms, 1, "ben") for at_ms in range(0, 20_000, 200)]
    with staff.store.read() as connection:
        numbers = set(connection.scalars(select(film_faces.c.enrolled_number)))
        matched = set(connection.scalars(select(film_matches.c.enrolled_number)))
    assert len(numbers) == len(matched) == 1, "nothing of her is in the store"


def test_a_withdrawal_while_a_segment_is_looked_at(staff: Registry) -> None:
    """The indexes proposed her; what is kept is what the transaction reads."""
    job_id = asked(staff, "staff")
    work = FilmWork(staff, job_id, FakeFilm(1_000, {0: ["anna", "ben"]}), METADATA)

    def propose_then_withdraw(*given: object) -> object:
        search = propose(*given)  # type: ignore[arg-type]  # as they came
        withdraw(staff, "anna", PURPOSE)
        return search

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(film_work, "propose", propose_then_withdraw)
        work.segment()
    assert {subject for _, _, subject in people_of(staff, job_id)} == {"ben"}


def test_who_comes_back_is_another(staff: Registry) -> None:
    job_id = asked(staff, "staff")
    work = FilmWork(staff, job_id, FakeFilm(20_000, {0: ["anna"]}), METADATA)
    work.segment()
    (recorded,) = agree(staff, "cleo")
    end_grants(staff, [recorded.grant.id], Event.WITHDRAW)
    withdraw(staff, "anna", PURPOSE)
    agree(staff, "anna")
    enrolled(staff, "staff", "anna")
    work.segment()
    assert {person for _, person, _ in people_of(staff, job_id)} == {1}


def test_a_rate_of_false_finds_counts_besides(staff: Registry) -> None:
    job_id = asked(staff, "staff", min_similarity=0.0)
    looked_through(staff, job_id, FakeFilm(200, {0: ["zoe"]}))
    assert len(people_of(staff, job_id)) == 1, "whoever is asked for at 0 is like somebody"
    tags.put(staff, "staff", {"visavis:fpir": "0.01"})
    again = asked(staff, "staff", min_similarity=0.0)
    looked_through(staff, again, FakeFilm(200, {0: ["zoe"]}))
    assert people_of(staff, again) == []


def test_a_job_that_was_ended_stops(staff: Registry) -> None:
    for gallery in (None, "staff"):
        job_id = asked(staff, gallery)
        work = FilmWork(staff, job_id, FakeFilm(20_000, {0: ["anna"]}), METADATA)
        work.segment()
        jobs.cancel(staff, job_id)
        with pytest.raises(JobEndedError):
            work.segment()
    with staff.store.read() as connection:
        assert connection.execute(select(film_faces.c.number)).first() is None


def test_a_gallery_that_was_deleted_stops_its_jobs(staff: Registry) -> None:
    work = FilmWork(staff, asked(staff, "staff"), FakeFilm(20_000, {0: ["anna"]}), METADATA)
    work.segment()
    galleries.delete(staff, "staff")
    galleries.create(staff, "staff", PURPOSE)
    enrolled(staff, "staff", "anna", "ben")
    tags.put(staff, "staff", {"visavis:fpir": "1e-9"})
    before = log_size(staff)
    with pytest.raises(UnknownGalleryError):
        work.segment()
    entries = [numbered.entry for numbered in entries_from(staff, before, 9)]
    assert [(entry.action, entry.refusal, entry.commitments) for entry in entries] == [
        (Action.IDENTIFY, Refusal.NOT_FOUND, ())
    ]
    with staff.store.read() as connection:
        assert connection.execute(select(film_faces.c.number)).first() is None
    with pytest.raises(UnknownGalleryError):
        FilmWork(staff, jobs.every(staff)[0].id, FakeFilm(20_000, {0: ["anna"]}), METADATA)


def test_two_that_do_one_segment_keep_it_once(staff: Registry) -> None:
    """A process that was taken for dead, and was not."""
    for gallery in (None, "staff"):
        job_id = asked(staff, gallery)
        film = FakeFilm(20_000, {0: ["anna"]})
        first, second = (FilmWork(staff, job_id, film, METADATA) for _ in range(2))
        first.segment()
        with pytest.raises(JobElsewhereError):
            second.segment()
        first.segment()
        jobs.succeed(staff, job_id)
        assert len(faces_of(staff, job_id)) == 100


def test_a_film_that_says_that_it_is_too_long(registry: Registry) -> None:
    with pytest.raises(FilmTooLongError):
        FilmWork(
            registry,
            asked(registry),
            FakeFilm(1_000, {0: []}),
            {**METADATA, "duration_ms": 6 * 3_600_000 + 1},
        )


def test_a_film_that_does_not_say_that_it_is_too_long(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(film_work, "MAX_MS", 15_000)
    work = FilmWork(registry, asked(registry), FakeFilm(20_000, {0: []}), {**METADATA, "duration_ms": None})
    assert work.segment()
    with pytest.raises(FilmTooLongError):
        work.segment()


@settings(max_examples=10)
@given(
    stops=st.lists(st.integers(0, 4), max_size=4),
    shows=st.dictionaries(
        st.integers(0, 300).map(lambda n: 100 * n),
        st.lists(st.sampled_from(["anna", "ben", "zoe"]), max_size=2, unique=True),
        max_size=6,
    ),
)
def test_however_often_it_is_cut_off_the_answer_is_the_same(
    stops: list[int], shows: dict[int, list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    film = FakeFilm(30_000, {0: ["anna"]} | shows, every_ms=100)
    with registry_at(tmp_path_factory.mktemp("registry")) as registry:
        galleries.create(registry, "staff", PURPOSE)
        agree(registry, "anna", "ben")
        enrolled(registry, "staff", "anna", "ben")
        whole, cut = asked(registry, "staff"), asked(registry, "staff")
        looked_through(registry, whole, film)
        for segments in stops:
            work = FilmWork(registry, cut, film, METADATA)
            for _ in range(segments):
                work.segment()
        looked_through(registry, cut, film)
        assert people_of(registry, cut) == people_of(registry, whole)
