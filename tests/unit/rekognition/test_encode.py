from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from visavis.rekognition.encode import encode
from visavis.rekognition.model import output_shape, service
from visavis.rekognition.wire import write_answer


@pytest.mark.parametrize(
    ("operation", "result", "body"),
    [
        ("CreateUser", {}, b"{}"),
        (
            "ListCollections",
            {"CollectionIds": ["a"], "FaceModelVersions": ["1.0"], "NextToken": None},
            b'{"CollectionIds":["a"],"FaceModelVersions":["1.0"]}',
        ),
        (
            "DescribeCollection",
            {"FaceCount": np.int64(3), "CreationTimestamp": 1_790_000_000, "CollectionARN": "arn"},
            b'{"FaceCount":3,"CreationTimestamp":1790000000.0,"CollectionARN":"arn"}',
        ),
        ("ListTagsForResource", {"Tags": {"é": ""}}, b'{"Tags":{"\\u00e9":""}}'),
        (
            "DetectFaces",
            {"FaceDetails": [{"EyesOpen": {"Value": True}}]},
            b'{"FaceDetails":[{"EyesOpen":{"Value":true}}]}',
        ),
    ],
)
def test_bytes(operation: str, result: dict[str, Any], body: bytes) -> None:
    assert write_answer(operation, result) == body


@pytest.mark.parametrize(
    "value", [0.1, np.float32(0.1), 99.98999786376953, np.float64(1) / 3, -0.25, 100, 1e-12]
)
def test_floats_have_the_digits_of_32_bits(value: float) -> None:
    body = write_answer("SearchFaces", {"SearchedFaceId": "x", "FaceMatches": [{"Similarity": value}]})
    written = json.loads(body)["FaceMatches"][0]["Similarity"]
    assert np.float32(written) == np.float32(value)
    assert len(repr(written)) <= 14


@pytest.mark.parametrize(
    ("operation", "result"),
    [
        ("CreateUser", {"UserId": "a"}),
        ("DetectFaces", {"FaceDetails": [{"boundingBox": {}}]}),
        ("DetectFaces", {"FaceDetails": {}}),
        ("DetectFaces", {"FaceDetails": "text"}),
        ("DetectFaces", {"FaceDetails": [None]}),
        ("DetectFaces", {"FaceDetails": [{"Confidence": math.nan}]}),
        ("DetectFaces", {"FaceDetails": [{"Confidence": math.inf}]}),
        ("DetectFaces", {"FaceDetails": [{"Confidence": "high"}]}),
        ("DetectFaces", {"FaceDetails": [{"EyesOpen": {"Value": 1}}]}),
        ("DetectFaces", {"OrientationCorrection": "ROTATE_45"}),
        ("DescribeCollection", {"FaceCount": 1.0}),
        ("DescribeCollection", {"FaceCount": True}),
        ("DescribeCollection", {"CreationTimestamp": math.nan}),
        ("DescribeCollection", {"CollectionARN": b"arn"}),
    ],
)
def test_what_the_model_does_not_have_is_our_mistake(operation: str, result: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError)):
        write_answer(operation, result)


def test_a_mistake_names_the_place_and_not_the_value() -> None:
    with pytest.raises(ValueError, match="is one of") as caught:
        encode(output_shape("ListUsers"), {"Users": [{"UserStatus": "secret"}]}, "ListUsers")
    assert str(caught.value).startswith("ListUsers.Users.UserStatus is one of ACTIVE")
    assert "secret" not in str(caught.value)


def test_no_answer_has_a_blob() -> None:
    with pytest.raises(TypeError, match="blob"):
        encode(service().shape_for("ImageBlob"), b"", "here")
