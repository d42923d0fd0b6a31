"""Logs written by earlier versions stay readable: the formats do not change by accident."""

from __future__ import annotations

import runpy
from pathlib import Path

from visavis.audit.note import VerifierKey
from visavis.audit.verify import verify_export

GOLDEN = Path(__file__).parent / "golden"


def test_the_golden_files_are_what_is_written_today() -> None:
    files = runpy.run_path(str(GOLDEN / "generate.py"))["golden_files"]()
    assert set(files) == {path.name for path in GOLDEN.iterdir() if path.is_file()} - {"generate.py"}
    for name, content in files.items():
        assert (GOLDEN / name).read_bytes() == content, f"{name}: the format changed; see generate.py"


def test_the_golden_export_verifies() -> None:
    key = VerifierKey.parse((GOLDEN / "key.txt").read_text("utf-8").strip())
    with (GOLDEN / "export.jsonl").open("rb") as file:
        log = verify_export(
            file, expected_key=key, earlier_checkpoints=[(GOLDEN / "checkpoint-4.txt").read_bytes()]
        )
    assert log.size == 6
    assert log.root.hex() == "a82d5063d1f496fd3c0b4d4f0cb8e111ab236f54f1c7ab2b82dee96a3e922de2"
