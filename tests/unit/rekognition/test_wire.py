"""Botocore writes and reads the other side of the wire: what it says, we hear, and what we say, it hears."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wire_shapes import values

from visavis.rekognition import errors
from visavis.rekognition.errors import SerializationException, UnknownOperationException, WireError
from visavis.rekognition.model import OPERATIONS, SERVED, input_shape, output_shape, service
from visavis.rekognition.validate import validate
from visavis.rekognition.wire import (
    CONTENT_TYPE,
    answer_headers,
    read_call,
    read_operation,
    write_answer,
    write_error,
)

HEADERS = {"content-type": CONTENT_TYPE, "x-amz-target": "RekognitionService.DetectFaces"}
SLOW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))

ASKED = {operation: values(input_shape(operation)) for operation in SERVED}
ANSWERED = {operation: values(output_shape(operation)) for operation in SERVED}

serializer = create_serializer("json")
parser = create_parser("json")


def heard(operation: str, parameters: dict[str, Any]) -> tuple[dict[str, str], bytes]:
    """The headers and the body that botocore sends."""
    sent = serializer.serialize_to_request(parameters, service().operation_model(operation))
    return {name.lower(): value for name, value in sent["headers"].items()}, sent["body"]


@pytest.mark.parametrize("operation", sorted(SERVED))
@SLOW
@given(data=st.data())
def test_what_botocore_asks_is_what_we_read(operation: str, data: st.DataObject) -> None:
    parameters = data.draw(ASKED[operation])
    call = read_call(*heard(operation, parameters))
    assert (call.operation, call.parameters) == (operation, parameters)
    validate(call.operation, call.parameters)


@pytest.mark.parametrize("operation", sorted(set(OPERATIONS) - SERVED))
def test_the_other_operations_are_read_as_well(operation: str) -> None:
    assert (
        read_call(HEADERS | {"x-amz-target": f"RekognitionService.{operation}"}, b"{}").operation == operation
    )


@pytest.mark.parametrize("operation", sorted(SERVED))
@SLOW
@given(data=st.data())
def test_what_we_answer_is_what_botocore_reads(operation: str, data: st.DataObject) -> None:
    shape = output_shape(operation)
    result = data.draw(ANSWERED[operation])
    response = {"status_code": 200, "headers": answer_headers("id"), "body": write_answer(operation, result)}
    parsed = parser.parse(response, shape)
    assert parsed.pop("ResponseMetadata")["RequestId"] == "id"
    assert parsed == as_parsed(shape, result)


def as_parsed(shape: Any, value: Any) -> Any:
    """What botocore makes of a value: times as datetime, and floats as their shortest 32-bit form."""
    match shape.type_name:
        case "structure":
            return {name: as_parsed(shape.members[name], member) for name, member in value.items()}
        case "list":
            return [as_parsed(shape.member, item) for item in value]
        case "timestamp":
            return datetime.fromtimestamp(value, UTC)
        case "float":
            return float(str(np.float32(value)))
    return value


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-amz-target": "RekognitionService.DetectFaces"},
        {"content-type": CONTENT_TYPE},
        HEADERS | {"content-type": "application/json"},
        HEADERS | {"content-type": "application/x-amz-json-1.0"},
        HEADERS | {"x-amz-target": "DetectFaces"},
        HEADERS | {"x-amz-target": "RekognitionService.detectFaces"},
        HEADERS | {"x-amz-target": "RekognitionService."},
        HEADERS | {"x-amz-target": "RekognitionService.RekognitionService.DetectFaces"},
        HEADERS | {"x-amz-target": "DynamoDB_20120810.ListTables"},
        HEADERS | {"x-amz-target": "RekognitionService.DetectFaces\x00"},
    ],
)
def test_an_unknown_operation(headers: dict[str, str]) -> None:
    with pytest.raises(UnknownOperationException):
        read_call(headers, b"{}")


@pytest.mark.parametrize("kind", [CONTENT_TYPE, f"{CONTENT_TYPE}; charset=utf-8", CONTENT_TYPE.upper()])
def test_forms_of_the_content_type(kind: str) -> None:
    assert read_operation(HEADERS | {"content-type": kind}) == "DetectFaces"


@pytest.mark.parametrize(
    "error",
    [
        errors.ResourceNotFoundException("Collection:é not found!"),
        errors.ThrottlingException(),
        errors.InternalServerError(),
    ],
)
def test_an_error_that_operations_declare(error: WireError) -> None:
    answer = write_error(error, "id-1")
    assert json.loads(answer.body) == {"__type": error.code, "Code": error.code, "Message": error.message}
    assert answer.headers == {"content-type": CONTENT_TYPE, "x-amzn-requestid": "id-1"}
    assert as_botocore_reads(answer) == (error.status, error.code, error.message, "id-1")


@pytest.mark.parametrize("error", [errors.ValidationException("x"), errors.InvalidSignatureException()])
def test_an_error_of_the_front(error: WireError) -> None:
    answer = write_error(error, "id-2")
    assert json.loads(answer.body) == {"__type": error.code, "message": error.message}
    assert as_botocore_reads(answer) == (400, error.code, error.message, "id-2")


def as_botocore_reads(answer: Any) -> tuple[int, str, str, str]:
    response = {"status_code": answer.status, "headers": answer.headers, "body": answer.body}
    parsed = parser.parse(response, output_shape("DetectFaces"))
    about = parsed["ResponseMetadata"]
    return about["HTTPStatusCode"], parsed["Error"]["Code"], parsed["Error"]["Message"], about["RequestId"]


FRAGMENTS = [
    b"{", b"}", b"[", b"]", b",", b":", b'"', b"null", b"true", b"NaN", b"1e999", b"-", b"\\ud800", b"\xff",
    b'"CollectionId"', b'"Image"', b'"Bytes"', b'"AAAA"', b'"S3Object"', b'"FaceIds"', b'"Tags"', b'"x"', b"0",
]  # fmt: skip
bodies = (
    st.binary(max_size=60)
    | st.lists(st.sampled_from(FRAGMENTS), max_size=20).map(b"".join)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["CollectionId", "Image", "Bytes", "S3Object", "FaceIds", "Tags", "MaxFaces", "x"]
                ),
                inner,
            )
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode())
)
targets = st.sampled_from(sorted(OPERATIONS)).map("RekognitionService.{}".format) | st.text(max_size=40)


@settings(max_examples=300, deadline=None)
@given(targets, st.sampled_from([CONTENT_TYPE] * 9 + ["", "text/plain"]), bodies)
def test_anything_is_a_call_or_an_error_of_the_wire(target: str, kind: str, body: bytes) -> None:
    try:
        call = read_call({"content-type": kind, "x-amz-target": target}, body)
        validate(call.operation, call.parameters)
    except WireError as error:
        assert error.status == 400
        assert json.loads(write_error(error, "id").body)["__type"] == error.code


TELLING = {
    "CollectionId": "c",
    "Image": {"S3Object": {"Bucket": "bucket", "Name": "é.jpg"}, "Bytes": b"1234"},
    "ExternalImageId": "anna:1",
    "DetectionAttributes": ["DEFAULT"],
    "MaxFaces": 1,
}
TOLD = heard("IndexFaces", TELLING)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(TOLD[1]) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_call_with_changed_bytes_is_a_call_or_an_error_of_the_wire(changes: list[tuple[int, int]]) -> None:
    headers, body = TOLD
    changed = bytearray(body)
    for place, byte in changes:
        changed[place] = byte
    try:
        call = read_call(headers, bytes(changed))
        validate(call.operation, call.parameters)
    except WireError as error:
        assert error.code in {"SerializationException", "ValidationException"}


@pytest.mark.parametrize("bomb", [b'{"Image":', b"[", b'{"a":[', b"{},", b'"",', b"0,", b'{"":0,'])
def test_a_bomb_of_the_largest_body_is_refused_before_it_is_parsed(
    bomb: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json, "loads", lambda *_, **__: pytest.fail("parsed"))
    with pytest.raises(SerializationException):
        read_call(HEADERS, b'{"a":[' + bomb * (2**24 // len(bomb)))
