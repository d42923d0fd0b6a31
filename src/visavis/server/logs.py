"""Logs: one JSON object a line on standard error, with nothing in it that came from a client or from the store.

Of an exception only its type and where it happened are written: messages, of database drivers say, may hold a person's name.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import IO, Any

from visavis.server.exchange import Exchange

_NAME = "visavis.server"
_TRUSTED = ("visavis", "uvicorn")
_MAX_CHAIN = 5
_logger = logging.getLogger(_NAME)

Failure = BaseException


class JsonFormatter(logging.Formatter):
    """A record as a line of JSON. What others than visavis and uvicorn say is left out: it may hold anything."""

    def format(self, record: logging.LogRecord) -> str:
        """The line. A message is written as its author wrote it, without the values that would be put into it."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"time": at, "level": record.levelname.lower(), "logger": record.name}
        if record.name.partition(".")[0] in _TRUSTED:
            line["message"] = str(record.msg)
        fields = getattr(record, "fields", None)
        if isinstance(fields, Mapping):
            line |= fields
        if record.exc_info and record.exc_info[1]:
            line["errors"] = described(record.exc_info[1])
        return json.dumps(line)


def begin_logging(stream: IO[str]) -> None:
    """Write this process's logs to a stream, and only there."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    _logger.setLevel(logging.INFO)


def log_exchange(exchange: Exchange) -> None:
    """The line of a request that is over."""
    fields = {
        "request_id": exchange.request_id,
        "access_key_id": exchange.access_key_id,
        "operation": exchange.operation,
        "status": exchange.status,
        "code": exchange.code,
        "milliseconds": round(1000 * exchange.seconds(), 1),
        "received_bytes": exchange.received_bytes,
    }
    _logger.info("answered", extra={"fields": fields})


def log_failure(request_id: str, error: Failure) -> None:
    """The line of a failure of our own, to be found by the request id that the client was told."""
    fields = {"request_id": request_id, "errors": described(error)}
    _logger.error("failed", extra={"fields": fields})


def log_event(message: str, error: Failure | None = None) -> None:
    """The line of something that belongs to no request. message: a fixed text."""
    if error is None:
        _logger.info(message)
    else:
        _logger.error(message, extra={"fields": {"errors": described(error)}})


def described(error: Failure) -> list[dict[str, Any]]:
    """An exception and those it came from, the last first: their types, and in which lines of which modules; no message."""
    chain: list[dict[str, Any]] = []
    following: Failure | None = error
    while following is not None and len(chain) < _MAX_CHAIN:
        chain.append({"type": type(following).__qualname__, "at": list(_frames(following.__traceback__))})
        following = following.__cause__ or following.__context__
    return chain


def _frames(trace: TracebackType | None) -> Iterator[str]:
    for frame, line in traceback.walk_tb(trace):
        yield f"{frame.f_globals.get('__name__', '?')}:{line}"
