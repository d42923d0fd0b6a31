"""What commands print."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from visavis.cli.output import print_json_list


def some(count: int, error: type[BaseException] | None = None) -> Iterator[dict[str, object]]:
    for number in range(count):
        yield {"number": number, "name": "Zoë"}
    if error:
        raise error


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_list_is_one_document(count: int, capsys: pytest.CaptureFixture[str]) -> None:
    print_json_list(some(count))
    assert json.loads(capsys.readouterr().out) == list(some(count))
    print_json_list(some(count), "photos", lambda: {"others": ["a"], "number": 2})
    expected = {"photos": list(some(count)), "others": ["a"], "number": 2}
    assert json.loads(capsys.readouterr().out) == expected


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_was_begun_is_ended(error: type[BaseException], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(error):
        print_json_list(some(2, error), "photos", lambda: {"others": []})
    assert json.loads(capsys.readouterr().out) == {"photos": list(some(2)), "others": []}
    with pytest.raises(error):
        print_json_list(some(0, error))
    assert capsys.readouterr().out == ""
