"""Users: what they group, and what not."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

import numpy as np
import pytest
from registries import NOW, OTHER_MODEL, PURPOSE, Clock, agree, enrolled, portrait_of, vector_of

from visavis.audit.commitments import Kind
from visavis.audit.entry import Action, Counted, Refusal
from visavis.consent.terms import Terms
from visavis.errors import (
    UnknownGalleryError,
    UnknownUserError,
    UserExistsError,
    UserFullError,
    UserNameError,
)
from visavis.services import consents, contents, galleries, upgrades, users
from visavis.services.consents import Given, give
from visavis.services.enrol import Enrolled, Enrolment, enrol
from visavis.services.log import latest_entries
from visavis.services.registry import Registry
from visavis.services.users import Reason, Refused, Regrouped


@pytest.fixture
def staff(registry: Registry) -> Registry:
    """A registry with a gallery, people who agreed, and the users a and b."""
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben", "eva")
    users.create(registry, "staff", "a")
    users.create(registry, "staff", "b")
    return registry


def ids(registry: Registry, person: str, photos: Sequence[int] = (0, 1)) -> list[UUID]:
    return [one.reference_id for one in enrolled(registry, "staff", person, photos=photos)]


def associate(registry: Registry, name: str, *named: UUID, least: float = 75.0) -> Regrouped:
    return users.associate(registry, "staff", name, named, least)


def counts(registry: Registry) -> dict[str, int]:
    return {user.name: user.references for user in users.page(registry, "staff", 0, 9)}


def similarity(registry: Registry, a: tuple[str, int], b: tuple[str, int]) -> float:
    score = float(np.clip(vector_of(*a) @ vector_of(*b), -1, 1))
    return registry.analyzer("sface-2021dec").calibration.similarity(score)


@pytest.mark.parametrize("name", ["", "a b", "é", "a" * 129, "a\0", "a\n"])
def test_what_no_user_is_called(name: str, sqlite_registry: Registry) -> None:
    galleries.create(sqlite_registry, "staff", PURPOSE)
    with pytest.raises(UserNameError):
        users.create(sqlite_registry, "staff", name)
    assert counts(sqlite_registry) == {}


def test_made_listed_and_deleted(staff: Registry) -> None:
    with pytest.raises(UserExistsError):
        users.create(staff, "staff", "a")
    first, second = users.page(staff, "staff", 0, 2)
    assert users.page(staff, "staff", first.number, 2) == [second]
    assert users.page(staff, "staff", second.number, 2) == []
    (anna, _) = ids(staff, "anna")
    associate(staff, "a", anna)
    users.delete(staff, "staff", "a")
    with pytest.raises(UnknownUserError):
        users.delete(staff, "staff", "a")
    assert counts(staff) == {"b": 0}
    assert associate(staff, "b", anna) == Regrouped((anna,), ()), "it was set free"
    for call in (users.create, users.delete):
        with pytest.raises(UnknownGalleryError):
            call(staff, "none", "b")


def test_each_leaves_a_leaf(staff: Registry) -> None:
    anna, ben = ids(staff, "anna", (0,)) + ids(staff, "ben", (0,))
    associate(staff, "a", anna)
    associate(staff, "a", ben, uuid4())
    users.disassociate(staff, "staff", "a", [anna])
    users.page(staff, "staff", 0, 9)
    users.delete(staff, "staff", "a")
    with pytest.raises(UnknownUserError):
        associate(staff, "a", anna)
    entries = [numbered.entry for numbered in latest_entries(staff, 6)]
    assert [(e.action, e.refusal, dict(e.counts), [c.of for c in e.commitments]) for e in entries] == [
        (Action.ASSOCIATE, None, {Counted.REFERENCES: 1}, [Kind.GRANT, Kind.SUBJECT, Kind.REFERENCE]),
        (Action.ASSOCIATE, None, {Counted.REFERENCES: 0}, [Kind.GRANT, Kind.SUBJECT, Kind.REFERENCE]),
        (Action.DISASSOCIATE, None, {Counted.REFERENCES: 1}, [Kind.GRANT, Kind.SUBJECT, Kind.REFERENCE]),
        (Action.VIEW, None, {Counted.USERS: 2}, []),
        (Action.USER_DELETE, None, {Counted.REFERENCES: 0}, []),
        (Action.ASSOCIATE, Refusal.NOT_FOUND, {}, []),
    ]


def test_a_face_must_be_like_one_that_is_there(staff: Registry) -> None:
    anna, ben = ids(staff, "anna", (0, 1, 2)), ids(staff, "ben", (0, 1))
    found = associate(staff, "a", anna[0], ben[0], anna[1], anna[0])
    expected = similarity(staff, ("ben", 0), ("anna", 0))
    assert expected < 75
    (refused,) = found.refused
    assert found.done == (anna[0], anna[1])
    assert (refused.reference_id, refused.reason, refused.user) == (ben[0], Reason.UNLIKE, None)
    assert refused.similarity == pytest.approx(expected)
    assert associate(staff, "a", ben[1], least=0.0).done == (ben[1],), "nobody asks for likeness"
    assert associate(staff, "a", ben[0]).done == (ben[0],), "the likest counts, and it is just there"
    exact = max(similarity(staff, ("anna", 2), ("anna", photo)) for photo in (0, 1))
    assert associate(staff, "a", anna[2], least=exact + 1e-6).done == ()
    assert associate(staff, "a", anna[2], least=exact - 1e-6).done == (anna[2],)
    assert counts(staff) == {"a": 5, "b": 0}


def test_those_associated_just_now_are_compared_with(staff: Registry) -> None:
    anna, ben = ids(staff, "anna"), ids(staff, "ben")
    found = associate(staff, "a", *ben, *anna)
    assert found.done == tuple(ben)
    assert [refused.reference_id for refused in found.refused] == anna


def test_faces_of_others_of_nobody_and_ones_own(staff: Registry) -> None:
    anna, ben, eva = ids(staff, "anna"), ids(staff, "ben"), ids(staff, "eva", (0,))
    nobody = uuid4()
    associate(staff, "a", *anna)
    associate(staff, "b", *ben)
    found = associate(staff, "a", *anna, nobody, ben[0])
    refused = (Refused(nobody, Reason.NOT_FOUND), Refused(ben[0], Reason.OF_ANOTHER_USER, "b"))
    assert found == Regrouped((), refused)
    assert "user" not in repr(refused[1]).replace("of another user", ""), "a user's name may be a person's"
    assert users.disassociate(staff, "staff", "a", [anna[1], nobody, ben[0], *eva, anna[1]]) == Regrouped(
        (anna[1],), refused
    )
    assert counts(staff) == {"a": 1, "b": 2}
    assert users.disassociate(staff, "staff", "a", [anna[1]]) == Regrouped((), ()), "it is in none already"


def test_a_face_of_another_gallery_is_nobodys(staff: Registry) -> None:
    galleries.create(staff, "other", PURPOSE)
    (elsewhere,) = enrolled(staff, "other", "anna")
    refused = (Refused(elsewhere.reference_id, Reason.NOT_FOUND),)
    assert associate(staff, "a", elsewhere.reference_id) == Regrouped((), refused)
    assert users.disassociate(staff, "staff", "a", [elsewhere.reference_id]) == Regrouped((), refused)


def test_a_hundred_at_most(staff: Registry) -> None:
    anna = ids(staff, "anna", range(102))
    with pytest.raises(UserFullError):
        associate(staff, "a", *anna[:101])
    assert counts(staff)["a"] == 0, "none of them"
    assert latest_entries(staff, 2)[0].entry.refusal is Refusal.BAD_REQUEST
    assert len(associate(staff, "a", *anna[:100]).done) == 100
    with pytest.raises(UserFullError):
        associate(staff, "a", anna[100])
    associate(staff, "a", *anna[:100])
    users.disassociate(staff, "staff", "a", anna[:1])
    assert associate(staff, "a", anna[101]).done == (anna[101],)


def test_only_those_whose_consent_counts(staff: Registry, clock: Clock) -> None:
    give(staff, Given("ida", PURPOSE, Terms(until=NOW + 10)))
    ida, ben = ids(staff, "ida", (0, 1, 2)), ids(staff, "ben")
    associate(staff, "a", ida[0], ida[1])
    clock.now += 10
    assert counts(staff) == {"a": 0, "b": 0}
    assert associate(staff, "a", ida[2]).refused == (Refused(ida[2], Reason.NOT_FOUND),)
    assert associate(staff, "a", ida[0]).refused == (Refused(ida[0], Reason.NOT_FOUND),), "its own, too"
    refused = users.disassociate(staff, "staff", "a", [ida[0]]).refused
    assert refused == (Refused(ida[0], Reason.NOT_FOUND),)
    assert associate(staff, "a", *ben).done == tuple(ben), "nobody who counts is there to be like"
    agree(staff, "ida")  # which erases what expired
    assert counts(staff) == {"a": 2, "b": 0}


def test_a_user_goes_with_whom_it_grouped(staff: Registry) -> None:
    anna, ben = ids(staff, "anna"), ids(staff, "ben")
    associate(staff, "a", *anna)
    associate(staff, "b", anna[0])
    associate(staff, "b", *ben)
    consents.withdraw(staff, "anna", PURPOSE)
    assert counts(staff) == {"b": 2}
    contents.remove(staff, "staff", [one.bytes for one in ben])
    assert counts(staff) == {"b": 0}, "its faces were removed, and nobody's consent ended"


def test_what_no_model_compares_is_unlike(staff: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = ids(staff, "anna")
    associate(staff, "a", *anna)
    monkeypatch.setattr("visavis.services.upgrades.find_manifest", lambda *_: None)
    upgrades.begin(staff, "staff", OTHER_MODEL)
    (other,) = enrol(staff, "staff", [Enrolment("anna", portrait_of("anna", 0, OTHER_MODEL))])
    assert isinstance(other, Enrolled)
    refused = (Refused(other.reference_id, Reason.UNLIKE, similarity=0.0),)
    assert associate(staff, "a", other.reference_id) == Regrouped((), refused)
    assert associate(staff, "a", other.reference_id, least=0.0).done == (other.reference_id,)
