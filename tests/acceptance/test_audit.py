"""`visavis audit verify` as a person types it, and the page that says how to do without it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commands import refused, visavis

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "unit" / "audit" / "golden"
EXPORT, CHECKPOINT = GOLDEN / "export.jsonl", GOLDEN / "checkpoint-4.txt"
KEY = (GOLDEN / "key.txt").read_text("utf-8").strip()


def test_for_people() -> None:
    run = visavis("audit", "verify", EXPORT)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("verified: 6 leaves, 2026-10-05T12:00:00Z to 2026-10-06T12:00:00Z\n")
    assert "the export's own word" in run.stdout
    assert "--since" in run.stdout
    run = visavis("audit", "verify", EXPORT, "--key", KEY, "--since", CHECKPOINT, "--since", CHECKPOINT)
    assert run.returncode == 0, run.stderr
    assert "own word" not in run.stdout
    assert "continues 2 earlier checkpoints" in run.stdout


def test_for_programs() -> None:
    run = visavis("audit", "verify", EXPORT, "--key", KEY, "--since", CHECKPOINT, "--json")
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {
        "origin": "visavis.example/log",
        "key": KEY,
        "size": 6,
        "root": "qC1QY9H0lv08C01PDLjhEasjb1Txx6srgt7paj6SLeI=",
        "first_at": "2026-10-05T12:00:00Z",
        "last_at": "2026-10-06T12:00:00Z",
        "key_given": True,
        "earlier_checkpoints": 1,
    }


@pytest.mark.slow
def test_refusals(tmp_path: Path) -> None:
    export = tmp_path / "export.jsonl"
    lines = EXPORT.read_bytes().splitlines(keepends=True)
    export.write_bytes(EXPORT.read_bytes().replace(b"12:02:00", b"12:02:01"))
    refused(visavis("audit", "verify", export), "leaf 2 was altered", "hint: ")
    export.write_bytes(b"".join([*lines[:3], *lines[4:]]))
    refused(visavis("audit", "verify", export, "--json"), "leaf 2 was dropped")
    export.write_bytes(b"".join(lines[:-1]))
    refused(visavis("audit", "verify", export), "cut off", "hint: copy it again")
    checkpoint = tmp_path / "checkpoint.txt"
    checkpoint.write_bytes(CHECKPOINT.read_bytes().replace(b"\n4\n", b"\n5\n"))
    refused(
        visavis("audit", "verify", EXPORT, "--since", checkpoint),
        "earlier checkpoint 1",
        "signature is wrong",
    )
    refused(visavis("audit", "verify", EXPORT, "--since", EXPORT), "earlier checkpoint 1", "not a checkpoint")
    refused(visavis("audit", "verify", EXPORT, "--key", "nonsense"), "not the public key", "NAME+HEX+BASE64")
    refused(visavis("audit", "verify", EXPORT, "--key", KEY.replace("A", "B")), "do not fit together")
    assert visavis("audit", "verify", tmp_path / "absent").returncode == 2


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not here")
def test_the_page_tells_how_to_verify_without_visavis(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "audit.md").read_text("utf-8").split("## With your own tools")[1]
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (command,) = re.findall(r"^    (openssl .*)$", page, re.MULTILINE)
    for export, holds in (
        (EXPORT.read_bytes(), True),
        (EXPORT.read_bytes().replace(b"12:02:00", b"12:02:01"), False),
    ):
        (tmp_path / "export.jsonl").write_bytes(export)
        run = subprocess.run(
            [sys.executable, "-c", code, "export.jsonl"], cwd=tmp_path, check=False, capture_output=True
        )
        assert (run.returncode == 0) == holds, run.stderr
    run = subprocess.run(command.split(), cwd=tmp_path, check=False, capture_output=True)
    assert b"Verified Successfully" in run.stdout, run.stderr
    (tmp_path / "text").write_text("visavis.example/log\n7\n", "utf-8")
    assert subprocess.run(command.split(), cwd=tmp_path, check=False, capture_output=True).returncode == 1
