"""Botocore signs, and so does a second hand, written from AWS's description alone; we verify both."""

from __future__ import annotations

import base64
import hashlib
import hmac
import string
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.credentials import Credentials
from botocore.session import get_session
from botocore.utils import percent_encode
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.rekognition.errors import (
    FrontError,
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
    UnrecognizedClientException,
)
from visavis.server.sigv4 import MAX_SKEW_SECONDS, Secret, SignedRequest, Verified, service_at, verify

KEY = "VVEXAMPLE"
SECRET = base64.b64encode(hashlib.sha256(b"a secret").digest()).decode()
EMPTY = hashlib.sha256(b"").hexdigest()
NOW = 1_790_000_000
STAMP = f"{datetime.fromtimestamp(NOW, UTC):%Y%m%dT%H%M%SZ}"
HEADERS = {
    "host": "localhost:8080",
    "content-type": "application/x-amz-json-1.1",
    "x-amz-date": STAMP,
    "x-amz-target": "RekognitionService.ListCollections",
}
# What the JavaScript SDK signs.
NINE = HEADERS | {
    "amz-sdk-invocation-id": "2f9a7e8a-7a52-4a54-a3ce-3f2f8d8b1c00",
    "amz-sdk-request": "attempt=1; max=3",
    "content-length": "2",
    "x-amz-content-sha256": hashlib.sha256(b"{}").hexdigest(),
    "x-amz-user-agent": "aws-sdk-js/3.9 ua/2.1",
}


def find(access_key_id: str) -> Secret | None:
    return Secret(SECRET) if access_key_id == KEY else None


def signed(
    headers: dict[str, str] = HEADERS,
    body: bytes = b"{}",
    *,
    path: str = "/",
    canonical_path: str | None = None,
    query: str = "",
    canonical_query: str | None = None,
    scope: str | None = None,
    names: str | None = None,
    secret: str = SECRET,
) -> SignedRequest:
    """A request signed by hand; what is given replaces what a right client would write."""
    scope = scope or f"{headers['x-amz-date'][:8]}/eu-central-1/{service_at(path)}/aws4_request"
    names = names or ";".join(sorted(headers))
    digest = hashlib.sha256(body).hexdigest()
    canonical = "\n".join(
        [
            "POST",
            canonical_path or path,
            query if canonical_query is None else canonical_query,
            *(f"{name}:{headers.get(name, '').strip()}" for name in names.split(";")),
            "",
            names,
            digest,
        ]
    )
    to_sign = "\n".join(
        ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()]
    )
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    authorization = f"AWS4-HMAC-SHA256 Credential={KEY}/{scope}, SignedHeaders={names}, Signature={signature}"
    pairs = [(name.title(), value) for name, value in headers.items()]
    return SignedRequest("POST", path, query, (*pairs, ("Authorization", authorization)), digest)


def with_authorization(change: Callable[[str], str], request: SignedRequest | None = None) -> SignedRequest:
    *others, (name, value) = (request or signed()).headers
    return replace(request or signed(), headers=(*others, (name, change(value))))


def with_header(request: SignedRequest, name: str, value: str) -> SignedRequest:
    return replace(request, headers=((name, value), *request.headers))


@pytest.mark.parametrize("headers", [HEADERS, NINE])
def test_signed_by_hand(headers: dict[str, str]) -> None:
    assert verify(signed(headers), find, NOW) == Verified(KEY, "rekognition", "eu-central-1")


@pytest.mark.parametrize(
    ("path", "service"),
    [("/", "rekognition"), ("/v1", "visavis"), ("/v1/consents", "visavis"), ("/v10", "rekognition")],
)
def test_the_service_is_that_of_the_path(path: str, service: str) -> None:
    assert verify(signed(path=path), find, NOW).service == service
    other = {"rekognition": "visavis", "visavis": "rekognition"}[service]
    with pytest.raises(InvalidSignatureException, match=f"correct service: '{service}'"):
        verify(signed(path=path, scope=f"{STAMP[:8]}/r/{other}/aws4_request"), find, NOW)


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        ("", ""),
        ("b=2&a=1", "a=1&b=2"),
        ("a=2&a=1", "a=1&a=2"),
        ("a", "a="),
        ("purpose=door%20at+work", "purpose=door%20at%20work"),
        ("a=%e4%bd%a0&b=/~%7e", "a=%E4%BD%A0&b=%2F~~"),
        ("a=1%262&b==", "a=1%262&b=%3D"),
        ("a=%zz%", "a=%25zz%25"),
    ],
)
def test_the_canonical_query(query: str, canonical: str) -> None:
    request = signed(path="/v1/consents", query=query, canonical_query=canonical)
    assert verify(request, find, NOW).service == "visavis"


def test_a_path_is_signed_as_it_was_encoded() -> None:
    request = signed(path="/v1/a%2Fb:c", canonical_path="/v1/a%252Fb%3Ac")
    assert verify(request, find, NOW).service == "visavis"


@pytest.mark.parametrize(
    "path", ["", "v1", "/v1//a", "/v1/./a", "/v1/../a", "/v1/a b", "/v1/é", "/v1?a", "/v1#a", "//host/v1"]
)
def test_a_path_that_is_not_plain_is_refused(path: str) -> None:
    with pytest.raises(InvalidSignatureException):
        verify(signed(path=path, scope=f"{STAMP[:8]}/r/{service_at(path)}/aws4_request"), find, NOW)


class Raw:
    """What a connection would give back."""

    def stream(self) -> Iterator[bytes]:
        yield b"{}"


def sent_by_boto3(session_token: str | None = None) -> SignedRequest:
    """A request as botocore's client, which is boto3's, would send it."""
    session = get_session()
    session.set_credentials(KEY, SECRET, session_token)
    client = session.create_client(
        "rekognition", region_name="eu-west-7", endpoint_url="http://localhost:8080"
    )
    caught = []

    def catch(request: Any, **_: Any) -> AWSResponse:
        caught.append(request)
        return AWSResponse(request.url, 200, {}, Raw())

    client.meta.events.register("before-send.rekognition.*", catch)
    client.detect_faces(Image={"Bytes": b"\xff\xd8" * 50})
    (request,) = caught
    pairs = [
        (name, value.decode() if isinstance(value, bytes) else value)
        for name, value in request.headers.items()
    ]
    digest = hashlib.sha256(request.body).hexdigest()
    return SignedRequest(request.method, "/", "", (("Host", "localhost:8080"), *pairs), digest)


def when(request: SignedRequest) -> int:
    stamp = next(value for name, value in request.headers if name.lower() == "x-amz-date")
    return int(datetime.fromisoformat(stamp).timestamp())


def test_signed_by_boto3() -> None:
    request = sent_by_boto3()
    assert verify(request, find, when(request)) == Verified(KEY, "rekognition", "eu-west-7")


def test_a_session_token_is_refused() -> None:
    request = sent_by_boto3(KEY)
    with pytest.raises(UnrecognizedClientException, match="unset AWS_SESSION_TOKEN"):
        verify(request, find, when(request))


@given(
    names=st.sets(st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=12), max_size=5),
    value=st.text(string.printable[:95], max_size=20),
    body=st.binary(max_size=50),
    query=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
    region=st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True),
)
@settings(max_examples=100, deadline=None)
def test_whatever_botocore_signs_is_verified(
    names: set[str], value: str, body: bytes, query: dict[str, str], region: str
) -> None:
    path = "/v1/consents/a%20b"
    text = "&".join(f"{percent_encode(key)}={percent_encode(item)}" for key, item in query.items())
    headers = dict.fromkeys(names - UNFIT, value) | {"host": "localhost:8080"}
    request = AWSRequest("PUT", f"http://localhost:8080{path}?{text}", headers, data=body)
    SigV4Auth(Credentials(KEY, SECRET), "visavis", region).add_auth(request)
    digest = hashlib.sha256(body).hexdigest()
    received = SignedRequest("PUT", path, text, tuple(request.headers.items()), digest)
    assert verify(received, find, when(received)) == Verified(KEY, "visavis", region)


UNFIT = {"authorization", "date", "host", "user-agent", "expect"}
"""What botocore does not sign, or sets itself."""


def tampered(request: SignedRequest) -> Iterator[SignedRequest]:
    """The request with each character of each header and of the body's hash replaced, headers dropped, doubled, renamed."""
    yield replace(request, method="GET")
    yield replace(request, method="post")
    yield replace(request, path="/x")
    yield replace(request, query="a=1")
    for place in range(64):
        yield replace(request, body_sha256=other(request.body_sha256, place))
    for i, (name, value) in enumerate(request.headers):
        before, after = request.headers[:i], request.headers[i + 1 :]
        yield replace(request, headers=before + after)
        yield replace(request, headers=(*before, (f"x-{name}", value), *after))
        yield replace(request, headers=(*request.headers, (name, value)))
        yield replace(request, headers=(*request.headers, (name, "")))
        for place in range(len(value)):
            yield replace(request, headers=(*before, (name, other(value, place)), *after))


def other(text: str, place: int) -> str:
    return f"{text[:place]}{'0' if text[place] != '0' else '1'}{text[place + 1 :]}"


@pytest.mark.parametrize("headers", [HEADERS, NINE])
def test_whatever_is_changed_is_refused(headers: dict[str, str]) -> None:
    request = signed(headers)
    changed = list(tampered(request))
    assert len(changed) > 300
    for one in changed:
        with pytest.raises(FrontError):
            verify(one, find, NOW)


@given(
    st.lists(st.tuples(st.text(max_size=12), st.text(max_size=30)), max_size=6),
    st.text(max_size=20),
    st.text(max_size=20),
)
@settings(max_examples=200, deadline=None)
def test_anything_else_is_refused_by_an_error_of_the_wire(
    headers: list[tuple[str, str]], path: str, query: str
) -> None:
    request = signed(NINE)
    with pytest.raises(FrontError):
        verify(replace(request, headers=tuple(headers)), find, NOW)
    if (path, query) != ("/", ""):
        with pytest.raises(FrontError):
            verify(replace(request, path=path, query=query), find, NOW)


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_authorization_is_refused_by_an_error_of_the_wire(text: str) -> None:
    for value in (
        text,
        f"AWS4-HMAC-SHA256 {text}",
        f"AWS4-HMAC-SHA256 Credential={text},SignedHeaders={text},Signature={text}",
    ):
        with pytest.raises(FrontError):
            verify(with_authorization(lambda _, value=value: value), find, NOW)  # type: ignore[misc]


@pytest.mark.parametrize("skew", [-MAX_SKEW_SECONDS, 0, MAX_SKEW_SECONDS])
def test_a_clock_may_be_15_minutes_off(skew: int) -> None:
    assert verify(signed(), find, NOW + skew).access_key_id == KEY


def test_a_signature_expires() -> None:
    with pytest.raises(InvalidSignatureException) as caught:
        verify(signed(), find, NOW + MAX_SKEW_SECONDS + 1)
    assert caught.value.message == (
        "Signature expired: 20260921T141320Z is now earlier than 20260921T141321Z (20260921T142821Z - 15 min.)"
    )


def test_a_signature_begins() -> None:
    with pytest.raises(InvalidSignatureException) as caught:
        verify(signed(), find, NOW - MAX_SKEW_SECONDS - 1)
    assert caught.value.message == (
        "Signature not yet current: 20260921T141320Z is still later than 20260921T141319Z (20260921T135819Z + 15 min.)"
    )


def test_a_wrong_secret() -> None:
    with pytest.raises(InvalidSignatureException, match="The request signature we calculated does not match"):
        verify(signed(secret=SECRET[1:]), find, NOW)


def test_an_unknown_key() -> None:
    with pytest.raises(
        UnrecognizedClientException, match="The security token included in the request is invalid"
    ):
        verify(signed(), lambda _: None, NOW)


def test_the_secret_is_asked_for_only_after_everything_else_is_right() -> None:
    with pytest.raises(InvalidSignatureException, match="expired"):
        verify(signed(), lambda _: pytest.fail("asked"), NOW + 3600)


def test_no_authorization() -> None:
    request = signed()
    with pytest.raises(MissingAuthenticationTokenException):
        verify(replace(request, headers=request.headers[:-1]), find, NOW)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _: "", "Unsupported AWS 'algorithm'"),
        (lambda _: "Bearer token", "Unsupported AWS 'algorithm'"),
        (lambda value: value.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), "Unsupported AWS 'algorithm'"),
        (lambda _: "AWS4-HMAC-SHA256", "'Credential' parameter. .* 'Signature' parameter. .* 'SignedHeaders' parameter"),
        (lambda value: value.replace("Credential=", "credential="), "requires 'Credential' parameter"),
        (lambda value: f"{value}, Signature={'0' * 64}", "parameters that are not known"),
        (lambda value: f"{value}, Other=1", "parameters that are not known"),
        (lambda value: f"{value},", "parameters that are not known"),
        (lambda value: value.replace("/aws4_request", ""), "exactly 5 slash-delimited elements"),
        (lambda value: value.replace("/aws4_request", "//aws4_request"), "exactly 5 slash-delimited elements"),
        (lambda value: value.replace(KEY, "é"), "exactly 5 slash-delimited elements"),
        (lambda value: value.replace(KEY, "A" * 129), "exactly 5 slash-delimited elements"),
        (lambda value: value + " " * 5000, "sensible length"),
    ],
)  # fmt: skip
def test_an_authorization_that_is_not_one(change: Callable[[str], str], message: str) -> None:
    with pytest.raises(IncompleteSignatureException, match=message) as caught:
        verify(with_authorization(change), find, NOW)
    assert SECRET not in caught.value.message
    assert KEY not in caught.value.message


def test_two_authorizations() -> None:
    request = signed()
    with pytest.raises(IncompleteSignatureException, match="One Authorization header"):
        verify(with_header(request, "authorization", request.headers[-1][1]), find, NOW)


@pytest.mark.parametrize(
    "query",
    ["X-Amz-Signature=1", "a=1&X-Amz-Algorithm=AWS4-HMAC-SHA256", "x-amz-date=1", "X%2dAmz-Expires=9"],
)
def test_a_signature_in_the_query_is_refused(query: str) -> None:
    with pytest.raises(IncompleteSignatureException, match="query string is not supported"):
        verify(signed(path="/v1", query=query), find, NOW)


def test_without_a_body_hash_that_is_signed() -> None:
    for value in ("UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", EMPTY, ""):
        with pytest.raises(InvalidSignatureException, match="not that of the body"):
            verify(signed(NINE | {"x-amz-content-sha256": value}), find, NOW)


@pytest.mark.parametrize("name", ["x-amz-target", "x-amz-date", "x-amz-content-sha256"])
def test_a_header_of_amazon_that_is_not_signed(name: str) -> None:
    names = ";".join(sorted(NINE.keys() - {name}))
    with pytest.raises(InvalidSignatureException, match="Every 'X-Amz-' header must be a 'SignedHeader'"):
        verify(signed(NINE, names=names), find, NOW)


def test_host_is_signed_and_stands_once() -> None:
    names = ";".join(sorted(HEADERS.keys() - {"host"}))
    with pytest.raises(InvalidSignatureException, match="'Host' or ':authority' must be a 'SignedHeader'"):
        verify(signed(names=names), find, NOW)
    request = signed(HEADERS | {"host": "localhost:8080,evil"})
    assert verify(request, find, NOW)
    pairs = [pair for pair in request.headers if pair[0] != "Host"]
    with pytest.raises(InvalidSignatureException, match="more than one Host"):
        verify(replace(request, headers=(("Host", "localhost:8080"), ("Host", "evil"), *pairs)), find, NOW)


@pytest.mark.parametrize(
    "names",
    [
        "x-amz-target;x-amz-date;host;content-type",
        "content-type;host;host;x-amz-date;x-amz-target",
        "Content-Type;host;x-amz-date;x-amz-target",
        "absent;content-type;host;x-amz-date;x-amz-target",
        ";content-type;host;x-amz-date;x-amz-target",
    ],
)
def test_names_out_of_order_twice_or_absent(names: str) -> None:
    with pytest.raises(InvalidSignatureException):
        verify(signed(names=names), find, NOW)


@pytest.mark.parametrize("value", ["é", "a\x00b", "a\nb", "a\x7f"])
def test_a_signed_value_is_plain_text(value: str) -> None:
    with pytest.raises(InvalidSignatureException):
        verify(signed(HEADERS | {"x-other": value}), find, NOW)


def test_a_header_that_is_not_signed_may_be_anything() -> None:
    assert verify(with_header(signed(), "User-Agent", "é\xa0"), find, NOW)


def test_no_time() -> None:
    names = ";".join(sorted(HEADERS.keys() - {"x-amz-date"}))
    request = signed(names=names)
    pairs = tuple(pair for pair in request.headers if pair[0] != "X-Amz-Date")
    with pytest.raises(IncompleteSignatureException, match="'X-Amz-Date' header"):
        verify(replace(request, headers=(*pairs, ("Date", "Mon, 21 Sep 2026 14:13:20 GMT"))), find, NOW)


@pytest.mark.parametrize(
    "stamp",
    ["20260921", "20260921T141320", "20261321T141320Z", "2026-09-21T14:13:20Z", "٢0260921T141320Z", ""],
)
def test_a_time_that_is_none(stamp: str) -> None:
    scope = "20260921/r/rekognition/aws4_request"
    with pytest.raises((IncompleteSignatureException, InvalidSignatureException)):
        verify(signed(HEADERS | {"x-amz-date": stamp}, scope=scope), find, NOW)


def test_everything_wrong_with_a_scope_is_said_at_once() -> None:
    with pytest.raises(InvalidSignatureException) as caught:
        verify(signed(scope="20260920/r/s3/aws3_request"), find, NOW)
    assert caught.value.message == (
        "Credential should be scoped to correct service: 'rekognition'. "
        "Credential should be scoped with a valid terminator: 'aws4_request'. "
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP."
    )


def test_a_secret_does_not_show() -> None:
    assert SECRET not in repr(Secret(SECRET))
