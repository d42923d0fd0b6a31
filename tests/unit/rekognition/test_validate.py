from __future__ import annotations

from typing import Any

import pytest
import regex

from visavis.rekognition.errors import ValidationException
from visavis.rekognition.model import service
from visavis.rekognition.validate import MAX_SHOWN_CHARACTERS, validate

FACE = "01234567-89ab-cdef-0123-456789abcdef"
FACE_PATTERN = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
ID_PATTERN = r"[a-zA-Z0-9_.\-]+"
TAG_PATTERN = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*"
ATTRIBUTES = ", ".join(service().shape_for("Attribute").enum)
OF_A_KEY = (
    "Member must have length less than or equal to 128, Member must have length greater than or equal to 1, "
    rf"Member must satisfy regular expression pattern: ^(?!aws:){TAG_PATTERN}$, Member must not be null"
)
OF_A_VALUE = (
    "Member must have length less than or equal to 256, Member must have length greater than or equal to 0, "
    rf"Member must satisfy regular expression pattern: ^({TAG_PATTERN})$, Member must not be null"
)
IMAGE = {"Bytes": b"\xff"}


def message(operation: str, parameters: dict[str, Any]) -> str:
    with pytest.raises(ValidationException) as caught:
        validate(operation, parameters)
    return caught.value.message


@pytest.mark.parametrize(
    ("operation", "parameters", "found"),
    [
        (
            "CreateCollection",
            {"CollectionId": "a" * 256},
            f"Value '{'a' * 256}' at 'collectionId' failed to satisfy constraint: Member must have length less than or equal to 255",
        ),
        (
            "CreateCollection",
            {"CollectionId": "a b"},
            f"Value 'a b' at 'collectionId' failed to satisfy constraint: Member must satisfy regular expression pattern: {ID_PATTERN}",
        ),
        (
            "CreateCollection",
            {},
            "Value null at 'collectionId' failed to satisfy constraint: Member must not be null",
        ),
        (
            "DetectFaces",
            {"Image": {"Bytes": b""}},
            "Value 'java.nio.HeapByteBuffer[pos=0 lim=0 cap=0]' at 'image.bytes' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ),
        (
            "DetectFaces",
            {"Image": {"Bytes": bytes(5_242_881)}},
            "Value 'java.nio.HeapByteBuffer[pos=0 lim=5242881 cap=5242881]' at 'image.bytes' failed to satisfy constraint: Member must have length less than or equal to 5242880",
        ),
        (
            "DetectFaces",
            {"Image": {"S3Object": {"Bucket": "ab"}}},
            "Value 'ab' at 'image.s3Object.bucket' failed to satisfy constraint: Member must have length greater than or equal to 3",
        ),
        (
            "DetectFaces",
            {"Image": {}, "Attributes": ["ALL", "HAIR"]},
            "Value '[ALL, HAIR]' at 'attributes' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [" + ATTRIBUTES + "], Member must not be null]",
        ),
        (
            "CompareFaces",
            {"SourceImage": IMAGE, "TargetImage": IMAGE, "SimilarityThreshold": 100.5},
            "Value '100.5' at 'similarityThreshold' failed to satisfy constraint: Member must have value less than or equal to 100",
        ),
        (
            "CompareFaces",
            {"SourceImage": IMAGE, "TargetImage": IMAGE, "SimilarityThreshold": -1.0},
            "Value '-1.0' at 'similarityThreshold' failed to satisfy constraint: Member must have value greater than or equal to 0",
        ),
        (
            "CompareFaces",
            {"SourceImage": IMAGE, "TargetImage": IMAGE, "QualityFilter": "BEST"},
            "Value 'BEST' at 'qualityFilter' failed to satisfy constraint: Member must satisfy enum value set: [NONE, AUTO, LOW, MEDIUM, HIGH]",
        ),
        (
            "ListFaces",
            {"CollectionId": "c", "MaxResults": 4097},
            "Value '4097' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 4096",
        ),
        (
            "DeleteFaces",
            {"CollectionId": "c", "FaceIds": []},
            "Value '[]' at 'faceIds' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ),
        (
            "DeleteFaces",
            {"CollectionId": "c", "FaceIds": [FACE, "x", None]},
            f"Value '[{FACE}, x, null]' at 'faceIds' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy regular expression pattern: {FACE_PATTERN}, Member must not be null]",
        ),
        (
            "CreateCollection",
            {"CollectionId": "c", "Tags": {"aws:k": "v"}},
            "Value '{aws:k=v}' at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: [" + OF_A_KEY + "]",
        ),
        (
            "CreateCollection",
            {"CollectionId": "c", "Tags": {"k": "\n"}},
            "Value '{k=\n}' at 'tags' failed to satisfy constraint: Map value must satisfy constraint: [" + OF_A_VALUE + "]",
        ),
        (
            "CreateUser",
            {"CollectionId": "c", "UserId": "u", "ClientRequestToken": "a\n"},
            "Value 'a\n' at 'clientRequestToken' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9-_]+$",
        ),
    ],
)  # fmt: skip
def test_one_broken_constraint(operation: str, parameters: dict[str, Any], found: str) -> None:
    assert message(operation, parameters) == f"1 validation error detected: {found}"


def test_several_broken_constraints_stand_in_one_message() -> None:
    assert message("SearchFacesByImage", {"CollectionId": "", "MaxFaces": 0}) == (
        "4 validation errors detected: "
        "Value '' at 'collectionId' failed to satisfy constraint: Member must have length greater than or equal to 1; "
        f"Value '' at 'collectionId' failed to satisfy constraint: Member must satisfy regular expression pattern: {ID_PATTERN}; "
        "Value null at 'image' failed to satisfy constraint: Member must not be null; "
        "Value '0' at 'maxFaces' failed to satisfy constraint: Member must have value greater than or equal to 1"
    )


def test_structures_in_a_list_are_counted_from_one() -> None:
    arn = "arn:aws:rekognition:us-east-1:123456789012:project/p/dataset/train/1"
    parameters = {"Datasets": [{"Arn": arn}, {}]}
    assert (
        message("DistributeDatasetEntries", parameters)
        == "1 validation error detected: Value null at 'datasets.2.member.arn' failed to satisfy constraint: Member must not be null"
    )


def test_a_long_value_is_cut_and_not_matched() -> None:
    said = message("CreateCollection", {"CollectionId": "?" * 1_000_000})
    assert f"'{'?' * MAX_SHOWN_CHARACTERS}...' at 'collectionId'" in said
    assert said.startswith("1 validation error detected")


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("ListCollections", {}),
        ("ListCollections", {"MaxResults": 0}),
        ("ListCollections", {"MaxResults": 4096, "NextToken": ""}),
        ("CreateCollection", {"CollectionId": "a" * 255, "Tags": {"Zweck / 目的": "", "k" * 128: "v" * 256}}),
        ("DetectFaces", {"Image": {"Bytes": bytes(5_242_880)}}),
        ("DetectFaces", {"Image": {}}),
        ("SearchFaces", {"CollectionId": "c", "FaceId": FACE, "MaxFaces": 4096, "FaceMatchThreshold": 0.0}),
        ("DeleteFaces", {"CollectionId": "c", "FaceIds": [FACE] * 4096}),
    ],
)
def test_the_edges_are_within(operation: str, parameters: dict[str, Any]) -> None:
    validate(operation, parameters)


def test_every_pattern_of_the_model_compiles() -> None:
    shapes = [service().shape_for(name) for name in service().shape_names]
    patterns = [shape.metadata["pattern"] for shape in shapes if "pattern" in shape.metadata]
    assert len(patterns) > 30
    for pattern in patterns:
        regex.compile(pattern)
