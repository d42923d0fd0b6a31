from __future__ import annotations

from dataclasses import replace

import pytest
from registries import NOW, PURPOSE, agree, enrolled
from wire_calls import KEY, Caller, Refused

from visavis.rekognition.operations.collections import NO_PURPOSE
from visavis.services.registry import Registry

TAGS = {"visavis:purpose": PURPOSE}


@pytest.fixture
def call(registry: Registry) -> Caller:
    return Caller(registry)


def test_a_collection_is_made_described_and_deleted(call: Caller, registry: Registry) -> None:
    made = call("CreateCollection", CollectionId="staff", Tags=TAGS | {"team": "red"})
    arn = "arn:aws:rekognition:eu-west-1:000000000000:collection/staff"
    assert made == {"StatusCode": 200, "CollectionArn": arn, "FaceModelVersion": "sface-2021dec"}
    agree(registry, "anna")
    enrolled(registry, "staff", "anna", photos=(0, 1))
    call("CreateUser", CollectionId="staff", UserId="u1")
    described = call("DescribeCollection", CollectionId="staff")
    assert described.pop("CreationTimestamp").timestamp() == NOW
    assert described == {
        "FaceCount": 2,
        "UserCount": 1,
        "FaceModelVersion": "sface-2021dec",
        "CollectionARN": arn,
    }
    assert call("ListTagsForResource", ResourceArn=arn) == {"Tags": TAGS | {"team": "red"}}
    assert call("DeleteCollection", CollectionId="staff") == {"StatusCode": 200}
    for operation in ("DescribeCollection", "DeleteCollection"):
        with pytest.raises(Refused, match="ResourceNotFoundException: Collection:staff not found!"):
            call(operation, CollectionId="staff")


def test_a_collection_needs_a_purpose_from_a_tag_or_from_the_server(registry: Registry) -> None:
    with pytest.raises(Refused) as refused:
        Caller(registry)("CreateCollection", CollectionId="staff")
    assert (refused.value.code, refused.value.message) == ("InvalidParameterException", NO_PURPOSE)
    registry.settings = replace(registry.settings, default_purpose="visits")
    call = Caller(registry)
    arn = call("CreateCollection", CollectionId="staff")["CollectionArn"]
    assert call("ListTagsForResource", ResourceArn=arn) == {"Tags": {"visavis:purpose": "visits"}}


@pytest.mark.parametrize("tags", [{"visavis:fpir": "2"}, {"aws:team": "red"}])
def test_a_collection_with_a_tag_that_cannot_be_is_not_made(call: Caller, tags: dict[str, str]) -> None:
    with pytest.raises(Refused, match=r"InvalidParameterException|ValidationException"):
        call("CreateCollection", CollectionId="staff", Tags=TAGS | tags)
    assert call("ListCollections") == {"CollectionIds": [], "FaceModelVersions": []}


def test_the_purpose_counts_among_the_two_hundred_tags(registry: Registry) -> None:
    registry.settings = replace(registry.settings, default_purpose="visits")
    call = Caller(registry)
    with pytest.raises(Refused, match="ServiceQuotaExceededException"):
        call("CreateCollection", CollectionId="staff", Tags={f"t{n}": "" for n in range(200)})
    call("CreateCollection", CollectionId="staff", Tags={f"t{n}": "" for n in range(199)})


def test_a_name_is_taken_once(call: Caller) -> None:
    call("CreateCollection", CollectionId="staff", Tags=TAGS)
    with pytest.raises(Refused) as refused:
        call("CreateCollection", CollectionId="staff", Tags=TAGS)
    assert refused.value.code == "ResourceAlreadyExistsException"
    assert refused.value.message == "The collection id: staff already exists."


def test_collections_are_listed_page_by_page_and_only_those_that_the_key_reaches(registry: Registry) -> None:
    call = Caller(registry)
    names = [f"{place}-{number}" for place in ("north", "south") for number in range(5)]
    for name in reversed(names):
        call("CreateCollection", CollectionId=name, Tags=TAGS)
    assert call("ListCollections")["CollectionIds"] == names
    assert call("ListCollections", MaxResults=0)["CollectionIds"] == names
    south = Caller(registry, replace(KEY, galleries=("south-*",)))
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = south("ListCollections", MaxResults=2, **token)
        seen += page["CollectionIds"]
        assert len(page["FaceModelVersions"]) == len(page["CollectionIds"]) <= 2
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert seen == names[5:]
    south("DeleteCollection", CollectionId=seen[3])
    with pytest.raises(Refused, match="InvalidPaginationTokenException: Invalid Pagination Token"):
        south("ListCollections", **token)
