from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.audit import canonical as module
from visavis.audit.canonical import canonical, from_base64, read_canonical, to_base64
from visavis.errors import NotCanonicalError

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_the_example_of_the_rfc() -> None:
    document = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": '\u20ac$\u000f\nA\'B"\\\\"/',
        "literals": [None, True, False],
    }
    assert (
        canonical(document)
        == (
            '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
            '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
        ).encode()
    )


def test_keys_are_sorted_by_utf_16() -> None:
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    assert list(read_canonical(canonical(dict.fromkeys(keys, 0)))) == [
        "\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33",
    ]  # fmt: skip


@given(st.dictionaries(st.text(), values, max_size=5))
def test_what_is_written_is_read_back(document: dict[str, Any]) -> None:
    data = canonical(document)
    assert read_canonical(data) == document
    assert json.loads(data, parse_int=float) == document, "any reader of JSON agrees"


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        2**53,
        -(2**53),
        "\ud800",
        {"\udfff": 1},
        {1: 2},
        {1, 2},
        b"bytes",
        object(),
    ],
)
def test_what_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises(NotCanonicalError):
        canonical({"value": value})


@pytest.mark.parametrize(
    "data",
    [
        b"", b"null", b"[]", b"1", b'"text"', b"{", b"\xff", b'\xef\xbb\xbf{"a":1}',
        b'{"a": 1}', b' {"a":1}', b'{"a":1}\n', b'{"a":1}x', b'{"b":1,"a":2}',
        b'{"a":1,"a":1}', b'{"b":{"a":1,"a":1}}', b'{"a":1.0}', b'{"a":-0}', b'{"a":1e2}', b'{"a":01}',
        b'{"a":NaN}', b'{"a":Infinity}', b'{"a":1e999}', b'{"a":9007199254740993}', b'{"a":"\\u0041"}',
        b'{"a":"\\/"}', b'{"a":"\\ud800"}', b'{"a":"\t"}', b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)  # fmt: skip
def test_any_other_form_is_refused(data: bytes) -> None:
    with pytest.raises(NotCanonicalError):
        read_canonical(data)


def test_a_deep_document_is_refused() -> None:
    document: dict[str, Any] = {}
    for _ in range(100_000):
        document = {"a": document}
    with pytest.raises(NotCanonicalError):
        canonical(document)
    while document:  # else freeing it recurses
        document = document["a"]


def test_the_size_is_bounded_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    data = canonical({"a": "b"})
    monkeypatch.setattr(module, "MAX_DOCUMENT_BYTES", len(data))
    assert read_canonical(canonical({"a": "b"})) == {"a": "b"}
    monkeypatch.setattr(module, "MAX_DOCUMENT_BYTES", len(data) - 1)
    with pytest.raises(NotCanonicalError, match="more than"):
        canonical({"a": "b"})
    with pytest.raises(NotCanonicalError, match="more than"):
        read_canonical(data)


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        document = read_canonical(data)
    except NotCanonicalError:
        return
    assert canonical(document) == data


@given(st.binary(max_size=40))
def test_base64(data: bytes) -> None:
    assert from_base64(to_base64(data), len(data)) == data
    with pytest.raises(NotCanonicalError):
        from_base64(to_base64(data), len(data) + 1)


@pytest.mark.parametrize("text", ["QQ", "QQ=", "QR==", "QQ==\n", " QQ==", "QQ==QQ==", "Q-==", "é", "QQ==="])
def test_only_one_base64_of_some_bytes_is_read(text: str) -> None:
    with pytest.raises(NotCanonicalError):
        from_base64(text)
