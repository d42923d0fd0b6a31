"""Values of the shapes of botocore's model, for Hypothesis: what an operation takes or answers, within its constraints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import regex
from hypothesis import strategies as st

Values = st.SearchStrategy[Any]

MANY = 3
"""Members of a list or a map, at most, beyond those it must have."""


def values(shape: Any) -> Values:
    """Values that keep the constraints of a shape; times are whole seconds."""
    return _OF[shape.type_name](shape)


def lists(shape: Any) -> Values:
    least = shape.metadata.get("min", 0)
    return st.lists(values(shape.member), min_size=least, max_size=least + MANY)


def maps(shape: Any) -> Values:
    return st.dictionaries(values(shape.key), values(shape.value), max_size=MANY)


def whole_numbers(shape: Any) -> Values:
    return st.integers(shape.metadata.get("min", -(2**31)), shape.metadata.get("max", 2**31 - 1))


def floats(shape: Any) -> Values:
    bounds = shape.metadata
    return st.floats(bounds.get("min"), bounds.get("max"), width=32, allow_nan=False, allow_infinity=False)


def blobs(shape: Any) -> Values:
    return st.binary(min_size=shape.metadata["min"], max_size=40)


def structures(shape: Any) -> Values:
    members = {name: values(member) for name, member in shape.members.items()}
    needed = {name: members.pop(name) for name in shape.required_members}
    return st.fixed_dictionaries(needed, optional=members)


def strings(shape: Any) -> Values:
    bounds = shape.metadata
    least, most = bounds.get("min", 0), bounds.get("max", 255)
    if "enum" in bounds:
        return st.sampled_from(bounds["enum"])
    if "pattern" not in bounds:
        return st.text(st.characters(codec="utf-8"), min_size=least, max_size=min(most, least + 20))
    pattern = bounds["pattern"]
    known = pattern.replace(r"\p{L}\p{Z}\p{N}", "a-zA-ZàéŁ漢ع \u20030-9٣")
    return st.from_regex(known, fullmatch=True).filter(
        lambda text: least <= len(text) <= most and regex.fullmatch(pattern, text)
    )


_OF: dict[str, Callable[[Any], Values]] = {
    "structure": structures,
    "list": lists,
    "map": maps,
    "string": strings,
    "integer": whole_numbers,
    "long": whole_numbers,
    "float": floats,
    "blob": blobs,
    "boolean": lambda _: st.booleans(),
    "timestamp": lambda _: st.integers(0, 4_000_000_000),
}
