"""Bytes to the parameters of an operation, by the shapes of botocore's model. What has the wrong type ends here.

A body is bounded before it is parsed: no call needs more values or nesting than the limits below, and whatever
stands inside base64 holds none of JSON's punctuation, so counting it costs little and bounds memory and depth.
"""

from __future__ import annotations

import json
import math
from typing import Any

import pybase64

from visavis.rekognition.errors import SerializationException
from visavis.rekognition.model import Shape

MAX_MARKS = {b"{": 256, b"[": 256, b",": 10_000}
"""How often a mark stands in a body, so how deep it is nested and how much it holds; 4,096 face ids are the most in a call."""

MAX_NUMBER_CHARACTERS = 64

_INT32 = 2**31


def read_json(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; raises SerializationException for anything else, keys that stand twice, NaN and infinity."""
    if any(_stands_more_often(mark, most, body) for mark, most in MAX_MARKS.items()):
        raise SerializationException("The body holds more values than any operation takes.")
    try:
        document = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_decimal,
            parse_constant=_constant,
        )
    except (ValueError, RecursionError):
        raise SerializationException("The body is not valid JSON in UTF-8.") from None
    if not isinstance(document, dict):
        raise SerializationException("Unexpected field type")
    return document


def _stands_more_often(mark: bytes, most: int, body: bytes) -> bool:
    """Whether a mark stands more than `most` times: by `find`, which is 40 times as fast as `count` where it is rare."""
    place = -1
    for _ in range(most + 1):
        place = body.find(mark, place + 1)
        if place < 0:
            return False
    return True


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise SerializationException("A key of the body stands twice.")
    return members


def _integer(text: str) -> int:
    return int(_bounded(text))


def _decimal(text: str) -> float:
    number = float(_bounded(text))
    if not math.isfinite(number):
        raise SerializationException("A number of the body is too large.")
    return number


def _bounded(text: str) -> str:
    if len(text) > MAX_NUMBER_CHARACTERS:
        raise SerializationException("A number of the body is too long.")
    return text


def _constant(text: str) -> float:
    raise SerializationException(f"{text} is not a number in JSON.")


def decode(shape: Shape, value: Any) -> Any:
    """A JSON value as what its shape says: blobs as bytes, structures without the members that are null.

    shape: of structures, lists, maps, strings, integers, longs, floats, booleans and blobs. Null stays None
    inside lists and maps. Raises SerializationException for a wrong type and for members that the shape lacks.
    """
    decoder = _DECODERS.get(shape.type_name)
    if decoder is None:
        raise TypeError(f"no parameter is a {shape.type_name}")
    return decoder(shape, value)


def _structure(shape: Shape, value: Any) -> dict[str, Any]:
    members = _of_kind(value, dict)
    unknown = members.keys() - shape.members.keys()
    if unknown:
        raise SerializationException(f"A member of {shape.name} is not known to this operation.")
    return {
        name: decode(member, members[name])
        for name, member in shape.members.items()
        if members.get(name) is not None
    }


def _list(shape: Shape, value: Any) -> list[Any]:
    return [None if item is None else decode(shape.member, item) for item in _of_kind(value, list)]


def _map(shape: Shape, value: Any) -> dict[str, Any]:
    return {
        decode(shape.key, key): None if item is None else decode(shape.value, item)
        for key, item in _of_kind(value, dict).items()
    }


def _of_kind(value: Any, kind: type) -> Any:
    if isinstance(value, kind):
        return value
    if isinstance(value, dict):
        raise SerializationException("Start of structure or map found where not expected.")
    if isinstance(value, list):
        raise SerializationException("Start of list found where not expected.")
    raise SerializationException("Unexpected field type")


def _string(_shape: Shape, value: Any) -> str:
    text: str = _scalar(value, str, "String")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise SerializationException("A string of the body holds half of a surrogate pair.") from None
    return text


def _whole(_shape: Shape, value: Any) -> int:
    number = int(_scalar(value, int, "Integer"))
    if not -_INT32 <= number < _INT32:
        raise SerializationException("NUMBER_VALUE cannot be converted to Integer")
    return number


def _float(_shape: Shape, value: Any) -> float:
    return float(_scalar(value, float if isinstance(value, float) else int, "Float"))


def _boolean(_shape: Shape, value: Any) -> bool:
    return bool(_scalar(value, bool, "Boolean"))


def _blob(_shape: Shape, value: Any) -> bytes:
    try:
        return pybase64.b64decode(_scalar(value, str, "Blob"), validate=True)
    except ValueError:
        raise SerializationException("STRING_VALUE cannot be converted to Blob: it is not base64") from None


def _scalar(value: Any, kind: type, name: str) -> Any:
    """The value, if its type is exactly `kind`: a boolean is no integer."""
    if type(value) is kind:
        return value
    if isinstance(value, dict | list):
        _of_kind(value, str)
    raise SerializationException(f"{_token(value)} cannot be converted to {name}")


def _token(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    return {str: "STRING_VALUE", int: "NUMBER_VALUE", float: "DECIMAL_VALUE"}.get(type(value), "NULL_VALUE")


_DECODERS = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _whole,
    "long": _whole,
    "float": _float,
    "boolean": _boolean,
    "blob": _blob,
}
