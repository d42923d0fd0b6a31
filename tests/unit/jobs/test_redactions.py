"""Redactions as jobs, on a film in which a box is seen: whatever becomes of the work, the result is the same, or there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from films import Film
from people_films import SOURCE
from registries import PURPOSE, agree, enrolled, face_of, picture_of

from visavis.errors import SparedMeanwhileError, StoreBusyError, TargetExistsError, UnknownGalleryError
from visavis.jobs import films, redactions
from visavis.jobs.run import JobRun
from visavis.redaction import videos
from visavis.redaction.redact import Spare
from visavis.redaction.sightings import Look
from visavis.services import galleries, jobs
from visavis.services.consents import withdraw
from visavis.services.film_redactions import RedactionOptions, RedactionProgress
from visavis.services.jobs import Kind, State, Wanted
from visavis.services.registry import Registry
from visavis.store.jobs import Job
from visavis.video.frames import Frame

FRAMES = 20


class Cut(BaseException):
    """The process ends here."""


class Stage:
    """A film that is here, and what is done with it. looked: the numbers of the frames, results: what was delivered, and to where.

    at: what else happens when a frame of a number is looked at. spare: as the looker was given it.
    """

    def __init__(self, film: bytes) -> None:
        self.film = film
        self.looked: list[int] = []
        self.results: list[tuple[bytes, Any]] = []
        self.at: dict[int, Callable[[], None]] = {}
        self.spare: Spare | None = None

    def fetch(self, _film: object, file: Path) -> None:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        if not file.exists():
            file.write_bytes(self.film)

    def deliver(self, file: Path, *place: object) -> None:
        self.results.append((file.read_bytes(), place))

    def looker(self, _analyzer: object, spare: Spare | None) -> Callable[[Frame, int, bool], Look]:
        self.spare = spare

        def look(frame: Frame, number: int, _recognise: bool) -> Look:
            self.looked.append(number)
            self.at.pop(number, lambda: None)()
            xyxy = np.array([[16 + number, 16, 40 + number, 40]], np.float32)
            regions = np.array([[16 + number, 16, 24, 24]], np.float32)
            one = np.ones(1, np.float32)
            signature = frame.rgb(16, 12)[..., 1].ravel()
            return Look(float(frame.timestamp_ms), xyxy, regions, one, one < 0, one < 0, signature)

        return look


@pytest.fixture(scope="module")
def film() -> bytes:
    return Film(sound="aac").bytes()


@pytest.fixture
def stage(film: bytes, monkeypatch: pytest.MonkeyPatch) -> Stage:
    made = Stage(film)
    monkeypatch.setattr(videos, "PART_FRAMES", 6)
    monkeypatch.setattr(films, "fetch_film", made.fetch)
    monkeypatch.setattr(redactions, "deliver", made.deliver)
    monkeypatch.setattr(redactions, "looker", made.looker)
    monkeypatch.setattr("registries.FakeAnalyzer.detector", lambda _: None, raising=False)
    return made


def asked(registry: Registry, gallery: str | None = None, name: str = "a.mp4", **options: Any) -> str:
    wanted = RedactionOptions({"Bucket": "to-publish", "Name": name}, **options).as_json()
    return jobs.start(registry, Wanted(Kind.REDACT, SOURCE, b"", gallery=gallery, options=wanted))


def done(registry: Registry, job_id: str) -> Job:
    """The job after all its steps, each of which may be repeated."""
    run = JobRun(registry, job_id, lambda _, error: (_ for _ in ()).throw(error))
    while run.segment():
        pass
    run.end()
    return jobs.find(registry, job_id)


def is_clean(registry: Registry) -> bool:
    return not any((registry.settings.home / films.FOLDER).iterdir())


def test_from_the_film_to_the_result(registry: Registry, stage: Stage) -> None:
    job = done(registry, asked(registry))
    assert (job.state, job.message, job.segments) == (State.SUCCEEDED, None, 8)
    assert RedactionProgress.of(job) == RedactionProgress(FRAMES, FRAMES, FRAMES, FRAMES, 0)
    ((result, (media_type, place, region, mark)),) = stage.results
    assert (media_type, place, region) == ("video/mp4", {"Bucket": "to-publish", "Name": "a.mp4"}, "local")
    assert job.id not in mark
    assert result[4:8] == b"ftyp"
    assert sorted(stage.looked) == list(range(FRAMES))
    assert stage.spare is None
    assert is_clean(registry)


def test_what_is_asked_for_is_done(registry: Registry, stage: Stage) -> None:
    for options in ({}, {"audio": "drop"}, {"also": ("0,0,9,9@0-0.1",)}, {"keep_boxes": ("0,0,96,64",)}):
        done(registry, asked(registry, **options))
    assert len({result for result, _ in stage.results}) == 4
    open_ = jobs.every(registry)[-1]
    assert RedactionProgress.of(open_).covered_frames == 0
    done(registry, asked(registry, name="a.webm"))
    assert stage.results[-1][0][:4] == b"\x1aE\xdf\xa3"


def test_how_far_it_is_is_noted_after_each_part(
    registry: Registry, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[tuple[int | None, int, int, int]] = []
    note = RedactionProgress.note

    def noting(self: RedactionProgress, own: Registry, job_id: str, segments: int) -> None:
        noted.append((self.frames, self.looked_at, self.written, segments))
        note(self, own, job_id, segments)

    monkeypatch.setattr(RedactionProgress, "note", noting)
    done(registry, asked(registry))
    expected = [(20, at, 0, part) for part, at in enumerate((0, 6, 12, 18, 20))]
    expected += [(20, 20, at, 4 + part) for part, at in enumerate((6, 12, 18, 20), 1)]
    assert list(dict.fromkeys(noted)) == expected
    assert len(stage.results) == 1


@pytest.mark.parametrize("cut_at", range(0, 12, 2))
def test_a_process_that_is_killed_is_gone_on_for_and_the_result_is_the_same(
    cut_at: int, sqlite_registry: Registry, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = asked(sqlite_registry)
    done(sqlite_registry, whole)
    stage.looked.clear()
    job_id, notes = asked(sqlite_registry), 0
    note = RedactionProgress.note

    def noting(self: RedactionProgress, *given: Any) -> None:
        nonlocal notes
        note(self, *given)
        notes += 1
        if notes == cut_at:
            raise Cut

    monkeypatch.setattr(RedactionProgress, "note", noting)
    if cut_at:
        with pytest.raises(Cut):
            done(sqlite_registry, job_id)
        assert jobs.find(sqlite_registry, job_id).state == State.RUNNING
    job = done(sqlite_registry, job_id)
    assert job.state == State.SUCCEEDED
    assert RedactionProgress.of(job) == RedactionProgress(FRAMES, FRAMES, FRAMES, FRAMES, 0)
    results = {result for result, _ in stage.results}
    assert len(results) == 1
    again = {number for number in stage.looked if stage.looked.count(number) > 1}
    kept = set(range(6 * max(0, min(cut_at - 1, 3))))
    assert not again & kept, "what is finished is not looked at again"
    assert is_clean(sqlite_registry)


@pytest.mark.parametrize("at", [0, 13])
def test_a_job_that_is_cancelled_stops_between_parts(at: int, registry: Registry, stage: Stage) -> None:
    job_id = asked(registry)
    stage.at[at] = lambda: void(jobs.cancel(registry, job_id))
    assert done(registry, job_id).state == State.CANCELLED
    assert stage.results == []
    assert is_clean(registry)


def test_a_job_that_is_cancelled_before_it_is_begun(registry: Registry, stage: Stage) -> None:
    job_id = asked(registry)
    jobs.cancel(registry, job_id)
    assert done(registry, job_id).state == State.CANCELLED
    assert (stage.looked, stage.results) == ([], [])


def test_a_target_that_is_there_by_then(
    registry: Registry, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deliver(*_: object) -> None:
        raise TargetExistsError

    monkeypatch.setattr(redactions, "deliver", deliver)
    job = done(registry, asked(registry))
    assert (job.state, job.message) == (State.FAILED, str(TargetExistsError()))
    assert len(stage.looked) == FRAMES
    assert is_clean(registry)


def test_a_film_that_is_damaged(registry: Registry, stage: Stage) -> None:
    stage.film = stage.film[: len(stage.film) // 2]
    job = done(registry, asked(registry))
    assert (job.state, stage.results) == (State.FAILED, [])
    assert job.message
    assert "film" not in job.message
    assert is_clean(registry)


@pytest.mark.parametrize(
    ("box", "why"),
    [
        ("96,0,9,9", "box 1 of those to be covered by hand lies outside of the picture"),
        ("0,0,9,9@60-61", "no frame is shown in the time of box 1"),
        ("0,0,9,9@0.001-0.002", "no frame is shown in the time of box 1"),
    ],
)
def test_a_box_that_would_cover_nothing_fails_the_job(
    box: str, why: str, registry: Registry, stage: Stage
) -> None:
    job = done(registry, asked(registry, also=(box,)))
    assert (job.state, stage.results) == (State.FAILED, [])
    assert why in (job.message or "")
    assert is_clean(registry)


def test_a_busy_store_has_the_rest_done_anew(registry: Registry, stage: Stage) -> None:
    run = JobRun(registry, asked(registry), lambda *_: None)

    def busy() -> None:
        raise StoreBusyError

    stage.at[13] = busy
    with pytest.raises(StoreBusyError):
        run.segment()
    assert not run.segment()
    assert min(number for number in stage.looked if stage.looked.count(number) > 1) >= 12
    assert len(stage.results) == 1


def test_a_process_that_was_taken_for_dead_is_waited_for(
    registry: Registry, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(films, "PAUSE_S", 0)
    job_id = asked(registry)
    other = JobRun(registry, job_id, lambda *_: None)
    stage.at[13] = lambda: seen.append(other.segment())
    seen: list[bool] = []
    assert done(registry, job_id).state == State.SUCCEEDED
    assert seen == [True], "it is to be asked again"
    assert sorted(stage.looked) == list(range(FRAMES))
    assert len(stage.results) == 1
    assert not other.segment()
    assert is_clean(registry)


def test_who_agreed_is_spared_until_they_withdraw(registry: Registry, stage: Stage) -> None:
    """Whoever asked for the job is who looks."""
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna")
    enrolled(registry, "staff", "anna")
    done(registry, asked(registry.acting_as("VSVSAAAA"), "staff", fpir=0.01))
    assert stage.spare is not None
    assert stage.spare(picture_of("anna"), [face_of("anna")]) == [True]
    assert stage.spare(picture_of("zoe"), [face_of("zoe")]) == [False]
    withdraw(registry, "anna", PURPOSE)
    assert stage.spare(picture_of("anna"), [face_of("anna")]) == [False]


@pytest.mark.parametrize(("withdrawals", "state"), [(1, State.SUCCEEDED), (3, State.FAILED)])
def test_whoever_withdraws_meanwhile_is_in_no_result(
    withdrawals: int, state: State, registry: Registry, stage: Stage
) -> None:
    """One in the whole store, since who is in a film is not remembered."""
    galleries.create(registry, "staff", PURPOSE)
    people = ["anna", "ben", "carla"]
    agree(registry, *people)
    enrolled(registry, "staff", *people)

    def leave() -> None:
        withdraw(registry, people.pop(), PURPOSE)
        if len(people) > 3 - withdrawals:
            stage.at[0] = leave

    stage.at[19] = leave
    job = done(registry, asked(registry, "staff", fpir=0.01))
    assert job.state == state
    assert sorted(stage.looked) == sorted([*range(FRAMES)] * min(withdrawals + 1, redactions.TRIES))
    assert len(stage.results) == (state == State.SUCCEEDED)
    assert job.message == (str(SparedMeanwhileError()) if state == State.FAILED else None)
    assert is_clean(registry)


def test_whoever_withdraws_before_a_job_is_gone_on_with_is_in_no_result(
    registry: Registry, stage: Stage
) -> None:
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna")
    enrolled(registry, "staff", "anna")
    job_id = asked(registry, "staff", fpir=0.01)

    def die() -> None:
        raise Cut

    stage.at[19] = die
    with pytest.raises(Cut):
        done(registry, job_id)
    withdraw(registry, "anna", PURPOSE)
    stage.looked.clear()
    assert done(registry, job_id).state == State.SUCCEEDED
    assert sorted(stage.looked) == list(range(FRAMES)), "what was seen before is not gone on with"


def test_another_version_does_not_go_on_with_what_one_has_seen(
    registry: Registry, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = asked(registry)

    def die() -> None:
        raise Cut

    stage.at[19] = die
    with pytest.raises(Cut):
        done(registry, job_id)
    monkeypatch.setattr("visavis.redaction.workshop.version", lambda _: "another")
    stage.looked.clear()
    assert done(registry, job_id).state == State.SUCCEEDED
    assert sorted(stage.looked) == list(range(FRAMES))
    assert is_clean(registry)


def test_a_gallery_that_is_too_large_for_the_rate_fails_the_job(registry: Registry, stage: Stage) -> None:
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna")
    enrolled(registry, "staff", "anna")
    job = done(registry, asked(registry, "staff", fpir=1e-9))
    assert (job.state, stage.looked) == (State.FAILED, [])


def test_a_job_whose_gallery_was_deleted(registry: Registry, stage: Stage) -> None:
    """Another that has its name is not its gallery."""
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna")
    job_id = asked(registry, "staff", fpir=0.01)

    def replace() -> None:
        galleries.delete(registry, "staff")
        galleries.create(registry, "staff", PURPOSE)
        enrolled(registry, "staff", "anna")

    stage.at[13] = replace
    run = JobRun(registry, job_id, lambda *_: None)
    assert not run.segment()
    assert stage.spare is not None
    with pytest.raises(UnknownGalleryError):
        stage.spare(picture_of("anna"), [face_of("anna")])
    run.end()
    job = jobs.find(registry, job_id)
    assert (job.state, job.message, job.gallery) == (State.FAILED, galleries.DELETED, "staff")
    assert stage.results == []
    assert is_clean(registry)


def test_what_is_left_over_is_removed(registry: Registry, stage: Stage) -> None:
    del stage
    running, ended = asked(registry), asked(registry)
    jobs.cancel(registry, ended)
    for job_id in (running, ended, "0" * 64):
        films.workshop_of(registry, job_id).mkdir(parents=True)
        (films.workshop_of(registry, job_id) / "looks-000000").touch()
    films.remove_left_over(registry)
    assert list((registry.settings.home / films.FOLDER).iterdir()) == [films.workshop_of(registry, running)]


def void(_: object) -> None:
    """What comes of it does not matter."""
