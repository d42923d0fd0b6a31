"""What is done to the JSON of calls: to its values, and to its text."""

from __future__ import annotations

import base64
import copy
import json
import random
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from visavis.rekognition.model import SERVED, input_shape
from wire_fuzz.calls import MARK, World

TEXTS = (
    *("", " ", "\0", "a\0b", "\ud800", "\udfff\ud800", "\U0001d518", "\u202e", "\u2028", "\ufeff", "\u0131", "\u0130", "\n", "\r\n", "\x1b[31m"),
    *("é" * 300, "x" * 129, "x" * 256, "x" * 2_049, "x" * 70_000, "(" * 500, "a" * 40 + "!", "%s%n{0}", "%00", "../../x", "..", "."),
    *("' OR 1=1 --", "<script>", "*", ":", "::", "a:b:c", ":a", "a:", "aws:x", "AWS:", "visavis:purpose", "visavis:fpir", "1e999", "NaN"),
    *("0", "-1", "true", "null", "1970-01-01", "9999-12-31", "0000-00-00", "2026-12-31T24:00:00Z", "2026-12-31T18:00:00+99:99", "\uff12\uff10\uff12\uff16-01-01"),
    *("ALL", "AGE_RANGE", "GENDER", "AUTO", "NONE", "given", "00000000-0000-0000-0000-000000000000", "z" * 36, "0F" * 32, MARK),
)  # fmt: skip
NUMBERS: tuple[float, ...] = (
    *(0, -0.0, -1, 1, 2, 99.999999, 100, 100.00001, 101, 500, 501, 4096, 4097, 2**31 - 1, 2**31, -(2**31), 2**53 + 1),
    *(2**63 - 1, 2**63, 2**64, 10**63, 10**70, 1e308, 5e-324, 0.1, 1e-7),
)  # fmt: skip
OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [None], [[]], {"": None}, {"a": {}}, [{}], ["a", "a"])
FRAGMENTS = (
    *(b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"01", b"+1", b"1.", b"0x10", b"1_000", b"tru", b"'a'", b"undefined", b""),
    *(b"[" * 250 + b"]" * 250, b"[" * 300 + b"]" * 300, b'{"a":' * 300 + b"1" + b"}" * 300, b"[" * 100_000, b"[" + b"1," * 20_000 + b"1]"),
    *(b"9" * 5_000, b"1e" + b"9" * 60, b'"\\u12"', b'"\\ud800"', b'"\\udc00\\ud800"', b'"\t"', b'"\\x"', b'{"a":1,"a":2}', b"[,]", b"/**/1"),
    *(b'"\xff\xfe"', b'"\xc0\xaf"', b'"\xed\xa0\x80"', b'"\xf5\x80\x80\x80"', b"\xef\xbb\xbf1", b"\x00", b'"' + b"\\" * 999 + b'"'),
)  # fmt: skip
"""Pieces of JSON's text, most of them no JSON; each may stand where a value stood."""
MAX_REPEATED = 2**23
_PLACE = "the place of a fragment"

Place = tuple[Any, Any]
"""A list or an object, and an index or a name in it."""


@cache
def _members() -> tuple[str, ...]:
    """All names that any operation takes."""
    return tuple(sorted({name for operation in SERVED for name in input_shape(operation).members}))


def mutated_json(document: Any, draw: random.Random, world: World) -> bytes:
    """A document with one to three changes, as text."""
    changed = copy.deepcopy(document)
    fragment = None
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        places = list(_places(changed))
        if not places:
            return draw.choice(FRAGMENTS)
        if draw.random() < 0.06:
            fragment = draw.choice(FRAGMENTS)
            holder, key = draw.choice(places)
            holder[key] = _PLACE
        else:
            _change(draw.choice(places), draw, world)
    text = json.dumps(changed, ensure_ascii=draw.random() < 0.5).encode("utf-8", "surrogatepass")
    if fragment is not None:
        text = text.replace(json.dumps(_PLACE).encode(), fragment, 1)
    return mutated_text(text, draw) if draw.random() < 0.03 else text


def _places(document: Any) -> Iterator[Place]:
    if isinstance(document, dict | list):
        for key in document if isinstance(document, dict) else range(len(document)):
            yield document, key
            yield from _places(document[key])


def _change(place: Place, draw: random.Random, world: World) -> None:
    holder, key = place
    kind = draw.random()
    if kind < 0.1:
        del holder[key]
    elif kind < 0.2 and isinstance(holder, dict):
        holder[draw.choice((*_members(), *TEXTS[:20]))] = other_value(draw, world)
    elif kind < 0.25 and isinstance(holder, dict):
        holder[f"{key}{draw.choice(('', ' ', 's', chr(0)))}".swapcase()] = holder.pop(key)
    elif kind < 0.3:
        holder[key] = draw.choice(({"Bytes": holder[key]}, _list_of(holder[key], draw)))
    elif isinstance(holder[key], str) and kind < 0.6:
        holder[key] = _changed_text(holder[key], draw)
    else:
        holder[key] = _like(holder[key], draw, world) if draw.random() < 0.8 else other_value(draw, world)


def _list_of(value: Any, draw: random.Random) -> list[Any]:
    """A value several times; once, where more would be a bomb for whoever sends it."""
    count = draw.choice((1, 101, 4_097))
    count = count if len(json.dumps(value)) * count < MAX_REPEATED else 1
    return [copy.deepcopy(value) for _ in range(count)]


def _like(value: Any, draw: random.Random, world: World) -> Any:
    """A value of the same type, so that it is not its type that it is refused for."""
    if isinstance(value, str):
        return draw.choice(draw.choice((TEXTS, world.names())))
    if isinstance(value, int | float):
        return draw.choice(NUMBERS)
    return [other_value(draw, world)] if isinstance(value, list) else {"": other_value(draw, world)}


def other_value(draw: random.Random, world: World) -> Any:
    """A value that was not meant for the place where it will stand."""
    return copy.deepcopy(draw.choice(draw.choice((TEXTS, NUMBERS, OTHERS, world.names(), world.names()))))


def _changed_text(text: str, draw: random.Random) -> str:
    """A text that is nearly the same; where it is base64, often as others write it."""
    at = draw.randrange(len(text) + 1)
    changes: Sequence[Callable[[], str]] = (
        lambda: text[:at],
        lambda: text[:at] + draw.choice(TEXTS) + text[at:],
        lambda: text[:at] + text[at + 1 :],
        lambda: text[:at] + draw.choice("=-_+/ \n:.\0é") + text[at + 1 :],
        lambda: text.replace("=", ""),
        lambda: text.replace("+", "-").replace("/", "_"),
        lambda: f"data:image/jpeg;base64,{text}",
        text.swapcase,
        lambda: text * 2,
        lambda: "\n".join(text[i : i + 76] for i in range(0, len(text), 76)),
        lambda: base64.b64encode(text.encode("utf-8", "surrogatepass")).decode(),
    )
    return draw.choice(changes)()


def mutated_text(text: bytes, draw: random.Random) -> bytes:
    """Bytes of a body changed, removed, doubled or cut off; a key that stands twice; another coding."""
    at = draw.randrange(len(text) + 1)
    changes: Sequence[Callable[[], bytes]] = (
        lambda: text[:at],
        lambda: text[:at] + bytes([draw.randrange(256)]) + text[at + 1 :],
        lambda: text[:at] + text[at // 2 :],
        lambda: text[:at] + draw.choice(FRAGMENTS) + text[at:],
        lambda: text.replace(b"{", b'{"CollectionId":"a","subject":"a",', 1),
        lambda: b"\xef\xbb\xbf" + text,
        lambda: text.decode("utf-8", "replace").encode("utf-16"),
        lambda: text + text,
        lambda: b" " * 70_000 + text,
        lambda: b"[" + text + b"]",
        lambda: draw.randbytes(draw.randrange(200)),
    )
    return draw.choice(changes)()
