from __future__ import annotations

from uuid import uuid4

import pytest
from registries import PURPOSE, Clock, agree
from wire_calls import Caller, Refused, image_of

from visavis.audit.entry import Action, Counted, Refusal
from visavis.services.galleries import create
from visavis.services.log import latest_entries
from visavis.services.registry import Registry


@pytest.fixture
def call(registry: Registry) -> Caller:
    create(registry, "staff", PURPOSE)
    agree(registry, "anna", "boris", "chen")
    return Caller(registry)


def index(call: Caller, person: str, photo: int = 0) -> str:
    answer = call(
        "IndexFaces",
        CollectionId="staff",
        ExternalImageId=f"{person}:img{photo}",
        Image=image_of(person, photo=photo),
    )
    face_id: str = answer["FaceRecords"][0]["Face"]["FaceId"]
    return face_id


def test_faces_are_listed_page_by_page_with_all_that_is_known_of_them(call: Caller) -> None:
    ids = [index(call, "anna", 0), index(call, "anna", 1), index(call, "boris")]
    first = call("ListFaces", CollectionId="staff", MaxResults=2)
    second = call("ListFaces", CollectionId="staff", MaxResults=2, NextToken=first["NextToken"])
    assert "NextToken" not in second
    assert [face["FaceId"] for face in first["Faces"] + second["Faces"]] == ids
    face = first["Faces"][0]
    assert face["ExternalImageId"] == "anna:img0"
    assert face["Confidence"] == pytest.approx(99)
    assert face["BoundingBox"] == pytest.approx({"Left": 0.3, "Top": 0.3, "Width": 0.4, "Height": 0.5})
    assert face["IndexFacesModelVersion"] == first["FaceModelVersion"] == "sface-2021dec"
    assert len({face["ImageId"] for face in first["Faces"]}) == 2
    assert "UserId" not in face


def test_faces_are_listed_by_id_and_by_user(call: Caller) -> None:
    ids = [index(call, "anna", 0), index(call, "anna", 1), index(call, "boris")]
    call("CreateUser", CollectionId="staff", UserId="u1")
    call("AssociateFaces", CollectionId="staff", UserId="u1", FaceIds=ids[:1])
    by_user = call("ListFaces", CollectionId="staff", UserId="u1")["Faces"]
    assert [(face["FaceId"], face["UserId"]) for face in by_user] == [(ids[0], "u1")]
    by_id = call("ListFaces", CollectionId="staff", FaceIds=[ids[2], str(uuid4())])["Faces"]
    assert [face["FaceId"] for face in by_id] == [ids[2]]
    first = call("ListFaces", CollectionId="staff", MaxResults=1)
    with pytest.raises(Refused, match="InvalidPaginationTokenException"):
        call("ListFaces", CollectionId="staff", UserId="u1", NextToken=first["NextToken"])


def test_who_is_not_asked_any_more_is_not_listed(call: Caller, clock: Clock) -> None:
    index(call, "anna")
    clock.now += 1096 * 86_400
    assert call("ListFaces", CollectionId="staff")["Faces"] == []


def test_each_page_of_a_list_is_in_the_log(call: Caller, registry: Registry) -> None:
    index(call, "anna", 0), index(call, "anna", 1)
    call("ListFaces", CollectionId="staff")
    entry = latest_entries(registry, 1)[0].entry
    assert (entry.action, entry.by) == (Action.VIEW, "VSVSAAAAAAAAAAAAAAAA")
    assert entry.counts == {Counted.REFERENCES: 2, Counted.SUBJECTS: 1}


def test_faces_are_deleted_but_those_of_users(call: Caller) -> None:
    ids = [index(call, "anna", 0), index(call, "anna", 1), index(call, "boris")]
    call("CreateUser", CollectionId="staff", UserId="u1")
    call("AssociateFaces", CollectionId="staff", UserId="u1", FaceIds=ids[:1])
    unknown = str(uuid4())
    answer = call("DeleteFaces", CollectionId="staff", FaceIds=[*ids, unknown])
    assert sorted(answer["DeletedFaces"]) == sorted(ids[1:])
    assert answer["UnsuccessfulFaceDeletions"] == [
        {"FaceId": unknown, "Reasons": ["FACE_NOT_FOUND"]},
        {"FaceId": ids[0], "UserId": "u1", "Reasons": ["ASSOCIATED_TO_AN_EXISTING_USER"]},
    ]
    assert [face["FaceId"] for face in call("ListFaces", CollectionId="staff")["Faces"]] == ids[:1]


def test_deleted_faces_are_told_in_the_order_asked_for(call: Caller) -> None:
    ids = [index(call, "anna", photo) for photo in range(5)]
    assert call("DeleteFaces", CollectionId="staff", FaceIds=ids[::-1])["DeletedFaces"] == ids[::-1]


def test_a_face_finds_others_by_falling_similarity_and_not_itself(call: Caller) -> None:
    ids = [index(call, "anna", 0), index(call, "anna", 1), index(call, "anna", 2), index(call, "boris")]
    answer = call("SearchFaces", CollectionId="staff", FaceId=ids[0])
    assert answer["SearchedFaceId"] == ids[0]
    assert {match["Face"]["FaceId"] for match in answer["FaceMatches"]} == set(ids[1:3])
    similarities = [match["Similarity"] for match in answer["FaceMatches"]]
    assert similarities == sorted(similarities, reverse=True)
    best = call("SearchFaces", CollectionId="staff", FaceId=ids[0], MaxFaces=1)["FaceMatches"]
    assert best == answer["FaceMatches"][:1]


def test_a_threshold_is_inclusive_and_nothing_is_below_it(call: Caller) -> None:
    ids = [index(call, "anna", 0), index(call, "anna", 1), index(call, "boris")]
    everybody = call("SearchFaces", CollectionId="staff", FaceId=ids[0], FaceMatchThreshold=0)["FaceMatches"]
    assert [match["Face"]["FaceId"] for match in everybody] == ids[1:]
    for match in everybody:
        found = call(
            "SearchFaces", CollectionId="staff", FaceId=ids[0], FaceMatchThreshold=match["Similarity"]
        )["FaceMatches"]
        assert match in found
        assert min(other["Similarity"] for other in found) >= match["Similarity"] - 1e-4
    strict = call("SearchFaces", CollectionId="staff", FaceId=ids[0], FaceMatchThreshold=100)
    assert strict["FaceMatches"] == []


def test_a_rate_of_false_finds_raises_the_threshold(call: Caller) -> None:
    ids = [index(call, "anna", 0), index(call, "boris")]
    arn = "arn:aws:rekognition:eu-west-1:000000000000:collection/staff"
    call("TagResource", ResourceArn=arn, Tags={"visavis:fpir": "0.0001"})
    found = call("SearchFaces", CollectionId="staff", FaceId=ids[0], FaceMatchThreshold=0)
    assert found["FaceMatches"] == []


def test_a_face_that_is_not_there_or_whose_person_left_cannot_be_searched_with(
    call: Caller, registry: Registry, clock: Clock
) -> None:
    known = index(call, "anna")
    clock.now += 1096 * 86_400
    for face_id in (str(uuid4()), known):
        with pytest.raises(
            Refused, match="InvalidParameterException: faceId was not found in the collection"
        ):
            call("SearchFaces", CollectionId="staff", FaceId=face_id)
        assert latest_entries(registry, 1)[0].entry.refusal == Refusal.NOT_FOUND


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("ListFaces", {}),
        ("DeleteFaces", {"FaceIds": [str(uuid4())]}),
        ("SearchFaces", {"FaceId": str(uuid4())}),
    ],
)
def test_in_a_collection_that_is_not_there(call: Caller, operation: str, more: dict[str, object]) -> None:
    with pytest.raises(Refused, match="ResourceNotFoundException: Collection:none not found!"):
        call(operation, CollectionId="none", **more)
