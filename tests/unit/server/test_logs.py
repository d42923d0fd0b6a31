"""Lines of the log: JSON, and of others' words none."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from visavis.server.logs import JsonFormatter, described

NAME = "anna-maria-karlsson"


def written(logger: str, message: str, *values: object, error: Exception | None = None) -> dict[str, Any]:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord(logger, logging.ERROR, "file.py", 1, message, values, info)
    line: dict[str, Any] = json.loads(JsonFormatter().format(record))
    return line


def failed() -> ValueError:
    try:
        int(NAME)
    except ValueError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize("logger", ["uvicorn.error", "visavis.server"])
def test_our_words_are_written_without_values(logger: str) -> None:
    line = written(logger, "Cancel %s of %s\n", NAME, 3)
    assert line["message"] == "Cancel %s of %s\n"
    assert NAME not in str(line)


@pytest.mark.parametrize("logger", ["asyncio", "sqlalchemy.pool", "py.warnings", "visavisual", "root"])
def test_others_words_are_not(logger: str) -> None:
    line = written(logger, f"exception=ValueError('{NAME}')", error=failed())
    assert "message" not in line
    assert line["logger"] == logger
    assert line["errors"][0]["type"] == "ValueError"
    assert NAME not in str(line)


def test_an_exception_is_its_type_and_its_lines() -> None:
    (only,) = described(failed())
    assert only["type"] == "ValueError"
    (at,) = only["at"]
    assert at.startswith(f"{__name__}:")


def test_a_long_chain_is_cut() -> None:
    chained: Exception = KeyError()
    for _ in range(50):
        after = KeyError()
        after.__cause__ = chained
        chained = after
    assert len(described(chained)) == 5
    loop = KeyError()
    loop.__cause__ = loop
    assert len(described(loop)) == 5
