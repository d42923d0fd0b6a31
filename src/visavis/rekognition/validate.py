"""The constraints of botocore's model, and the message in which AWS lists all that a call breaks.

    2 validation errors detected: Value '' at 'collectionId' failed to satisfy constraint: Member must
    have length greater than or equal to 1; Value null at 'image' failed to satisfy constraint: ...

Members of a list or a map that are not structures have their constraints listed under the list or the map itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from visavis.rekognition.errors import ValidationException
from visavis.rekognition.model import Shape, input_shape

MAX_SHOWN_CHARACTERS = 1024
"""How much of a value a message repeats; AWS repeats all of it."""

NOT_NULL = "Member must not be null"


def validate(operation: str, parameters: dict[str, Any]) -> None:
    """Raise ValidationException, whose message names them all, if parameters break constraints of the operation.

    parameters: as `read_call` gives them. The message repeats values, but of a blob only its size.
    """
    found = list(_structure(input_shape(operation), parameters, ""))
    if found:
        plural = "s" if len(found) > 1 else ""
        raise ValidationException(f"{len(found)} validation error{plural} detected: {'; '.join(found)}")


def _structure(shape: Shape, value: dict[str, Any], path: str) -> Iterator[str]:
    for name, member in shape.members.items():
        place = f"{path}{name[0].lower()}{name[1:]}"
        if name in value:
            yield from _value(member, value[name], place)
        elif name in shape.required_members:
            yield _violation(None, place, NOT_NULL)


def _value(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if value is None:
        yield _violation(None, path, NOT_NULL)
        return
    for constraint in _broken(shape, value):
        yield _violation(_shown(value), path, constraint)
    if shape.type_name == "structure":
        yield from _structure(shape, value, f"{path}.")
    elif shape.type_name == "list":
        yield from _list(shape, value, path)
    elif shape.type_name == "map":
        yield from _map(shape, value, path)


def _list(shape: Shape, value: list[Any], path: str) -> Iterator[str]:
    if shape.member.type_name in {"structure", "list", "map"}:
        for number, item in enumerate(value, start=1):
            yield from _value(shape.member, item, f"{path}.{number}.member")
    elif not all(_keeps(shape.member, item) for item in value):
        constraint = f"Member must satisfy constraint: {_every(shape.member)}"
        yield _violation(_shown(value), path, constraint)


def _map(shape: Shape, value: dict[str, Any], path: str) -> Iterator[str]:
    for part, members, says in (
        (shape.key, value.keys(), "Map keys must satisfy constraint: "),
        (shape.value, value.values(), "Map value must satisfy constraint: "),
    ):
        if not all(_keeps(part, member) for member in members):
            yield _violation(_shown(value), path, says + _every(part))


def _keeps(shape: Shape, value: Any) -> bool:
    return value is not None and not _broken(shape, value)


def _broken(shape: Shape, value: Any) -> list[str]:
    """The constraints of a shape itself, not of its members, that a value breaks.

    A value longer than it may be is not matched against a pattern, which bounds the time.
    """
    bounds = shape.metadata
    measured = value if shape.type_name in {"integer", "long", "float"} else _length(value)
    broken = []
    if measured is not None and measured > bounds.get("max", measured):
        return [_says(shape, "max")]
    if measured is not None and measured < bounds.get("min", measured):
        broken.append(_says(shape, "min"))
    if "pattern" in bounds and not _compiled(bounds["pattern"]).fullmatch(value):
        broken.append(_says(shape, "pattern"))
    if "enum" in bounds and value not in bounds["enum"]:
        broken.append(_says(shape, "enum"))
    return broken


def _length(value: Any) -> int | None:
    return len(value) if isinstance(value, str | bytes | list | dict) else None


def _every(shape: Shape) -> str:
    kinds = (kind for kind in ("max", "min", "pattern", "enum") if kind in shape.metadata)
    return f"[{', '.join([*(_says(shape, kind) for kind in kinds), NOT_NULL])}]"


def _says(shape: Shape, kind: str) -> str:
    bound = shape.metadata[kind]
    if kind == "pattern":
        return f"Member must satisfy regular expression pattern: {bound}"
    if kind == "enum":
        return f"Member must satisfy enum value set: [{', '.join(bound)}]"
    what = "value" if shape.type_name in {"integer", "long", "float"} else "length"
    return f"Member must have {what} {'less' if kind == 'max' else 'greater'} than or equal to {bound}"


@cache
def _compiled(pattern: str) -> Any:
    import regex  # the model's patterns use \p{L}, which `re` lacks

    return regex.compile(pattern)


def _violation(shown: str | None, path: str, constraint: str) -> str:
    value = "null" if shown is None else f"'{shown}'"
    return f"Value {value} at '{path}' failed to satisfy constraint: {constraint}"


def _shown(value: Any) -> str:
    text = _text(value)
    return text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[:MAX_SHOWN_CHARACTERS]}..."


def _text(value: Any) -> str:
    """A value as Java writes it; of a blob only how long it is."""
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    if isinstance(value, list):
        return f"[{', '.join(_text(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}={_text(item)}' for key, item in value.items())}}}"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return str(value)
