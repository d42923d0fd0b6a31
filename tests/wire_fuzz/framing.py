"""What is sent to a socket: framing, chunks, lengths, pipelines, requests that are cut off, and what is no HTTP at all.

Nothing of it may change what is stored: what is whole only reads, and what would change something is not whole.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from wire_fuzz.calls import GALLERY, MARK, PEOPLE, World, call_draft, rest_calls, rest_draft, wire_calls
from wire_fuzz.requests import Draft, shot_of
from wire_fuzz.streams import Stream

LENGTHS = (b"", b"-1", b"+2", b"2,2", b"2 2", b"0x2", b"1e1", b"9" * 20, b"18446744073709551617", b"16777217", b" ", b"\t2", b"2;a")  # fmt: skip
SIZES = (b"", b"-1", b"0x2", b"g", b"f" * 16, b"f" * 17, b"7fffffff", b"1;" + b"a" * 70_000, b"1\n", b" 1", b"1 ", b"0" * 16 + b"1")  # fmt: skip
FIRST_LINES = (
    *(b"POST / HTTP/1.0", b"POST / HTTP/0.9", b"POST / HTTP/2.0", b"POST / HTTP/1.10", b"POST / http/1.1", b"POST /", b"POST", b"", b" POST / HTTP/1.1"),
    *(b"post / HTTP/1.1", b"POST  / HTTP/1.1", b"POST\t/ HTTP/1.1", b"POST / HTTP/1.1 a", b"POST http://a/ HTTP/1.1", b"POST // HTTP/1.1", b"POST * HTTP/1.1"),
    *(b"CONNECT a:1 HTTP/1.1", b"POST /\xff HTTP/1.1", b"POST /\0 HTTP/1.1", b"POST /%zz HTTP/1.1", b"POST /?" + b"a" * 70_000 + b" HTTP/1.1", b"POST http:///v1 HTTP/1.1"),
    *(b"POST /v1/\xe2\x80\xae HTTP/1.1", b"POST /#a HTTP/1.1", b"POST ?a HTTP/1.1", b"GET /v1/../ HTTP/1.1", b"SOURCE / ICE/1.0", b"PRI * HTTP/2.0"),
)  # fmt: skip
LINES = (
    *(b"a", b": a", b" a: b", b"a : b", b"a\0: b", b"a: b\0c", b"a: b\nc: d", b"a: b\r c", b"\xff: a", b"a: \xff", b"a(: b", b"a" * 70_000 + b": b", b"a: " + b"b" * 70_000),
    *(b"a:" * 9_000, b"\r\n".join([b"a: b"] * 9_000), b"host: other", b"transfer-encoding: gzip, chunked", b"transfer-encoding: chunked, identity"),
    *(b"Transfer-Encoding: \x0bchunked", b"transfer-encoding:chunked\r\ntransfer-encoding:chunked", b"upgrade: websocket\r\nconnection: upgrade"),
    *(b"upgrade: h2c\r\nconnection: upgrade, http2-settings\r\nhttp2-settings: AAMAAABkAAQAAP", b"expect: 200-ok", b"te: trailers", b"connection: keep-alive, close"),
)  # fmt: skip


def _request(
    draft: Draft, *, drop: bytes = b"", first: bytes = b"", more: Sequence[bytes] = (), last: bool = True
) -> tuple[bytes, bytes]:
    """Head and body of a signed request. drop: a header to leave out; first: another first line; more: lines of its head."""
    shot = shot_of("", draft)
    head = [first or b"POST %b HTTP/1.1" % shot.target]
    head += [name + b": " + value for name, value in shot.headers if name != drop]
    return b"\r\n".join([*head, *more, *([b"connection: close"] if last else []), b"", b""]), shot.body


def _reading() -> Draft:
    """A call that changes nothing."""
    return call_draft("DescribeCollection", {"CollectionId": GALLERY})


def _chunks(body: bytes, draw: random.Random, size: Callable[[int], bytes]) -> bytes:
    cut = sorted(draw.sample(range(1, len(body)), 3))
    parts = [body[a:b] for a, b in zip([0, *cut], [*cut, len(body)], strict=True)]
    return b"".join(size(len(part)) + b"\r\n" + part + b"\r\n" for part in parts)


def _cut(data: bytes, draw: random.Random) -> list[bytes]:
    cuts = sorted(draw.sample(range(len(data) + 1), min(len(data), draw.choice((0, 1, 3, 9)))))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def whole(draw: random.Random, world: World) -> Stream:
    """A request that is as it should be, in pieces, chunks or after others."""
    del world
    kind = draw.randrange(4)
    if kind == 0:
        more = draw.choice(((), (b"expect: 100-continue",), (b"x-a: " + b"a" * 9_000,)))
        return Stream("whole", _cut(b"".join(_request(_reading(), more=more)), draw), answered=1)
    if kind == 1:
        head, body = _request(_reading(), drop=b"content-length", more=(b"Transfer-Encoding: Chunked",))
        spelt = draw.choice((b"%x", b"%X", b"000%x", b"%x;a=b"))
        ended = draw.choice((b"0\r\n\r\n", b"000\r\n\r\n", b"0;a\r\n\r\n", b"0\r\nx-amz-date: a\r\n\r\n"))
        return Stream(
            "chunked", _cut(head + _chunks(body, draw, lambda size: spelt % size) + ended, draw), answered=1
        )
    count = draw.randrange(2, 7)
    requests = [b"".join(_request(_reading(), last=i == count - 1)) for i in range(count)]
    return Stream("pipelined", _cut(b"".join(requests), draw), answered=count)


def framed(draw: random.Random, world: World) -> Stream:
    """A request whose end is told wrongly, twice or not at all; another may follow it."""
    del world
    kind = draw.randrange(5)
    if kind == 0:
        head, body = _request(
            _reading(), drop=b"content-length", more=(b"content-length: " + draw.choice(LENGTHS),)
        )
    elif kind == 1:
        size = draw.choice((0, 1, 5, 10**6))
        head, body = _request(
            _reading(), more=(b"content-length: %d" % size,), drop=draw.choice((b"", b"content-length"))
        )
    elif kind == 2:
        head, body = _request(_reading(), more=(b"transfer-encoding: chunked",))
        body = draw.choice((body, _chunks(body, draw, lambda size: b"%x" % size) + b"0\r\n\r\n"))
    elif kind == 3:
        head, body = _request(_reading(), drop=b"content-length", more=(b"transfer-encoding: chunked",))
        body = _chunks(body, draw, lambda size: draw.choice((b"%x" % size, draw.choice(SIZES))))
    else:
        head, body = _request(_reading(), drop=b"content-length")
    data = head + body + draw.choice((b"", b"0\r\n\r\n", b"\r\n\r\n", b"".join(_request(_reading()))))
    return Stream("framed", _cut(data, draw), ends=draw.random() < 0.5)


def lines(draw: random.Random, world: World) -> Stream:
    """Lines of a head that are no such lines, or odd ones."""
    del world
    first = draw.choice(FIRST_LINES) if draw.random() < 0.5 else b""
    more = [draw.choice(LINES)] if draw.random() < 0.7 else []
    data = b"".join(_request(_reading(), first=first, more=more))
    if draw.random() < 0.1:
        data = data.replace(b"\r\n", draw.choice((b"\n", b"\r", b"\r\r\n")))
    return Stream("lines", _cut(data, draw), ends=draw.random() < 0.2)


def cut_off(draw: random.Random, world: World) -> Stream:
    """A request that would change something, but for what is missing of it."""
    if draw.random() < 0.3:
        drafts = [rest_draft(call) for call in rest_calls(world) if call.body is not None]
    else:
        drafts = [call_draft(name, value) for name, value in wire_calls(world).items()]
    data = b"".join(_request(draw.choice(drafts)))
    return Stream("cut off", _cut(data[: draw.randrange(len(data) - 1)], draw), ends=draw.random() < 0.95)


def bytes_changed(draw: random.Random, world: World) -> Stream:
    """Any bytes changed, removed or doubled."""
    del world
    data = bytearray(b"".join(_request(_reading())))
    for _ in range(draw.choice((1, 2, 8))):
        at, kind = draw.randrange(len(data)), draw.randrange(3)
        if kind == 0:
            data[at] = draw.choice((0, 10, 13, 32, 58, 255, draw.randrange(256)))
        elif kind == 1:
            del data[at : at + draw.randrange(1, 40)]
        else:
            data[at:at] = data[at : at + draw.randrange(1, 40)]
    return Stream("bytes", [bytes(data)], ends=draw.random() < 0.2)


def no_http(draw: random.Random, world: World) -> Stream:
    """What is no HTTP."""
    del world
    data = draw.choice((
        b"", b"\r\n" * 40, b"\0", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + MARK.encode(), draw.randbytes(draw.randrange(1, 3_000)),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9), b"SSH-2.0-OpenSSH\r\n", PEOPLE[0].encode(), b"*1\r\n$4\r\nPING\r\n", b"\xff" * 70_000,
    ))  # fmt: skip
    return Stream("no HTTP", [data], ends=draw.random() < 0.5)


STREAMS = (*[whole, framed, lines, cut_off, bytes_changed] * 2, no_http)
