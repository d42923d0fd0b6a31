from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from registries import PURPOSE
from wire_calls import KEY, REGION, Caller, Refused

from visavis.audit.entry import Action, Refusal
from visavis.errors import StoreFullError
from visavis.rekognition.model import OPERATIONS, SERVED, Standing
from visavis.rekognition.reasons import REASONS
from visavis.rekognition.service import HANDLERS, Service, Signed
from visavis.rekognition.tokens import LIFETIME_S
from visavis.services import galleries
from visavis.services.log import latest_entries, log_size
from visavis.services.registry import Registry

_IMAGE, _ID = {"Image": {"Bytes": b"\xff"}}, "00000000-0000-4000-8000-000000000000"
_ARN = {"ResourceArn": f"arn:aws:rekognition:{REGION}:000000000000:collection/staff"}
_PARAMETERS: dict[str, dict[str, Any]] = {
    "CompareFaces": {"SourceImage": {"Bytes": b"\xff"}, "TargetImage": {"Bytes": b"\xff"}},
    "DetectFaces": _IMAGE,
    "ListCollections": {},
    "ListTagsForResource": _ARN,
    "TagResource": _ARN | {"Tags": {"a": "b"}},
    "UntagResource": _ARN | {"TagKeys": ["a"]},
    "StartFaceDetection": {"Video": {}},
    "GetFaceDetection": {"JobId": "a"},
    "GetFaceSearch": {"JobId": "a"},
}
_MORE: dict[str, dict[str, Any]] = {
    "AssociateFaces": {"UserId": "a", "FaceIds": [_ID]},
    "CreateUser": {"UserId": "a"},
    "DeleteFaces": {"FaceIds": [_ID]},
    "DeleteUser": {"UserId": "a"},
    "DisassociateFaces": {"UserId": "a", "FaceIds": [_ID]},
    "IndexFaces": _IMAGE,
    "StartFaceSearch": {"Video": {}},
    "SearchFaces": {"FaceId": _ID},
    "SearchFacesByImage": _IMAGE,
    "SearchUsersByImage": _IMAGE,
}

HEADERS = {"content-type": "application/x-amz-json-1.1"}


def test_each_operation_that_is_served_has_a_handler() -> None:
    assert set(HANDLERS) == SERVED


@pytest.mark.parametrize("operation", sorted(OPERATIONS.keys() - SERVED))
def test_each_other_operation_says_why_not_and_where_to_read_on(
    sqlite_registry: Registry, operation: str
) -> None:
    signed = Signed(
        HEADERS | {"x-amz-target": f"RekognitionService.{operation}"}, b"{}", KEY, REGION, "a-request"
    )
    status, _, body = Service(sqlite_registry, lambda _, __: None).answer(signed)
    assert status == 400
    assert b'"__type":"AccessDeniedException"' in body
    says = {
        Standing.OUTSIDE: b"outside of what visavis does",
        Standing.REFUSED: b"is refused by design",
    }
    place = OPERATIONS[operation]
    assert says[place.standing] in body
    assert f"/operations#{place.reason} ".encode() in body
    assert place.reason in REASONS


def test_a_key_does_what_it_is_for_and_nothing_else(sqlite_registry: Registry) -> None:
    galleries.create(sqlite_registry, "staff", PURPOSE)
    reader = Caller(sqlite_registry, replace(KEY, operations=("List*",), galleries=("staff",)))
    assert reader("ListFaces", CollectionId="staff")["Faces"] == []
    for operation, more in (
        ("ListFaces", {"CollectionId": "visitors"}),
        ("DeleteCollection", {"CollectionId": "staff"}),
    ):
        with pytest.raises(
            Refused, match=f"AccessDeniedException: Access key {KEY.id} .*rekognition:{operation}"
        ):
            reader(operation, **more)
        entry = latest_entries(sqlite_registry, 1)[0].entry
        assert (entry.refusal, entry.by) == (Refusal.NOT_ALLOWED, KEY.id)
    assert entry.action is Action.GALLERY_DELETE
    arn = f"arn:aws:rekognition:{REGION}:000000000000:collection/visitors"
    with pytest.raises(Refused, match="AccessDeniedException"):
        reader("ListTagsForResource", ResourceArn=arn)


@pytest.mark.parametrize("operation", sorted(SERVED))
def test_what_leaves_an_entry_where_it_is_done_leaves_one_where_it_is_not_allowed(
    sqlite_registry: Registry, operation: str
) -> None:
    galleries.create(sqlite_registry, "staff", PURPOSE)
    nobody, before = Caller(sqlite_registry, replace(KEY, operations=("Other",))), log_size(sqlite_registry)
    with pytest.raises(Refused, match="AccessDeniedException"):
        nobody(operation, **_PARAMETERS.get(operation, {"CollectionId": "staff"} | _MORE.get(operation, {})))
    leaves_none = {"DetectFaces", "StartFaceDetection", "GetFaceDetection"}
    leaves_none |= {"ListCollections", "DescribeCollection", "ListTagsForResource"}
    assert log_size(sqlite_registry) - before == (operation not in leaves_none)


def test_answers_to_tokens_are_forgotten_at_any_call(
    sqlite_registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    galleries.create(sqlite_registry, "staff", PURPOSE)
    call = Caller(sqlite_registry)
    call("CreateUser", CollectionId="staff", UserId="anna", ClientRequestToken="t")
    tokens = call.service._tokens
    call("ListCollections")
    assert len(tokens) == 1
    monkeypatch.setattr(tokens, "_clock", lambda: time.monotonic() + LIFETIME_S + 1)
    call("ListCollections")
    assert len(tokens) == 0


def test_what_is_not_the_callers_doing_is_told_to_the_operator_alone(
    sqlite_registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Caller(sqlite_registry)
    for error in (StoreFullError(), RuntimeError("anna")):

        def fail(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(galleries, "every", fail)
        with pytest.raises(Refused) as refused:
            call("ListCollections")
        assert refused.value.code == "InternalServerError"
        assert refused.value.message == "The service failed. Try your call again."
        assert call.failures[-1] is error


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({}, b"{}", "UnknownOperationException"),
        ({"x-amz-target": "RekognitionService.FindEverybody"}, b"{}", "UnknownOperationException"),
        ({"x-amz-target": "RekognitionService.ListFaces"}, b"{", "SerializationException"),
        ({"x-amz-target": "RekognitionService.ListFaces"}, b"{}", "ValidationException"),
        (
            {"x-amz-target": "RekognitionService.ListTagsForResource"},
            b'{"ResourceArn":"arn:aws:rekognition:eu-west-1:1:collection/x"}',
            "ResourceNotFoundException",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(
    sqlite_registry: Registry, headers: dict[str, str], body: bytes, code: str
) -> None:
    signed = Signed(HEADERS | headers, body, KEY, REGION, "a-request")
    status, answered, text = Service(sqlite_registry, lambda _, __: None).answer(signed)
    assert (status, answered["x-amzn-requestid"]) == (400, "a-request")
    assert f'"__type":"{code}"'.encode() in text
