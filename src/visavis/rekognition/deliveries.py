"""Storing what a job made on S3, where there is nothing yet."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

from visavis.errors import TargetExistsError, TargetUnwritableError
from visavis.rekognition.s3 import connected, new_s3_client, request_for

MAX_BYTES = 5 * 2**30
"""As much S3 takes at once."""

ATTEMPTS = 4
PAUSE_S = 2.0
"""S3 is given it so often, with such a pause before each attempt but the first."""

CONNECT_SECONDS = 10
READ_SECONDS = 60
"""How long S3 may take nothing, and say nothing once it has all of it."""

_MARK = "visavis-job"


class _UnknownError(Exception):
    """S3 does not say what is stored at a place. Not every store of its kind heeds If-None-Match, so that nothing is put there."""


def check_free(place: Mapping[str, str], region: str) -> None:
    """See that nothing is known to be stored at a place; raises TargetExistsError.

    place: the wire's structure of Bucket and Name. Whether something can be stored there is only known when it is.
    """
    with suppress(_UnknownError):
        if _mark_at(place, region) is not None:
            raise TargetExistsError


def deliver(file: Path, media_type: str, place: Mapping[str, str], region: str, mark: str) -> None:
    """Store a file, whole or not at all, in place of nothing. mark: of the job; what has it already is there already.

    Raises TargetExistsError and TargetUnwritableError, which never say what S3 or its driver said.
    """
    if file.stat().st_size > MAX_BYTES:
        raise TargetUnwritableError("The result is larger than 5 GB.")
    asked = {"ContentType": media_type, "Metadata": {_MARK: mark}, "IfNoneMatch": "*"}
    options = {"connect_timeout": CONNECT_SECONDS, "read_timeout": READ_SECONDS}
    with closing(new_s3_client(region, retries={"total_max_attempts": 1}, **options)) as client:
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(PAUSE_S)
            try:
                found = _mark_at(place, region)
            except _UnknownError:
                continue
            if found == mark:  # it was stored, and S3's word of it was lost, or who was to hear it
                return
            if found is not None:
                raise TargetExistsError
            if _stored(client, file, request_for(place) | asked):
                return
    raise TargetUnwritableError


def _stored(client: Any, file: Path, asked: Mapping[str, Any]) -> bool:
    """Whether S3 took it; raises TargetExistsError, and TargetUnwritableError where it never will."""
    from botocore.exceptions import BotoCoreError, ClientError
    from urllib3.exceptions import HTTPError

    try:
        with file.open("rb") as body:
            client.put_object(**asked, Body=body)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == HTTPStatus.PRECONDITION_FAILED:
            raise TargetExistsError from None
        if status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.CONFLICT:
            raise TargetUnwritableError from None
        return False
    except (BotoCoreError, HTTPError, OSError, ValueError):
        return False
    return True


def _mark_at(place: Mapping[str, str], region: str) -> str | None:
    """The mark of what is stored at a place, empty where it has none; None where nothing is, which S3 alone can say."""
    from botocore.exceptions import BotoCoreError, ClientError
    from urllib3.exceptions import HTTPError

    try:
        found = connected(region).head_object(**request_for(place))
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.NOT_FOUND:
            return None
        raise _UnknownError from None
    except (BotoCoreError, HTTPError, OSError, ValueError):
        raise _UnknownError from None
    return str(found.get("Metadata", {}).get(_MARK, ""))
