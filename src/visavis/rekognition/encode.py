"""An operation's answer as JSON values, by the shapes of botocore's model.

What the model does not have is a mistake of ours, so it raises TypeError or ValueError with the
place, and never the value.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

from visavis.rekognition.model import Shape


def encode(shape: Shape, value: Any, place: str) -> Any:
    """A value as JSON, by its shape; a structure's members that are None are left out.

    place: where it stands, for the message of a mistake. Floats are rounded to 32 bits and written
    with the digits that 32 bits need; times are seconds since 1970, UTC, whole or not.
    """
    encoder = _ENCODERS.get(shape.type_name)
    if encoder is None:
        raise TypeError(f"no answer has a {shape.type_name}, as {place} would be")
    return encoder(shape, value, place)


def _structure(shape: Shape, value: Mapping[str, Any], place: str) -> dict[str, Any]:
    unknown = sorted(value.keys() - shape.members.keys())
    if unknown:
        raise TypeError(f"{place} has no member {unknown[0]}")
    return {
        name: encode(shape.members[name], member, f"{place}.{name}")
        for name, member in value.items()
        if member is not None
    }


def _list(shape: Shape, value: Any, place: str) -> list[Any]:
    if isinstance(value, str | bytes | Mapping):
        raise TypeError(f"{place} is a list")
    return [encode(shape.member, item, place) for item in value]


def _map(shape: Shape, value: Mapping[str, Any], place: str) -> dict[str, Any]:
    return {
        encode(shape.key, key, place): encode(shape.value, item, f"{place} value")
        for key, item in value.items()
    }


def _string(shape: Shape, value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{place} is a string")
    if shape.enum and value not in shape.enum:
        raise ValueError(f"{place} is one of {', '.join(shape.enum)}")
    return str(value)


def _whole(_shape: Shape, value: Any, place: str) -> int:
    if isinstance(value, bool):
        raise TypeError(f"{place} is a number")
    return operator.index(value)


def _float(_shape: Shape, value: Any, place: str) -> float:
    return _finite(float(str(np.float32(value))), place)


def _timestamp(_shape: Shape, value: Any, place: str) -> float:
    return _finite(float(value), place)


def _finite(number: float, place: str) -> float:
    if not math.isfinite(number):
        raise ValueError(f"{place} is not finite")
    return number


def _boolean(_shape: Shape, value: Any, place: str) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{place} is true or false")
    return value


_ENCODERS = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _whole,
    "long": _whole,
    "float": _float,
    "timestamp": _timestamp,
    "boolean": _boolean,
}
