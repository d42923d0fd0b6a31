"""The operations on users, as botocore asks and reads them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from registries import PURPOSE, agree, enrolled, photo_of
from wire_calls import KEY, Caller, refusal

from visavis.rekognition.errors import (
    ConflictException,
    IdempotentParameterMismatchException,
    InvalidPaginationTokenException,
    InvalidParameterException,
    ResourceNotFoundException,
    ServiceQuotaExceededException,
    ValidationException,
)
from visavis.rekognition.operations.users import HANDLERS
from visavis.services import galleries
from visavis.services.access import AccessKey
from visavis.services.log import latest_entries
from visavis.services.registry import Registry

STAFF = {"CollectionId": "staff"}
A, B = {**STAFF, "UserId": "a"}, {**STAFF, "UserId": "b"}


@pytest.fixture
def client(registry: Registry) -> Caller:
    """A client of a collection in which nobody is yet."""
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben")
    return Caller(registry)


def faces(registry: Registry, *people: str, photos: tuple[int, ...] = (0,)) -> list[str]:
    return [str(one.reference_id) for one in enrolled(registry, "staff", *people, photos=photos)]


def test_made_and_deleted(client: Caller) -> None:
    assert client("CreateUser", **A) == {}
    assert isinstance(refusal(client, "CreateUser", **A), ConflictException)
    assert client("DeleteUser", **A) == {}
    assert isinstance(refusal(client, "DeleteUser", **A), ResourceNotFoundException)


def test_what_is_not_there(client: Caller, registry: Registry) -> None:
    (face,) = faces(registry, "anna")
    missing = {"CollectionId": "none"}
    rest: dict[str, dict[str, Any]] = {
        "CreateUser": {"UserId": "a"},
        "DeleteUser": {"UserId": "a"},
        "ListUsers": {},
        "AssociateFaces": {"UserId": "a", "FaceIds": [face]},
        "DisassociateFaces": {"UserId": "a", "FaceIds": [face]},
        "SearchUsers": {"UserId": "a"},
        "SearchUsersByImage": {"Image": {"Bytes": photo_of("anna")}},
    }
    assert rest.keys() == HANDLERS.keys()
    for operation, parameters in rest.items():
        error = refusal(client, operation, **missing, **parameters)
        assert isinstance(error, ResourceNotFoundException)
        assert error.message == "Collection:none not found!"
    for operation in ("DeleteUser", "AssociateFaces", "DisassociateFaces", "SearchUsers"):
        assert isinstance(refusal(client, operation, **STAFF, **rest[operation]), ResourceNotFoundException)


def test_listed_in_pages(client: Caller, registry: Registry) -> None:
    assert client("ListUsers", **STAFF) == {"Users": []}
    for name in ("b", "a", "c"):
        client("CreateUser", **STAFF, UserId=name)
    client("AssociateFaces", **A, FaceIds=faces(registry, "anna"))
    first = client("ListUsers", **STAFF, MaxResults=2)
    assert first["Users"] == [
        {"UserId": "b", "UserStatus": "CREATED"},
        {"UserId": "a", "UserStatus": "ACTIVE"},
    ]
    rest = client("ListUsers", **STAFF, MaxResults=2, NextToken=first["NextToken"])
    assert rest == {"Users": [{"UserId": "c", "UserStatus": "CREATED"}]}
    assert "NextToken" not in client("ListUsers", **STAFF, MaxResults=3)
    galleries.create(registry, "other", PURPOSE)
    for elsewhere in ("nonsense", first["NextToken"]):
        error = refusal(client, "ListUsers", CollectionId="other", NextToken=elsewhere)
        assert isinstance(error, InvalidPaginationTokenException)
    assert isinstance(refusal(client, "ListUsers", **STAFF, MaxResults=501), ValidationException)


def test_faces_are_associated_and_disassociated(client: Caller, registry: Registry) -> None:
    anna, ben = faces(registry, "anna", photos=(0, 1)), faces(registry, "ben", photos=(0, 1))
    nobody = str(uuid4())
    client("CreateUser", **A)
    client("CreateUser", **B)
    client("AssociateFaces", **B, FaceIds=ben[:1])
    found = client("AssociateFaces", **A, FaceIds=[*anna, anna[0], nobody, *ben])
    low = found["UnsuccessfulFaceAssociations"].pop()
    assert found == {
        "AssociatedFaces": [{"FaceId": face} for face in anna],
        "UnsuccessfulFaceAssociations": [
            {"FaceId": nobody, "Reasons": ["FACE_NOT_FOUND"]},
            {"FaceId": ben[0], "Reasons": ["ASSOCIATED_TO_A_DIFFERENT_USER"], "UserId": "b"},
        ],
        "UserStatus": "ACTIVE",
    }
    assert 0 <= low.pop("Confidence") < 75
    assert low == {"FaceId": ben[1], "Reasons": ["LOW_MATCH_CONFIDENCE"]}
    forced = client("AssociateFaces", **A, FaceIds=ben[1:], UserMatchThreshold=0)
    assert forced["AssociatedFaces"] == [{"FaceId": ben[1]}]
    assert client("DisassociateFaces", **A, FaceIds=[anna[0], ben[0], nobody]) == {
        "DisassociatedFaces": [{"FaceId": anna[0]}],
        "UnsuccessfulFaceDisassociations": [
            {"FaceId": ben[0], "Reasons": ["ASSOCIATED_TO_A_DIFFERENT_USER"], "UserId": "b"},
            {"FaceId": nobody, "Reasons": ["FACE_NOT_FOUND"]},
        ],
        "UserStatus": "ACTIVE",
    }
    again = client("DisassociateFaces", **A, FaceIds=anna[:1])
    assert again["DisassociatedFaces"] == again["UnsuccessfulFaceDisassociations"] == []


def test_a_hundred_faces_at_most(client: Caller, registry: Registry) -> None:
    anna = faces(registry, "anna", photos=tuple(range(101)))
    client("CreateUser", **A)
    client("AssociateFaces", **A, FaceIds=anna[:100])
    error = refusal(client, "AssociateFaces", **A, FaceIds=anna[100:])
    assert isinstance(error, ServiceQuotaExceededException)
    assert isinstance(refusal(client, "AssociateFaces", **A, FaceIds=anna), ValidationException)


def test_searched_by_user_and_by_face(client: Caller, registry: Registry) -> None:
    anna = faces(registry, "anna", photos=(0, 1))
    for user, face in ((A, anna[0]), (B, anna[1])):
        client("CreateUser", **user)
        client("AssociateFaces", **user, FaceIds=[face])
    by_user = client("SearchUsers", **A)
    (match,) = by_user["UserMatches"]
    assert 80 <= match.pop("Similarity") <= 100
    assert match == {"User": {"UserId": "b", "UserStatus": "ACTIVE"}}
    assert by_user["SearchedUser"] == {"UserId": "a"}
    assert by_user.keys() == {"UserMatches", "SearchedUser", "FaceModelVersion"}
    by_face = client("SearchUsers", **STAFF, FaceId=anna[0])
    assert [m["User"]["UserId"] for m in by_face["UserMatches"]] == ["b"]
    assert by_face["SearchedFace"] == {"FaceId": anna[0]}
    assert client("SearchUsers", **A, UserMatchThreshold=100)["UserMatches"] == []
    assert len(client("SearchUsers", **STAFF, FaceId=anna[0], MaxUsers=1)["UserMatches"]) == 1
    error = refusal(client, "SearchUsers", **STAFF, FaceId=str(uuid4()))
    assert error.message == "faceId was not found in the collection"
    assert isinstance(error, InvalidParameterException)
    for neither_or_both in (STAFF, {**A, "FaceId": anna[0]}):
        assert isinstance(refusal(client, "SearchUsers", **neither_or_both), InvalidParameterException)


def test_searched_by_image(client: Caller, registry: Registry) -> None:
    client("CreateUser", **A)
    client("AssociateFaces", **A, FaceIds=faces(registry, "anna"))
    found = client("SearchUsersByImage", **STAFF, Image={"Bytes": photo_of("anna", "ben", photo=3)})
    assert [match["User"]["UserId"] for match in found["UserMatches"]] == ["a"]
    detail = found["SearchedFace"]["FaceDetail"]
    assert detail["BoundingBox"] == {"Left": 0.3, "Top": 0.3, "Width": 0.4, "Height": 0.5}
    assert {"BoundingBox", "Landmarks", "Pose", "Quality", "Confidence"} == detail.keys()
    assert [face["Reasons"] for face in found["UnsearchedFaces"]] == [["FACE_NOT_LARGEST"]]
    assert found["UnsearchedFaces"][0]["FaceDetails"].keys() == detail.keys()
    nobody = client("SearchUsersByImage", **STAFF, Image={"Bytes": photo_of()})
    nobody.pop("FaceModelVersion")
    assert nobody == {"UserMatches": [], "UnsearchedFaces": []}


def test_a_filter_leaves_out_poor_faces(client: Caller, registry: Registry) -> None:
    client("CreateUser", **A)
    client("AssociateFaces", **A, FaceIds=faces(registry, "anna"))
    image = {"Bytes": photo_of("anna", "ben", photo=3, quality=0.01)}
    found = client("SearchUsersByImage", **STAFF, Image=image, QualityFilter="AUTO")
    assert found["UserMatches"] == []
    assert "SearchedFace" not in found
    reasons = [face["Reasons"] for face in found["UnsearchedFaces"]]
    assert "FACE_NOT_LARGEST" not in reasons[0]
    assert reasons[1][0] == "FACE_NOT_LARGEST"
    assert client("SearchUsersByImage", **STAFF, Image=image)["UserMatches"] != []


def test_a_repeated_call_is_not_done_twice(client: Caller, registry: Registry) -> None:
    anna = faces(registry, "anna", photos=(0, 1))
    size = latest_entries(registry, 1)[0].number
    for _ in range(2):
        assert client("CreateUser", **A, ClientRequestToken="t") == {}
    answers = [client("AssociateFaces", **A, FaceIds=anna, ClientRequestToken="t") for _ in range(2)]
    assert answers[0] == answers[1]
    assert [face["FaceId"] for face in answers[1]["AssociatedFaces"]] == anna
    answers = [client("DisassociateFaces", **A, FaceIds=anna, ClientRequestToken="t") for _ in range(2)]
    assert len(answers[1]["DisassociatedFaces"]) == 2
    for _ in range(2):
        assert client("DeleteUser", **A, ClientRequestToken="t") == {}
    assert latest_entries(registry, 1)[0].number == size + 4
    error = refusal(client, "CreateUser", **B, ClientRequestToken="t")
    assert isinstance(error, IdempotentParameterMismatchException)


def test_one_token_at_once_makes_one_user(client: Caller) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: client("CreateUser", **A, ClientRequestToken="t"), range(4)))
    assert answers == [{}] * 4


def test_a_token_is_its_keys_own(client: Caller, registry: Registry) -> None:
    client("CreateUser", **A, ClientRequestToken="t")
    other = Caller(registry, AccessKey("OTHER"), client.service)
    assert isinstance(refusal(other, "CreateUser", **A, ClientRequestToken="t"), ConflictException)
    assert latest_entries(registry, 1)[0].entry.by == KEY.id
