"""What is done to headers: before a request is signed, and after."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from wire_fuzz.calls import MARK
from wire_fuzz.requests import Pairs

HEADERS = (
    *(("content-type", value) for value in ("", "application/json", "application/x-amz-json-1.0", "APPLICATION/X-AMZ-JSON-1.1 ; a=b")),
    *(("content-type", value) for value in ("application/x-amz-json-1.1,", "text/plain", "multipart/form-data; boundary=a", "a/b; charset=utf-7")),
    *(("x-amz-target", value) for value in ("", "DetectFaces", "RekognitionService.", "rekognitionservice.DetectFaces", "RekognitionService.Å")),
    *(("x-amz-target", f"RekognitionService.{name}") for name in ("detectFaces", "DetectLabels", "StartFaceSearch", "RecognizeCelebrities", "../x")),
    *(("x-amz-content-sha256", value) for value in ("UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "0" * 64, "")),
    *(("accept", value) for value in ("text/html", "*/*;q=0", "a" * 9_000, "\xff")),
    *(("content-encoding", "gzip"), ("accept-encoding", "gzip"), ("expect", "100-continue"), ("upgrade", "h2c"), ("connection", "upgrade")),
    *(("x-forwarded-for", "::1"), ("forwarded", "for=a"), ("x-http-method-override", "DELETE"), ("range", "bytes=0-1"), ("cookie", MARK)),
    *(("x-amzn-requestid", MARK), ("x-amz-security-token", MARK), ("x-amz-date", "20260921T141320Z"), ("x-amz-meta-a", "\x7f"), ("traceparent", MARK)),
    *(("host", value) for value in ("", "a:b:c", "[::1", "a" * 300, "server.example, other")),
    *((f"x-{MARK}-{i}", "a") for i in range(3)), ("x-" + "a" * 5_000, "a"), ("x-a", "  spaces   within  "), ("x-a", "a" * 70_000), ("x-a", ""),
)  # fmt: skip
"""Headers that are added to a request, or change one that it has."""

DATES = (b"", b"20260921T141320", b"20260921T142821Z", b"20260921T135819Z", b"20260921T142819Z", b"99999999T999999Z", b"Mon, 21 Sep 2026", b"\xff0260921T141320Z")  # fmt: skip
_ALGORITHMS = (b"Basic", b"Bearer", b"AWS", b"aws4-hmac-sha256", b"AWS4-HMAC-SHA512", b"")
_NAMES = (
    b"SignedHeaders=;",
    b"SignedHeaders=a;",
    b"SignedHeaders=host;",
    b"signedheaders=",
    b"SignedHeaders=a=b, SignedHeaders=",
)
_DOUBLED = (
    (b"authorization", b""),
    (b"host", b"a"),
    (b"x-amz-date", b"a"),
    (b"x-amz-meta-a", b"a"),
    (b"x-amz-content-sha256", b"a"),
)


def altered(headers: Pairs, draw: random.Random) -> tuple[Pairs, bool]:
    """Headers changed after they were signed, and whether what is left may still be valid."""
    kind = draw.random()
    if kind < 0.1:
        name, value = draw.choice(HEADERS)
        return [*headers, (name.encode(), value.encode("latin-1", "replace"))], True
    if kind < 0.2:
        return [*headers, draw.choice(_DOUBLED)], False
    pairs = dict(headers)
    if kind < 0.3:
        pairs[b"x-amz-date"] = draw.choice(DATES)
    elif kind < 0.4:
        del pairs[draw.choice((b"authorization", b"x-amz-date", b"host"))]
    elif kind < 0.55:
        pairs[b"authorization"] = _a_byte_of(pairs[b"authorization"], draw)
        return list(pairs.items()), True
    else:
        pairs[b"authorization"] = _wrong(pairs[b"authorization"], draw)
    return list(pairs.items()), False


def _a_byte_of(authorization: bytes, draw: random.Random) -> bytes:
    """One byte is another, which may be a space that means nothing."""
    at = draw.randrange(len(authorization))
    return authorization[:at] + bytes([draw.choice(b" ,;=/aZ\t\xff")]) + authorization[at + 1 :]


def _wrong(authorization: bytes, draw: random.Random) -> bytes:
    """An Authorization that proves nothing."""
    rest, signature = authorization[:-64], authorization[-64:]
    at = draw.randrange(64)
    digit = b"%x" % ((int(signature[at : at + 1], 16) + draw.randrange(1, 16)) % 16)
    changes: Sequence[Callable[[], bytes]] = (
        lambda: rest + signature[:at] + digit + signature[at + 1 :],
        lambda: rest + signature[:at],
        lambda: rest + signature.swapcase()[:at] + b"g" + signature[at + 1 :],
        lambda: authorization[: draw.randrange(len(authorization))],
        lambda: authorization.replace(b"AWS4-HMAC-SHA256", draw.choice(_ALGORITHMS)),
        lambda: authorization.replace(b"SignedHeaders=", draw.choice(_NAMES)),
        lambda: authorization + b", Signature=" + signature[::-1],
        lambda: draw.randbytes(draw.randrange(5_000)).translate(None, b"\r\n\0"),
    )
    return draw.choice(changes)()
