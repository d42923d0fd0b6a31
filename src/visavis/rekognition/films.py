"""Films on S3: what there is at a place, and fetching it into a file."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any

from visavis.errors import FilmUnreadableError, FilmUnwritableError
from visavis.rekognition.errors import InvalidS3ObjectException, VideoTooLargeException
from visavis.rekognition.s3 import connected, request_for

MAX_FILM_BYTES = 10 * 2**30

ATTEMPTS = 4
PAUSE_S = 2.0
"""S3 is asked so often in a row without a byte coming, with such a pause before each attempt but the first."""

GRACE_S = 60.0
LEAST_BYTES_PER_SECOND = 2**17
"""A film may take so long, and as long besides as it takes at that speed: S3 may send byte by byte."""

_CHUNK_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class StoredFilm:
    """A film on S3 as it was when it was asked for. s3_object: the wire's structure; region: of the call; size: in bytes."""

    s3_object: Mapping[str, str] = field(repr=False)
    region: str
    etag: str = field(repr=False)
    size: int

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values, of which `StoredFilm(**values)` makes it again."""
        return asdict(self)


def find_film(s3_object: Mapping[str, str], region: str) -> StoredFilm:
    """The film at a place, without reading it.

    s3_object: the wire's structure of Bucket, Name and perhaps Version. Raises InvalidS3ObjectException where there is none,
    VideoTooLargeException for more than 10 GB.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from urllib3.exceptions import HTTPError

    try:
        said = connected(region).head_object(**request_for(s3_object))
        film = StoredFilm(dict(s3_object), region, said["ETag"], int(said["ContentLength"]))
    except (BotoCoreError, ClientError, HTTPError, OSError, ValueError, KeyError):
        raise InvalidS3ObjectException from None
    if film.size > MAX_FILM_BYTES:
        raise VideoTooLargeException
    return film


def fetch_film(film: StoredFilm, file: Path) -> None:
    """Write a film to a file that its owner alone may read; what is there of it already is gone on with.

    Raises FilmUnreadableError where S3 does not give it, or it is another one by now, and FilmUnwritableError.
    """
    with _appended(file) as target:
        deadline = time.monotonic() + GRACE_S + film.size / LEAST_BYTES_PER_SECOND
        attempts = 0
        while (before := target.tell()) < film.size:
            attempts += 1
            if attempts > ATTEMPTS or time.monotonic() > deadline:
                raise FilmUnreadableError
            if attempts > 1:
                time.sleep(PAUSE_S)
            _read_on(film, target, deadline)
            attempts = attempts if target.tell() == before else 0
        if target.tell() != film.size:
            raise FilmUnreadableError


def _read_on(film: StoredFilm, target: IO[bytes], deadline: float) -> None:
    """Read what is missing, as far as S3 gives it."""
    from botocore.exceptions import BotoCoreError, ClientError
    from urllib3.exceptions import HTTPError

    asked = request_for(film.s3_object) | {"IfMatch": film.etag}
    if start := target.tell():
        asked["Range"] = f"bytes={start}-"
    try:
        with connected(film.region).get_object(**asked)["Body"] as stream:
            while chunk := stream.read1(_CHUNK_BYTES):
                _write(target, chunk)
                if target.tell() > film.size or time.monotonic() > deadline:
                    return
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise FilmUnreadableError from None  # it is gone, or another one: asking again would not help
    except (BotoCoreError, HTTPError, OSError, ValueError):
        return


def _appended(file: Path) -> IO[bytes]:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        return file.open("ab")
    except OSError:
        raise FilmUnwritableError from None


def _write(target: IO[bytes], chunk: bytes) -> None:
    try:
        target.write(chunk)
    except OSError:
        raise FilmUnwritableError from None
