"""AWS JSON 1.1: from headers and bytes to a call, from an answer or an error to bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from visavis.rekognition.decode import decode, read_json
from visavis.rekognition.encode import encode
from visavis.rekognition.errors import FrontError, UnknownOperationException, WireError
from visavis.rekognition.model import OPERATIONS, TARGET_PREFIX, input_shape, output_shape

CONTENT_TYPE = "application/x-amz-json-1.1"

MAX_BODY_BYTES = 2**24
"""The largest body worth reading: two images of 5 MB in base64, and some room to say by how much they are too large."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a client asks for. operation: a key of OPERATIONS; parameters: by the operation's input shape, types right.

    Whether they also keep their constraints is for `validate` to say.
    """

    operation: str
    parameters: dict[str, Any]


class Answer(NamedTuple):
    """What goes back: the HTTP status, headers by their names in lower case, and the body."""

    status: int
    headers: dict[str, str]
    body: bytes


def read_call(headers: Mapping[str, str], body: bytes) -> Call:
    """The call in these headers, looked up by their names in lower case, and this body, whose size is bounded already.

    Raises UnknownOperationException for a content type or a target that Rekognition does not have and
    SerializationException for a body that is not what the operation takes.
    """
    operation = read_operation(headers)
    return Call(operation, decode(input_shape(operation), read_json(body)))


def read_operation(headers: Mapping[str, str]) -> str:
    """The operation that the headers name, served or not; raises UnknownOperationException."""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    target = headers.get("x-amz-target", "")
    operation = target.removeprefix(TARGET_PREFIX)
    if media_type != CONTENT_TYPE or operation == target or operation not in OPERATIONS:
        raise UnknownOperationException
    return operation


def write_answer(operation: str, result: Mapping[str, Any]) -> bytes:
    """The body of the answer of an operation that was done; its status is 200, its headers `answer_headers`.

    result: by the operation's output shape, members that are None left out; times in seconds since 1970, UTC.
    Raises TypeError or ValueError, our own mistake, for what the shape does not have.
    """
    return _json(encode(output_shape(operation), result, operation))


def write_error(error: WireError, request_id: str) -> Answer:
    """The answer of a call that failed, in AWS's form."""
    if isinstance(error, FrontError):
        document = {"__type": error.code, "message": error.message}
    else:
        document = {"__type": error.code, "Code": error.code, "Message": error.message}
    return Answer(error.status, answer_headers(request_id), _json(document))


def answer_headers(request_id: str) -> dict[str, str]:
    """The headers of every answer, by their names in lower case."""
    return {"content-type": CONTENT_TYPE, "x-amzn-requestid": request_id}


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, allow_nan=False, separators=(",", ":")).encode()
