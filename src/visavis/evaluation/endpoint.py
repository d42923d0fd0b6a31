"""A server that speaks Rekognition's API, asked through boto3 to compare two photos."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Self

import boto3
from botocore.compat import urlsplit
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from visavis.errors import EndpointCredentialsError, EndpointError, EndpointUrlError
from visavis.evaluation.endpoint_refusals import NO_FACE, OF_PHOTOS, code_of, refuse

AMAZON = "aws"
"""What stands for Amazon's own endpoint in the region that boto3 is set to."""

_ATTEMPTS = 5
_CONNECT_S, _ANSWER_S = 10, 60


class Answer(NamedTuple):
    """similarity: the endpoint's own, 0 to 100; None where it compared nothing, and `error` says why."""

    similarity: float | None
    error: str = ""


class Endpoint:
    """A server at a URL, or Amazon's; region and credentials are those that boto3 finds. A context that closes it.

    calls: how many are made at a time. Safe to share between threads. Raises the
    EndpointError that fits; no photo is sent before the first comparison.
    """

    def __init__(self, url: str, calls: int) -> None:
        where = None if url == AMAZON else _checked(url)
        config = Config(
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            max_pool_connections=calls,
            connect_timeout=_CONNECT_S,
            read_timeout=_ANSWER_S,
            ignore_configured_endpoint_urls=True,  # photos go where the caller said, and nowhere else
        )
        try:
            session = boto3.Session()
            if session.get_credentials() is None:
                raise EndpointCredentialsError
            self._client = session.client("rekognition", endpoint_url=where, config=config)
        except (BotoCoreError, ValueError) as error:
            refuse(error)
        parts = urlsplit(self._client.meta.endpoint_url)
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
        self.host = parts.hostname or ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def is_amazons(self) -> bool:
        """Whether Amazon bills the calls."""
        return self.host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".api.aws"))

    def compare(self, probe: bytes, reference: bytes) -> Answer:
        """Ask how alike the largest face of the probe and any face of the reference are; raises EndpointError.

        Both are JPEG or PNG files. Of several faces of the reference the most alike counts.
        """
        try:
            found = self._client.compare_faces(
                SourceImage={"Bytes": probe}, TargetImage={"Bytes": reference}, SimilarityThreshold=0
            )
        except (BotoCoreError, ClientError, ResponseParserError) as error:
            if (why := OF_PHOTOS.get(code_of(error))) is None:
                refuse(error)
            return Answer(None, why)
        return _best(found)


def _checked(url: str) -> str:
    """The URL, where it is one of an endpoint and holds no secret; raises EndpointUrlError."""
    try:
        parts = urlsplit(url)
        server = parts.hostname, parts.port  # a port that is none raises
    except ValueError:
        raise EndpointUrlError from None
    beyond = parts.username, parts.password, parts.query, parts.fragment
    if parts.scheme not in {"http", "https"} or not server[0] or any(beyond):
        raise EndpointUrlError
    return url


def _best(found: dict[str, Any]) -> Answer:
    """The best similarity of an answer; faces that stay below a threshold of 0 count as 0."""
    similarities = [match.get("Similarity", math.nan) for match in found.get("FaceMatches", ())]
    if "SourceImageFace" not in found or not all(math.isfinite(value) for value in similarities):
        raise EndpointError
    if similarities:
        return Answer(float(max(similarities)))
    return Answer(0.0) if found.get("UnmatchedFaces") else Answer(None, NO_FACE)
