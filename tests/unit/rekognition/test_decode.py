from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from visavis.rekognition import decode as module
from visavis.rekognition.decode import decode, read_json
from visavis.rekognition.errors import SerializationException
from visavis.rekognition.model import input_shape, service


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"null", b"[]", b"1", b'"text"', b"{", b"\xff", b"\xef\xbb\xbf{}", "{}".encode("utf-16"),
        b"{}x", b"{'a':1}", b'{"a":1,}', b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-Infinity}', b'{"a":1e999}',
        b'{"a":1,"a":1}', b'{"b":{"a":1,"a":2}}', b'{"a":' + b"9" * 65 + b"}", b'{"a":0.' + b"1" * 64 + b"}",
        b'{"a":' + b"9" * 1_000_000 + b"}",
        b'{"a":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}", b'{"a":' * 1_000_000,
        b'{"a":[' + b"0," * 1_000_000 + b"0]}", b'{"a":[' + b"{}," * 300 + b"0]}",
    ],
)  # fmt: skip
def test_what_is_not_a_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(SerializationException):
        read_json(body)


def test_the_most_that_an_operation_takes_is_read() -> None:
    ids = ["0" * 36] * 4096
    assert read_json(json.dumps({"CollectionId": "c", "FaceIds": ids}).encode())["FaceIds"] == ids


@pytest.mark.parametrize(("mark", "stands"), [(b"{", 2), (b"[", 1), (b",", 3)])
def test_the_bounds_are_the_bounds(mark: bytes, stands: int, monkeypatch: pytest.MonkeyPatch) -> None:
    body = b'{"a":[1,2],"b":{},"c":3}'
    monkeypatch.setitem(module.MAX_MARKS, mark, stands)
    assert read_json(body)
    monkeypatch.setitem(module.MAX_MARKS, mark, stands - 1)
    with pytest.raises(SerializationException, match="more values"):
        read_json(body)


INDEX = {"CollectionId": "c", "Image": {"Bytes": "AAAA"}}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"CollectionId": 1}, "NUMBER_VALUE cannot be converted to String"),
        ({"CollectionId": 1.5}, "DECIMAL_VALUE cannot be converted to String"),
        ({"CollectionId": True}, "TRUE_VALUE cannot be converted to String"),
        ({"CollectionId": []}, "Start of list found where not expected."),
        ({"CollectionId": {}}, "Start of structure or map found where not expected."),
        ({"CollectionId": "\ud800"}, "A string of the body holds half of a surrogate pair."),
        ({"MaxFaces": "1"}, "STRING_VALUE cannot be converted to Integer"),
        ({"MaxFaces": False}, "FALSE_VALUE cannot be converted to Integer"),
        ({"MaxFaces": 1.0}, "DECIMAL_VALUE cannot be converted to Integer"),
        ({"MaxFaces": 2**31}, "NUMBER_VALUE cannot be converted to Integer"),
        ({"MaxFaces": []}, "Start of list found where not expected."),
        ({"Image": []}, "Start of list found where not expected."),
        ({"Image": "text"}, "Unexpected field type"),
        ({"Image": {"Bytes": 1}}, "NUMBER_VALUE cannot be converted to Blob"),
        ({"DetectionAttributes": {}}, "Start of structure or map found where not expected."),
        ({"DetectionAttributes": "ALL"}, "Unexpected field type"),
        ({"DetectionAttributes": [1]}, "NUMBER_VALUE cannot be converted to String"),
        ({"Unknown": None}, "A member of IndexFacesRequest is not known to this operation."),
        ({"Image": {"bytes": "AAAA"}}, "A member of Image is not known to this operation."),
    ],
)
def test_a_wrong_type_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(SerializationException) as caught:
        decode(input_shape("IndexFaces"), INDEX | changed)
    assert caught.value.message == message


@pytest.mark.parametrize(
    "text", ["A", "AA", "AA=", "AA==A", "AAAA\n", " AAAA", "AA-_", "é", "AAA\ud800", "====", "AAAAA==="]
)
def test_what_is_not_base64_is_refused_and_never_repeated(text: str) -> None:
    with pytest.raises(SerializationException) as caught:
        decode(input_shape("DetectFaces"), {"Image": {"Bytes": text}})
    assert caught.value.message == "STRING_VALUE cannot be converted to Blob: it is not base64"


def test_types() -> None:
    decoded = decode(
        input_shape("CompareFaces"),
        {
            "SourceImage": {"Bytes": base64.b64encode(b"\x00\xff").decode(), "S3Object": None},
            "TargetImage": {"S3Object": {"Bucket": "b", "Name": "é", "Version": None}},
            "SimilarityThreshold": 80,
            "QualityFilter": None,
        },
    )
    assert decoded == {
        "SourceImage": {"Bytes": b"\x00\xff"},
        "TargetImage": {"S3Object": {"Bucket": "b", "Name": "é"}},
        "SimilarityThreshold": 80.0,
    }
    assert type(decoded["SimilarityThreshold"]) is float


def test_null_stays_in_lists_and_maps_for_the_constraints_to_find() -> None:
    assert decode(input_shape("DeleteFaces"), {"FaceIds": [None]}) == {"FaceIds": [None]}
    assert decode(input_shape("CreateCollection"), {"Tags": {"k": None}}) == {"Tags": {"k": None}}


def test_no_parameter_is_a_time() -> None:
    with pytest.raises(TypeError, match="timestamp"):
        decode(service().shape_for("DateTime"), 1)
