"""Which requests are sent: calls that would be answered well, and what is done to each."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import quote, urlencode

import fuzzing
from registries import photo_of

from visavis.rekognition.model import OPERATIONS
from wire_fuzz.calls import (
    EXPORTS,
    GALLERY,
    MARK,
    PEOPLE,
    STRANGER,
    Document,
    RestCall,
    World,
    call_draft,
    image_of,
    rest_calls,
    rest_draft,
    wire_calls,
)
from wire_fuzz.headers import HEADERS, altered
from wire_fuzz.images import bomb
from wire_fuzz.requests import DEAD_KEYS, KEY, LIMITED_KEY, Draft, FuzzKey, Shot, call_headers, shot_of, sign
from wire_fuzz.values import FRAGMENTS, TEXTS, mutated_json, mutated_text, other_value

REGIONS = ("local", "eu-west-1", "us-east-1", "-", "a" * 128, "..")
METHODS = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "post", "BREW")
PATHS = ("/", "//", "/v1", "/v1/", "/v1//keys", "/v1/../v1/keys", "/v1/%2e%2e/keys", "/v1%2Fkeys", "/V1/keys", "/healthz", "/readyz",
         "/metrics", "/operations", "/operations/", "/v1/docs", "/v1/galleries/%00", "/v1/galleries/%ff", "/v1/galleries/%E2%80%AE", "/v1/keys/%0A",
         "/v1/galleries/" + "a" * 9_000, "/v1/consents;a=b", "/v1/audit/entries/", "*", "http://other/v1/keys", "/v1/galleries/a%252fb",
         "/v1/redactions", "/v1/redactions/", "/v1/redactions/vid", "/v1/redactions/videos", "/v1/redactions/videos/", "/v1/redactions/videos/%00",
         "/v1/redactions/videos/" + "0" * 64, "/v1/redactions/videos/" + "0" * 9_000, "/v1/redactions/videos/a/b", "/v1/redactions/videos/..")  # fmt: skip
QUERIES = ("", "?", "a", "=", "&&", "limit=", "limit=1&limit=2", "limit=-1", "limit=1e3", "limit=%EF%BC%91", "after=a", "after=%00", "%", "%zz", "a=%ff",
           "subject=%ed%a0%80&purpose=a", "purpose=%00", "state=GIVEN", "leaf=99999999999999999999&size=1", "leaf=1&size=-1", "first=9&second=4",
           "leaf=0&size=9223372036854775807", "after=9223372036854775807", "X-Amz-Signature=a", "x-amz-a=b", "a=" + "b" * 70_000, "a&" * 5_000)  # fmt: skip

REDACTED = {
    "style": ("solid", "pixelate", "blur"),
    "shape": ("box", "ellipse"),
    "keep_box": ("30,30,40,50", "0,0,1e300,1e300", "-9,-9,1,1"),
    "also": ("10,20,30,40", "-1e300,-1e300,1e300,1e300", "0.5,0.5,1,1e18", "nan,0,1,1", "1e308,0,1e308,1"),
}
"""How a photo may be asked to be redacted."""


def call(draw: random.Random, world: World) -> Draft:
    """A call that is as it should be: on the wire, or sometimes to /v1."""
    if draw.random() < 0.25:
        return rest_draft(draw.choice(rest_calls(world)))
    operation, parameters = draw.choice(list(wire_calls(world).items()))
    return call_draft(operation, parameters)


def wire(draw: random.Random, world: World) -> Shot:
    """An operation with mutated parameters, signed."""
    operation, parameters = draw.choice(list(wire_calls(world).items()))
    draft = Draft(headers=call_headers(operation), body=mutated_json(parameters, draw, world))
    return shot_of("wire", draft, sign(draft, region=draw.choice(REGIONS)))


def text(draw: random.Random, world: World) -> Shot:
    """A body whose bytes are mutated, signed."""
    draft = call(draw, world)
    draft.body = draw.choice(FRAGMENTS) if draw.random() < 0.1 else mutated_text(draft.body, draw)
    return shot_of("text", draft)


def headers(draw: random.Random, world: World) -> Shot:
    """Headers mutated before they are signed."""
    draft = call(draw, world)
    for _ in range(draw.choice((1, 1, 2, 4))):
        name, value = draw.choice(HEADERS)
        draft.headers[name] = value
    return shot_of("headers", draft)


def operation(draw: random.Random, world: World) -> Shot:
    """The parameters of one operation sent to another."""
    parameters = draw.choice(list(wire_calls(world).values()))
    return shot_of("operation", call_draft(draw.choice(sorted(OPERATIONS)), parameters))


def signature(draw: random.Random, world: World) -> Shot:
    """A call altered after it was signed."""
    draft = call(draw, world)
    pairs, may_pass = altered(sign(draft), draw)
    return shot_of("signature", draft, pairs, may_pass=may_pass)


def key(draw: random.Random, world: World) -> Shot:
    """A call signed by a key that is expired, revoked, made up, of another secret or limited, or at another time."""
    draft = call(draw, world)
    if draw.random() < 0.3:
        return shot_of("key", draft, sign(draft, LIMITED_KEY))
    wrong = (
        *DEAD_KEYS,
        FuzzKey(KEY.id, "another"),
        FuzzKey("AKIAIOSFODNN7EXAMPLE"),
        FuzzKey("VSVS" + "a" * 99),
        FuzzKey("..", ""),
    )
    pairs = draw.choice(
        (sign(draft, draw.choice(wrong)), sign(draft, time="20260921T135819Z"), sign(Draft()))
    )
    return shot_of("key", draft, pairs, may_pass=False)


def body(draw: random.Random, world: World) -> Shot:
    """A body that is another than was signed, or whose client goes before its end."""
    draft = call(draw, world)
    pairs = sign(draft)
    if draft.body and draw.random() < 0.5:
        return shot_of("body", draft, pairs, may_pass=False, gone_after=draw.randrange(len(draft.body)))
    draft.body += b" "
    return shot_of("body", draft, pairs, may_pass=False)


def large(draw: random.Random, world: World) -> Shot:
    """Images and bodies about as large as they may be, and larger."""
    del world
    size = draw.choice((5_242_880, 5_242_881, 2**20, 12_582_900, 12_582_920))
    return shot_of(
        "large", call_draft("DetectFaces", {"Image": image_of(b"\xff\xd8\xff" + b"\0" * (size - 3))})
    )


def s3(draw: random.Random, world: World) -> Shot:
    """An image on S3, where nobody answers, in any region."""
    s3_object = {"Bucket": MARK, "Name": f"{MARK}.jpg", "Version": "1"}
    body = mutated_json({"Image": {"S3Object": s3_object}}, draw, world)
    draft = Draft(headers=call_headers("DetectFaces"), body=body)
    return shot_of("s3", draft, sign(draft, region=draw.choice(REGIONS)))


def rest(draw: random.Random, world: World) -> Shot:
    """A call to /v1 with mutated body, query, path or method, signed."""
    called = draw.choice(EXPORTS if draw.random() < 0.002 else rest_calls(world))
    draft = rest_draft(called)
    kind = draw.random()
    if called.body is not None and kind < 0.6:
        draft.body = mutated_json(called.body, draw, world)
    elif kind < 0.75:
        draft.query = draw.choice(QUERIES)
    elif called.query and kind < 0.9:
        draft.query = _changed_query(called.query, draw, world)
    elif kind < 0.95:
        draft.method = draw.choice(METHODS)
    else:
        draft.path = _changed_path(called, draw, world)
    return shot_of("rest", draft)


def redaction(draw: random.Random, world: World) -> Shot:
    """A photo to be redacted, often mutated, and how, sometimes mutated as well."""
    photographed, seeds = draw.random() < 0.2, fuzzing.seeds()
    data = seeds[draw.choice(sorted(seeds))] if photographed else photo_of(draw.choice((*PEOPLE, STRANGER)))
    if draw.random() < 0.8:
        data = bomb(draw) if draw.random() < 0.03 else fuzzing.mutated(data, draw)
    query: Document = {"keep": GALLERY, "fpir": "0.01"} if draw.random() < 0.7 else {}
    query |= {name: draw.choice(REDACTED[name]) for name in REDACTED if draw.random() < 0.3}
    text = _changed_query(query, draw, world) if draw.random() < 0.3 else urlencode(query)
    draft = Draft("POST", "/v1/redactions", text, {}, data)
    return shot_of("redaction", draft, photographed=photographed)


def path(draw: random.Random, world: World) -> Shot:
    """Any method, path and query."""
    draft = call(draw, world)
    draft.method, draft.path, draft.query = draw.choice(METHODS), draw.choice(PATHS), draw.choice(QUERIES)
    return shot_of("path", draft)


def _changed_query(query: Document, draw: random.Random, world: World) -> str:
    changed = dict(query)
    changed[draw.choice((*changed, "after", "limit", "subject", "another"))] = other_value(draw, world)
    parts = [f"{name}={quote(str(value), errors='surrogatepass')}" for name, value in changed.items()]
    return "&".join(draw.sample(parts, len(parts)))


def _changed_path(called: RestCall, draw: random.Random, world: World) -> str:
    value = quote(str(draw.choice((*TEXTS, *world.names()))), safe="", errors="surrogatepass")
    return f"{called.path.rpartition('/')[0]}/{value}"


def photo(draw: random.Random, world: World) -> Shot:
    """A mutated photo in an operation that looks at it."""
    del world
    seeds = fuzzing.seeds()
    form = draw.choice(("JPEG", "JPEG", "PNG", "PNG", *seeds))
    data = fuzzing.mutated(seeds[form], draw) if draw.random() < 0.9 else bomb(draw)
    given, good = image_of(data), image_of(seeds["JPEG"])
    on = {"CollectionId": GALLERY, "Image": given}
    parameters: Mapping[str, Document] = {
        "DetectFaces": {"Image": given, "Attributes": ["ALL"]},
        "CompareFaces": {"SourceImage": good, "TargetImage": given},
        "IndexFaces": {
            **on,
            "ExternalImageId": f"{PEOPLE[0]}:{MARK}-{draw.randrange(99)}",
            "QualityFilter": "NONE",
        },
        "SearchFacesByImage": on,
        "SearchUsersByImage": on,
    }
    operation = draw.choice(sorted(parameters))
    return shot_of("photo", call_draft(operation, parameters[operation]), photographed=True)


KINDS: Mapping[Callable[[random.Random, World], Shot], float] = MappingProxyType({
    wire: 38, text: 10, headers: 8, operation: 4, signature: 8, key: 4, body: 3, rest: 16, path: 4, photo: 3, redaction: 2, large: 0.1, s3: 0.1,
})  # fmt: skip
"""How often each is sent, in a hundred."""


def any_shot(draw: random.Random, world: World) -> Shot:
    """A request of some kind."""
    return draw.choices(list(KINDS), list(KINDS.values()))[0](draw, world)
