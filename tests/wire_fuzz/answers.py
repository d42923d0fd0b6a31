"""What an answer must be, whatever was asked."""

from __future__ import annotations

import io
import json
import re

from botocore.parsers import create_parser
from http_calls import Got
from PIL import Image

from visavis.redaction.encoding import Format
from visavis.rekognition import errors
from visavis.rekognition.errors import FrontError
from visavis.rekognition.model import TARGET_PREFIX, output_shape
from wire_fuzz.calls import MARK
from wire_fuzz.requests import Shot

_PARSER = create_parser("json")
_PHOTOS = {written.media_type for written in Format}
BEGUN = 202
DONE = frozenset({200, BEGUN})
"""Statuses of calls that did what was asked; the second of those alone that ask for a job of /v1."""
_VIDEOS = b"/v1/redactions/videos"
_OPEN = {b"/healthz", b"/readyz", b"/metrics", b"/operations"}


def is_open(shot: Shot) -> bool:
    """Whether a request is of what is open to all."""
    return shot.target.partition(b"?")[0] in _OPEN and shot.method in {"GET", "HEAD"}


def check_answer(shot: Shot, got: Got) -> None:
    """Raise AssertionError unless an answer has the form that it must have."""
    path = shot.target.partition(b"?")[0]
    assert got.status in DONE or 400 <= got.status < 500, got.status
    assert got.status != BEGUN or (shot.method, path) == ("POST", _VIDEOS)
    assert re.fullmatch("[0-9a-f-]{36}", got.headers["x-amzn-requestid"])
    if is_open(shot):
        assert got.status == 200
    elif path == b"/v1" or path.startswith(b"/v1/"):
        _check_rest(got)
    elif path == b"/" and shot.method == "POST":
        _check_wire(shot, got)
    else:
        assert got.status in {404, 405}
        assert json.loads(got.body).keys() == {"message"}


def check_wire_error(status: int, body: bytes) -> None:
    """An error of the wire, in AWS's form."""
    document = json.loads(body)
    kind = getattr(errors, document["__type"])
    members = {"__type", "message"} if issubclass(kind, FrontError) else {"__type", "Code", "Message"}
    assert document.keys() == members
    assert status == kind.status
    assert all(isinstance(text, str) and text for text in document.values())


def _check_wire(shot: Shot, got: Got) -> None:
    assert got.headers["content-type"] == "application/x-amz-json-1.1"
    if got.status != 200:
        check_wire_error(got.status, got.body)
        return
    targets = [value.decode("latin-1") for name, value in shot.headers if name == b"x-amz-target"]
    shape = output_shape(targets[0].removeprefix(TARGET_PREFIX))
    parsed = _PARSER.parse({"status_code": 200, "headers": got.headers, "body": got.body}, shape)
    assert parsed.keys() - {"ResponseMetadata"} <= shape.members.keys()
    assert json.loads(got.body).keys() <= shape.members.keys()


def _check_rest(got: Got) -> None:
    kind = got.headers.get("content-type", "")
    if got.status not in DONE:
        assert kind == "application/json"
        document = json.loads(got.body)
        assert document.keys() == {"error"}
        assert document["error"].keys() == {"code", "message", "hint"}
        assert re.fullmatch("[a-z0-9-]+", document["error"]["code"])
    elif kind == "application/json":
        assert isinstance(json.loads(got.body), dict)
    elif kind in _PHOTOS:
        with Image.open(io.BytesIO(got.body)) as image:
            image.load()
        assert MARK.encode() not in got.body, "what came with a photo was left in it"
    else:
        assert kind.partition(";")[0] in {"text/plain", "text/html", "application/jsonl"}
