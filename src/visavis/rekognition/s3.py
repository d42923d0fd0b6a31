"""Reading an image from S3, AWS's own or any that speaks like it, through botocore.

Credentials, endpoint (`AWS_ENDPOINT_URL_S3`) and region come from where botocore looks for them: environment, then files.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cache, lru_cache
from threading import Lock
from typing import Any

from visavis.rekognition.errors import ImageTooLargeException, InvalidS3ObjectException

MAX_OBJECT_BYTES = 15 * 1024 * 1024

CONNECT_SECONDS = 2
READ_SECONDS = 5
"""How long S3 may say nothing."""

MAX_ATTEMPTS = 2
BODY_SECONDS = 15
"""How long an object may take from its first byte to its last."""

_CHUNK_BYTES = 256 * 1024
_making = Lock()  # botocore's sessions are not for several threads; its clients are


def read_object(s3_object: Mapping[str, str], region: str) -> bytes:
    """The bytes of an object on S3, at most 15 MB.

    s3_object: the wire's structure of Bucket, Name and perhaps Version. region: of the call, where the bucket is looked
    for unless the environment names a region. Raises ImageTooLargeException, before the object is read, and
    InvalidS3ObjectException for whatever else goes wrong, which never says what S3 or its driver said.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from urllib3.exceptions import HTTPError

    try:
        answer = connected(region).get_object(**request_for(s3_object))
        # As a context, the body is urllib3's answer: that can give what has come without waiting for more.
        with answer["Body"] as stream:
            return _read(stream, answer.get("ContentLength"))
    except (BotoCoreError, ClientError, HTTPError, OSError, ValueError):
        raise InvalidS3ObjectException from None


def connected(region: str) -> Any:
    """A client of S3, to be shared between threads; what it raises may say anything."""
    with _making:
        return _client(region)


def request_for(s3_object: Mapping[str, str]) -> dict[str, str]:
    """What is asked of S3; a bucket or a name that is left out is for botocore to refuse."""
    names = {"Bucket": "Bucket", "Name": "Key", "Version": "VersionId"}
    return {names[name]: value for name, value in s3_object.items()}


def _read(stream: Any, length: int | None) -> bytes:
    """The whole body, within the deadline: S3 may send it byte by byte, and each would begin READ_SECONDS anew."""
    deadline = time.monotonic() + BODY_SECONDS
    body = bytearray()
    if (length or 0) > MAX_OBJECT_BYTES:
        raise ImageTooLargeException
    while chunk := stream.read1(_CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_OBJECT_BYTES:
            raise ImageTooLargeException
        if time.monotonic() > deadline:
            raise TimeoutError
    if length is not None and len(body) != length:
        raise ConnectionError
    return bytes(body)


@lru_cache(maxsize=8)
def _client(region: str) -> Any:
    """A client, made once for each region, of which a caller may name any."""
    return _made(
        region,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": MAX_ATTEMPTS, "mode": "standard"},
    )


def _made(region: str, **options: Any) -> Any:
    from botocore.config import Config

    config = Config(response_checksum_validation="when_required", **options)
    session = _session()
    client = session.create_client("s3", session.get_config_variable("region") or region, config=config)
    client.meta.events.register("before-parameter-build.s3", _stay_in_the_region)
    return client


def new_s3_client(region: str, **options: Any) -> Any:
    """A client of S3 with times of its own, to be closed by whoever asked for it. options: of botocore's Config."""
    with _making:
        return _made(region, **options)


def new_client(service: str, region: str, **options: Any) -> Any:
    """A client of another of AWS's services, to be closed by whoever asked for it. options: of botocore's Config."""
    from botocore.config import Config

    with _making:
        return _session().create_client(service, region, config=Config(**options))


@cache
def _session() -> Any:
    from botocore.session import get_session

    return get_session()


def _stay_in_the_region(context: dict[str, Any], **_: Any) -> None:
    """Tell botocore not to look where a bucket is: Rekognition does not, and an S3 that always says elsewhere has no end."""
    context["s3_redirect"]["redirected"] = True
