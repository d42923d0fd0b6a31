"""What AWS Signature Version 4 signs, in the one form that both sides write it; the arithmetic is botocore's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from visavis.rekognition.errors import InvalidSignatureException
from visavis.server.authorization import Authorization

_PATH = re.compile(r"/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*")


def canonical_request(
    method: str, path: str, query: str, headers: Mapping[str, Sequence[str]], body_sha256: str
) -> str:
    """The text that stands for a request. headers: the values of each signed header, by its name in lower case.

    Raises InvalidSignatureException for a path that has a plainer form, by dots or double slashes: two paths would
    share one signature.
    """
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import HTTPHeaders

    signed = HTTPHeaders()
    for name, values in headers.items():
        for value in values:
            signed.add_header(name, value)
    signer = SigV4Auth(None, "", "")
    parts = [
        method,
        _canonical_path(path),
        _canonical_query(query),
        f"{signer.canonical_headers(signed)}\n",
        signer.signed_headers(signed),
        body_sha256,
    ]
    return "\n".join(parts)


def signature(canonical: str, authorization: Authorization, timestamp: str, secret: str) -> str:
    """What the holder of this secret writes under a canonical request: 64 hexadecimal digits.

    timestamp: YYYYMMDDTHHMMSSZ, on the day of the authorization's scope.
    """
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    credentials = Credentials(authorization.access_key_id, secret)
    signer = SigV4Auth(credentials, authorization.service, authorization.region)
    signed = AWSRequest()
    signed.context["timestamp"] = timestamp
    return str(signer.signature(signer.string_to_sign(signed, canonical), signed))


def unquoted(text: str) -> bytes:
    """The bytes that a part of a query stands for."""
    plain = text.replace("+", " ").encode()
    return re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes.fromhex(found[1].decode()), plain)


def _canonical_path(path: str) -> str:
    from botocore.utils import normalize_url_path, percent_encode

    if not _PATH.fullmatch(path) or normalize_url_path(path) != path:
        raise InvalidSignatureException
    return str(percent_encode(path, safe="/~"))


def _canonical_query(query: str) -> str:
    """Every name and value decoded, encoded in the one way, and sorted."""
    from botocore.utils import percent_encode

    pairs = [part.partition("=") for part in query.split("&")] if query else []
    encoded = sorted(
        (percent_encode(unquoted(name)), percent_encode(unquoted(value))) for name, _, value in pairs
    )
    return "&".join(f"{name}={value}" for name, value in encoded)
