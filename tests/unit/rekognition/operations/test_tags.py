"""The operations on tags, as botocore asks and reads them."""

from __future__ import annotations

from typing import Any

import pytest
from registries import PURPOSE
from wire_calls import REGION, Caller, refusal

from visavis.rekognition.arns import collection_arn
from visavis.rekognition.errors import (
    InvalidParameterException,
    ResourceNotFoundException,
    ServiceQuotaExceededException,
    ValidationException,
    WireError,
)
from visavis.services import galleries
from visavis.services.registry import Registry

STAFF = {"ResourceArn": collection_arn(REGION, "staff")}


@pytest.fixture
def client(registry: Registry) -> Caller:
    galleries.create(registry, "staff", PURPOSE)
    return Caller(registry)


def tags(client: Caller) -> dict[str, str]:
    return dict(client("ListTagsForResource", **STAFF)["Tags"])


def test_there_and_back(client: Caller) -> None:
    assert tags(client) == {"visavis:purpose": PURPOSE}
    assert client("TagResource", **STAFF, Tags={"équipe 1": "a", "visavis:fpir": "0.01"}) == {}
    assert tags(client) == {"visavis:purpose": PURPOSE, "équipe 1": "a", "visavis:fpir": "0.01"}
    assert client("UntagResource", **STAFF, TagKeys=["équipe 1", "none"]) == {}
    assert tags(client) == {"visavis:purpose": PURPOSE, "visavis:fpir": "0.01"}


@pytest.mark.parametrize(
    ("operation", "parameters", "error", "says"),
    [
        ("TagResource", {"Tags": {"aws:x": ""}}, ValidationException, "aws:"),
        ("TagResource", {"Tags": {"AWS:x": ""}}, InvalidParameterException, "aws:"),
        ("TagResource", {"Tags": {"visavis:purpose": "other"}}, InvalidParameterException, "agreed to"),
        ("TagResource", {"Tags": {"visavis:fpir": "1"}}, InvalidParameterException, "below 1"),
        ("UntagResource", {"TagKeys": ["visavis:purpose"]}, InvalidParameterException, "agreed to"),
        ("TagResource", {"Tags": {f"t{i}": "" for i in range(200)}}, ServiceQuotaExceededException, "200"),
    ],
)
def test_refused(
    operation: str, parameters: dict[str, Any], error: type[WireError], says: str, client: Caller
) -> None:
    refused = refusal(client, operation, **STAFF, **parameters)
    assert isinstance(refused, error)
    assert says in refused.message
    assert tags(client) == {"visavis:purpose": PURPOSE}


@pytest.mark.parametrize(
    "arn", [collection_arn(REGION, "none"), "arn:aws:rekognition:local:000000000000:project/staff"]
)
def test_what_is_not_there(arn: str, client: Caller) -> None:
    for operation, parameters in (
        ("TagResource", {"Tags": {}}),
        ("UntagResource", {"TagKeys": []}),
        ("ListTagsForResource", {}),
    ):
        assert isinstance(
            refusal(client, operation, ResourceArn=arn, **parameters), ResourceNotFoundException
        )
