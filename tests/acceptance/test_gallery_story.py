"""The whole story in command lines: a gallery, consents, enrolment, a search, a withdrawal, and the proof of all of it."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import refused, visavis

PURPOSE = "entry to the workshop"
ABOUT_GRACE = ("--subject", "grace", "--purpose", PURPOSE)


@pytest.fixture
def people(tmp_path: Path, astronaut: Path, hopper: Path) -> Path:
    """A folder of folders: the two portraits under the names of those they show."""
    for subject, photo in (("eileen", astronaut), ("grace", hopper)):
        folder = tmp_path / "people" / subject
        folder.mkdir(parents=True)
        shutil.copy(photo, folder)
    return tmp_path / "people"


@pytest.mark.slow
def test_the_whole_story(people: Path, hopper: Path, database_url: str, tmp_path: Path) -> None:
    in_store = ("--database-url", database_url)

    def run(*arguments: str | Path) -> Any:
        done = visavis(*arguments, *in_store, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert run("gallery", "create", "staff", "--purpose", PURPOSE)["purpose"] == PURPOSE
    for subject in ("eileen", "grace"):
        granted = run("consent", "grant", "--subject", subject, "--purpose", PURPOSE)
        assert granted["state"] == "given"
    enrolled = run("enrol", "staff", "--folder", people)
    assert [(photo["subject"], photo["known"]) for photo in enrolled] == [("eileen", False), ("grace", False)]
    assert [c["subject"] for c in run("identify", "staff", hopper)["candidates"]] == ["grace"]
    checkpoint, receipt, log = tmp_path / "checkpoint", tmp_path / "receipt.json", tmp_path / "log.jsonl"
    assert visavis("audit", "checkpoint", checkpoint, *in_store).returncode == 0

    held = json.loads(visavis("consent", "export", "--subject", "grace", *in_store).stdout)
    (consent,) = held["consents"]
    (reference,) = consent["references"]
    template = np.frombuffer(base64.b64decode(reference["template"]), "<f4")
    assert template.shape == (128,)
    assert np.linalg.norm(template) == pytest.approx(1, abs=1e-5)
    assert [use["proof"]["leaf"]["action"] for use in consent["uses"]] == [
        "grant",
        "enrol",
        "identify",
        "export",
    ]

    withdrawn = run("consent", "withdraw", *ABOUT_GRACE, "--receipt", receipt)
    assert withdrawn["state"] == "withdrawn"
    assert run("identify", "staff", hopper)["candidates"] == []
    again = visavis("enrol", "staff", "grace", hopper, *in_store)
    assert again.returncode == 1
    assert "The person withdrew their consent" in again.stderr

    assert visavis("audit", "export", log, *in_store).returncode == 0
    key = held["log_key"]
    verified = visavis("audit", "verify", log, "--since", checkpoint, "--key", key, "--json")
    assert json.loads(verified.stdout)["earlier_checkpoints"] == 1
    assert "grace" not in log.read_text("utf-8")
    proven = json.loads(visavis("consent", "verify", receipt, "--key", key, "--json").stdout)
    assert (proven["subject"], proven["action"]) == ("grace", "withdraw")
    log.write_bytes(log.read_bytes().replace(b"withdraw", b"identify", 1))
    refused(visavis("audit", "verify", log), "altered")
