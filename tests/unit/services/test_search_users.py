"""Searches for users: each by the likest of its references that count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
from numpy.typing import NDArray
from registries import (
    MODEL,
    NOW,
    OTHER_MODEL,
    PURPOSE,
    Clock,
    agree,
    enrolled,
    identity,
    photo_of,
    portrait_of,
    registry_at,
    template_of,
    vector_of,
)

from visavis.audit.commitments import Kind
from visavis.audit.entry import Action, Counted, Refusal
from visavis.comparison import shipped_calibration
from visavis.consent.terms import Terms
from visavis.errors import (
    CorruptImageError,
    IncompatibleTemplatesError,
    UnknownGalleryError,
    UnknownReferenceError,
    UnknownUserError,
)
from visavis.faces import Template, Vector
from visavis.services import consents, contents, galleries, likest_users, upgrades, users
from visavis.services.candidates import Asked
from visavis.services.consents import Given, give
from visavis.services.enrol import Enrolment, enrol
from visavis.services.likest_users import LikestUsers, UserMatch
from visavis.services.log import latest_entries
from visavis.services.registry import Registry
from visavis.services.scoring import open_vectors
from visavis.services.search_users import search, search_by_reference, search_by_user, search_photo
from visavis.store.crypto import Key
from visavis.store.index import TemplateIndex
from visavis.store.references import Reference

CALIBRATION = shipped_calibration(MODEL)


def asked(similarity: float, users: int = 500) -> Asked:
    return Asked(max_fmr=1.0, min_similarity=similarity, max_candidates=users)


@pytest.fixture
def staff(registry: Registry) -> Registry:
    """A registry in which the users a, b and c group two photos each of anna, ben and eva."""
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben", "eva")
    for name, person in (("a", "anna"), ("b", "ben"), ("c", "eva")):
        grouped(registry, name, person)
    return registry


def grouped(registry: Registry, name: str, person: str, photos: Sequence[int] = (0, 1)) -> list[UUID]:
    users.create(registry, "staff", name)
    ids = [one.reference_id for one in enrolled(registry, "staff", person, photos=photos)]
    assert users.associate(registry, "staff", name, ids).done == tuple(ids)
    return ids


def names(found: Sequence[UserMatch]) -> list[str]:
    return [match.user for match in found]


def probe(person: str) -> list[Template]:
    return [template_of(person, 9)]


def test_a_user_is_as_alike_as_its_likest_reference(staff: Registry) -> None:
    (found,) = search(staff, "staff", probe("anna"))
    best = max(float(vector_of("anna", 9) @ vector_of("anna", photo)) for photo in (0, 1))
    assert found.user == "a"
    assert found.similarity == pytest.approx(CALIBRATION.similarity(best))
    everybody = search(staff, "staff", probe("anna"), asked(0))
    assert sorted(names(everybody)) == ["a", "b", "c"]
    similarities = [match.similarity for match in everybody]
    assert similarities == sorted(similarities, reverse=True)
    assert names(search(staff, "staff", probe("anna"), asked(0, 1))) == ["a"]
    assert "'a'" not in repr(found)


def test_the_threshold_is_inclusive(staff: Registry) -> None:
    (found,) = search(staff, "staff", probe("anna"))
    assert search(staff, "staff", probe("anna"), asked(found.similarity)) == (found,)
    above = float(np.nextafter(found.similarity, 100))
    assert search(staff, "staff", probe("anna"), asked(above)) == ()


def test_by_a_user_without_itself(staff: Registry) -> None:
    enrolled(staff, "staff", "anna", photos=(5,))
    assert search_by_user(staff, "staff", "a") == ()
    grouped(staff, "again", "anna", photos=(6,))
    (found,) = search_by_user(staff, "staff", "a")
    best = max(float(vector_of("anna", 6) @ vector_of("anna", photo)) for photo in (0, 1))
    assert found.user == "again"
    assert found.similarity == pytest.approx(CALIBRATION.similarity(best))
    users.create(staff, "staff", "empty")
    assert search_by_user(staff, "staff", "empty", asked(0)) == ()
    with pytest.raises(UnknownUserError):
        search_by_user(staff, "staff", "none")
    assert latest_entries(staff, 1)[0].entry.refusal is Refusal.NOT_FOUND


def test_by_a_face_without_itself(staff: Registry) -> None:
    (alone,) = grouped(staff, "alone", "ben", photos=(7,))
    found = search_by_reference(staff, "staff", alone)
    assert names(found) == ["b"], "its own user has no other face"
    (free,) = enrolled(staff, "staff", "anna", photos=(5,))
    assert names(search_by_reference(staff, "staff", free.reference_id)) == ["a"], "it need be in no user"
    (first, _) = (r.id for r in contents.view(staff, "staff") if r.user == "a")
    (own,) = search_by_reference(staff, "staff", UUID(bytes=first))
    assert own.user == "a", "by its other face"
    assert own.similarity < 100
    with pytest.raises(UnknownReferenceError):
        search_by_reference(staff, "staff", uuid4())
    assert latest_entries(staff, 1)[0].entry.refusal is Refusal.NOT_FOUND


def test_only_those_whose_consent_counts(staff: Registry, clock: Clock) -> None:
    give(staff, Given("ida", PURPOSE, Terms(until=NOW + 10)))
    ida = grouped(staff, "d", "ida")
    assert names(search(staff, "staff", probe("ida"))) == ["d"]
    clock.now += 10
    assert search(staff, "staff", probe("ida")) == ()
    assert search_by_user(staff, "staff", "d", asked(0)) == (), "it has nothing to search by"
    with pytest.raises(UnknownReferenceError):
        search_by_reference(staff, "staff", ida[0])
    consents.withdraw(staff, "anna", PURPOSE)
    assert search(staff, "staff", probe("anna")) == ()
    assert names(search(staff, "staff", probe("ben"))) == ["b"]


def test_consents_count_by_the_logs_clock(
    staff: Registry, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another machine's clock was ahead: for the log a consent is over that counts for this one still."""
    give(staff, Given("ida", PURPOSE, Terms(until=NOW + 10)))
    grouped(staff, "d", "ida")
    clock.now += 100
    agree(staff, "tom")
    clock.now -= 100
    rounds = iter(range(3))
    found = LikestUsers.found

    def counted(likest: LikestUsers) -> list[likest_users.Likest]:
        next(rounds)
        return found(likest)

    monkeypatch.setattr(LikestUsers, "found", counted)
    assert search(staff, "staff", probe("ida")) == ()
    assert search_by_user(staff, "staff", "d", asked(0)) == ()


def test_faces_in_no_user_and_of_other_galleries_find_nobody(staff: Registry) -> None:
    galleries.create(staff, "other", PURPOSE)
    agree(staff, "ida")
    enrolled(staff, "staff", "ida")
    assert search(staff, "staff", probe("ida")) == ()
    enrolled(staff, "other", "anna")
    assert search(staff, "other", probe("anna")) == ()
    with pytest.raises(UnknownGalleryError):
        search(staff, "none", probe("anna"))
    with pytest.raises(UnknownGalleryError):
        search_by_user(staff, "none", "a")


def test_the_leaf_names_everybody_who_was_answered(staff: Registry) -> None:
    grouped(staff, "again", "anna", photos=(6,))
    search(staff, "staff", probe("anna"))
    search(staff, "staff", probe("ida"))
    search_by_user(staff, "staff", "a")
    entries = [numbered.entry for numbered in latest_entries(staff, 3)]
    assert {entry.action for entry in entries} == {Action.IDENTIFY}
    one = [Kind.GRANT, Kind.SUBJECT]
    assert [(dict(e.counts), [c.of for c in e.commitments]) for e in entries] == [
        ({Counted.FACES: 1, Counted.USERS: 2}, [*one, Kind.REFERENCE, Kind.REFERENCE]),
        ({Counted.FACES: 1, Counted.USERS: 0}, []),
        ({Counted.FACES: 2, Counted.USERS: 1}, [*one, *[Kind.REFERENCE] * 3]),
    ]


def test_many_likelier_faces_hide_no_user(
    staff: Registry, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The likest are in no user, of people who expired, or all of one user."""
    monkeypatch.setattr(likest_users, "_FIRST_WANTED", 2)
    monkeypatch.setattr(likest_users, "_FURTHER", 2)
    give(staff, Given("ida", PURPOSE, Terms(until=NOW + 10)))
    agree(staff, "kim", "lou")
    wanted = [Enrolment("ida", portrait_of("x", i), confirmed=True) for i in range(8)]
    wanted += [Enrolment("kim", portrait_of("x", 10 + i), confirmed=True) for i in range(8)]
    wanted += [Enrolment("lou", portrait_of("x", 20 + i), confirmed=True) for i in range(8)]
    ids = [one.reference_id for one in enrol(staff, "staff", wanted)]  # type: ignore[union-attr]  # all are taken
    users.create(staff, "staff", "ida")
    users.associate(staff, "staff", "ida", ids[:8])
    users.create(staff, "staff", "lou")
    users.associate(staff, "staff", "lou", ids[16:])
    clock.now += 10
    assert names(search(staff, "staff", probe("x"), asked(0, 1))) == ["lou"]
    assert sorted(names(search(staff, "staff", probe("x"), asked(0)))) == ["a", "b", "c", "lou"]
    assert names(search(staff, "staff", probe("x"), asked(80))) == ["lou"]


def test_what_is_proposed_besides_the_best_is_not_taken_for_it(
    staff: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index proposes the best and, as it may, the worst; the best is in no user, and the next best is not proposed yet."""
    agree(staff, "kim", "lou")
    free, best = enrol(
        staff,
        "staff",
        [Enrolment(p, portrait_of("x", i), confirmed=True) for i, p in enumerate(("kim", "lou"))],
    )
    likest_first = sorted((0, 1), key=lambda photo: -float(vector_of("x", 9) @ vector_of("x", photo)))
    next_best = (free, best)[likest_first[1]]
    users.create(staff, "staff", "next")
    users.associate(staff, "staff", "next", [next_best.reference_id])  # type: ignore[union-attr]  # it is taken
    propose = TemplateIndex.propose

    def besides(index: TemplateIndex, probe: Vector, count: int, least: float) -> NDArray[np.int64]:
        rows = propose(index, probe, 1_000, least)
        return np.concatenate([rows[:count], rows[max(count, len(rows) - 1) :]])

    monkeypatch.setattr(TemplateIndex, "propose", besides)
    monkeypatch.setattr(likest_users, "_FIRST_WANTED", 1)
    assert names(search(staff, "staff", probe("x"), asked(0, 1))) == ["next"]


def test_searches_agree_with_brute_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likest_users, "_FIRST_WANTED", 4)
    random = np.random.default_rng(5)
    with registry_at(tmp_path) as registry:
        galleries.create(registry, "staff", PURPOSE)
        people = [f"p{i}" for i in range(20)]
        agree(registry, *people)
        for i, person in enumerate(people[:15]):
            grouped(registry, f"u{i}", person, photos=range(1 + i % 3))
        enrolled(registry, "staff", *people[15:])
        for _ in range(5):
            vector = random.standard_normal(128).astype(np.float32)
            vector /= np.linalg.norm(vector)
            found = search(registry, "staff", [Template(vector, identity())], asked(0, 7))
            scores = [
                max(float(vector_of(person, photo) @ vector) for photo in range(1 + i % 3))
                for i, person in enumerate(people[:15])
            ]
            order = sorted(range(15), key=lambda i: (-CALIBRATION.similarity(scores[i]), -scores[i]))
            assert names(found) == [f"u{i}" for i in order[:7]]
        found = search_by_user(registry, "staff", "u5", asked(0, 4))
        scores = [
            max(float(vector_of(person, a) @ vector_of("p5", b)) for a in range(1 + i % 3) for b in range(3))
            for i, person in enumerate(people[:15])
        ]
        order = sorted((i for i in range(15) if i != 5), key=lambda i: -scores[i])
        assert names(found) == [f"u{i}" for i in order[:4]]


@pytest.mark.parametrize("first_wanted", [1, 64])
def test_each_reference_is_opened_once_however_many_faces_are_searched_by(
    staff: Registry, monkeypatch: pytest.MonkeyPatch, first_wanted: int
) -> None:
    """A user may group a hundred, and anybody may ask for everybody who is alike them at all."""
    monkeypatch.setattr(likest_users, "_FIRST_WANTED", first_wanted)
    monkeypatch.setattr(likest_users, "_PAGE", 2)
    enrolled(staff, "staff", "anna", photos=range(2, 9))
    ids = [UUID(bytes=r.id) for r in contents.view(staff, "staff") if r.subject == "anna"]
    users.associate(staff, "staff", "a", ids, 0)
    opened: list[int] = []

    def counted(references: Sequence[Reference], keys: Mapping[bytes, Key]) -> list[tuple[Reference, Vector]]:
        opened.extend(reference.number for reference in references)
        return open_vectors(references, keys)

    monkeypatch.setattr(likest_users, "open_vectors", counted)
    assert sorted(names(search_by_user(staff, "staff", "a", asked(0)))) == ["b", "c"]
    assert len(opened) == len(set(opened)) == 4


def test_who_withdraws_while_a_search_runs_is_not_answered(
    staff: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for the search, and what changed meanwhile it sees."""
    found = LikestUsers.found
    withdrawing = iter(["anna", "ben"])

    def meanwhile(likest: LikestUsers) -> list[likest_users.Likest]:
        before = found(likest)
        for subject in withdrawing:
            consents.withdraw(staff, subject, PURPOSE)
            break
        return before

    monkeypatch.setattr(LikestUsers, "found", meanwhile)
    assert names(search(staff, "staff", probe("anna"), asked(0))) == ["c"]
    actions = [numbered.entry.action for numbered in latest_entries(staff, 3)]
    assert actions == [Action.WITHDRAW, Action.WITHDRAW, Action.IDENTIFY], "and it is logged once"


def test_whose_face_is_searched_by_may_withdraw_meanwhile(
    staff: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first, *_) = (r.id for r in contents.view(staff, "staff") if r.user == "a")
    found = LikestUsers.found

    def meanwhile(likest: LikestUsers) -> list[likest_users.Likest]:
        consents.withdraw(staff, "anna", PURPOSE)
        return found(likest)

    monkeypatch.setattr(LikestUsers, "found", meanwhile)
    with pytest.raises(UnknownReferenceError):
        search_by_reference(staff, "staff", UUID(bytes=first), asked(0))


def test_two_models_side_by_side(staff: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visavis.services.upgrades.find_manifest", lambda *_: None)
    upgrades.begin(staff, "staff", OTHER_MODEL)
    (new,) = enrol(staff, "staff", [Enrolment("anna", portrait_of("anna", 0, OTHER_MODEL))])
    users.create(staff, "staff", "new")
    users.associate(staff, "staff", "new", [new.reference_id])  # type: ignore[union-attr]  # it is taken
    found = search_photo(staff, "staff", photo_of("anna", photo=5))
    assert sorted(names(found.matches)) == ["a", "new"]
    assert names(search_photo(staff, "staff", photo_of("ben", photo=5)).matches) == ["b"]


def test_by_a_photo(staff: Registry) -> None:
    found = search_photo(staff, "staff", photo_of("anna", "ben", "eva", photo=5))
    assert names(found.matches) == ["a"]
    assert found.searched is not None
    assert len(found.others) == 2
    nobody = search_photo(staff, "staff", photo_of())
    assert (nobody.matches, nobody.searched, nobody.others) == ((), None, ())
    assert latest_entries(staff, 1)[0].entry.refusal is Refusal.NO_FACE
    poor = search_photo(staff, "staff", photo_of("anna", "ben", quality=0.1), Asked(min_quality=0.5))
    assert (poor.matches, poor.searched, len(poor.others)) == ((), None, 2)
    assert latest_entries(staff, 1)[0].entry.refusal is Refusal.UNUSABLE_PHOTO


def test_by_a_photo_where_nobody_is_enrolled(registry: Registry) -> None:
    galleries.create(registry, "staff", PURPOSE)
    found = search_photo(registry, "staff", photo_of("anna"))
    assert found.matches == ()
    assert found.searched is not None


def test_what_cannot_be_searched_for(staff: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(IncompatibleTemplatesError):
        search(staff, "staff", [Template(2 * vector_of("anna"), identity())])

    def corrupt(*_: object) -> None:
        raise CorruptImageError

    monkeypatch.setattr("registries.FakeAnalyzer.all_and_largest", corrupt)
    with pytest.raises(CorruptImageError):
        search_photo(staff, "staff", b"")
    assert latest_entries(staff, 1)[0].entry.refusal is Refusal.UNUSABLE_PHOTO
