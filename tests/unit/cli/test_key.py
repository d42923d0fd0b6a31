"""`visavis key`: a key is made and told once, listed without its secret, and revoked."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from commands import refused, visavis_here


def run(*arguments: str | Path) -> Any:
    done = visavis_here(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_made_listed_revoked() -> None:
    made = run("key", "create", "--operations", "DetectFaces, Search*", "--galleries", "staff,visit*", "--expires", "2999-12-31")  # fmt: skip
    assert list(made) == ["access_key_id", "secret_access_key", "operations", "galleries", "expires"]
    assert made["operations"] == ["DetectFaces", "Search*"]
    assert made["galleries"] == ["staff", "visit*"]
    assert made["expires"] == "3000-01-01T00:00:00Z"
    other = run("key", "create")
    assert (other["operations"], other["galleries"], other["expires"]) == (["*"], ["*"], None)
    listed = {key["access_key_id"]: key for key in run("key", "list")}
    assert {key_id: key["state"] for key_id, key in listed.items()} == {
        made["access_key_id"]: "live",
        other["access_key_id"]: "live",
    }
    assert "secret" not in json.dumps(list(listed.values()))
    revoked = [run("key", "revoke", made["access_key_id"]) for _ in range(2)]
    assert revoked[0] == revoked[1]
    assert revoked[0]["state"] == "revoked"
    assert revoked[0]["revoked"] >= listed[made["access_key_id"]]["created"]
    states = {key["access_key_id"]: key["state"] for key in run("key", "list")}
    assert states == {made["access_key_id"]: "revoked", other["access_key_id"]: "live"}


def test_what_a_person_is_told() -> None:
    made = visavis_here("key", "create", "--operations", "DetectFaces").stdout
    found = re.search(r"made access key (VSVS\w{16}) for operations DetectFaces in galleries \*\n", made)
    assert found
    secret = re.search(r"^secret: (\w{40})$", made, re.MULTILINE)
    assert secret
    listed = visavis_here("key", "list").stdout
    assert re.search(rf"{found[1]} +live +DetectFaces +\* ", listed)
    assert secret[1] not in listed
    assert visavis_here("key", "revoke", found[1]).stdout == f"revoked {found[1]}\n"
    assert re.search(rf"{found[1]} +revoked ", visavis_here("key", "list").stdout)


def test_an_expired_key_is_listed_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    run("key", "create", "--expires", "2999-12-31")
    for now, state in ((32_503_679_999, "live"), (32_503_680_000, "expired")):
        monkeypatch.setattr(sys.modules["visavis.cli.key"], "clock", lambda now=now: now)
        assert [key["state"] for key in run("key", "list")] == [state]


def test_the_secret_goes_to_the_file_alone(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    made = run("key", "create", "--file", file)
    assert list(made) == ["access_key_id", "file", "operations", "galleries", "expires"]
    written = file.read_text()
    assert written.startswith(f"[default]\naws_access_key_id = {made['access_key_id']}\n")
    refused(visavis_here("key", "create", "--file", file), "the key's file cannot be written: file exists")
    assert file.read_text() == written
    assert len(run("key", "list")) == 1
    said = visavis_here("key", "create", "--file", tmp_path / "other").stdout
    assert str(tmp_path / "other") in said
    assert "secret:" not in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", "--operations", "DetectFace"), "no operation has one of these names"),
        (("create", "--operations", ""), "no operation has one of these names"),
        (("create", "--galleries", "staff,,visitors"), "the galleries of a key are 1 to 100 names"),
        (("create", "--galleries", "staff/3"), "the galleries of a key are 1 to 100 names"),
        (("create", "--expires", "2020-01-01"), "over"),
        (("create", "--expires", "tomorrow"), "a time is a day such as"),
        (("create", "--expires", "9999-12-31"), "a time is a day such as"),
        (("revoke", "VSVSAAAAAAAAAAAAAAAA"), "There is no access key of that id"),
        (("revoke", "--", "-"), "There is no access key of that id"),
    ],
)
def test_what_is_refused(arguments: tuple[str, ...], said: str) -> None:
    refused(visavis_here("key", *arguments), said)
    assert run("key", "list") == []
