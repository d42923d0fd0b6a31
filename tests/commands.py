"""Whole command lines in processes of their own, as a person types them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def visavis(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "visavis", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cwd, stdin=subprocess.DEVNULL
    )


def python(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A script of the tests in a process of its own."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def refused(run: subprocess.CompletedProcess[str], *said: str) -> None:
    """Exit 1, nothing on standard output, one line and at most one hint on standard error."""
    assert run.returncode == 1, run.stderr
    assert run.stdout == ""
    lines = run.stderr.strip().splitlines()
    assert lines[0].startswith("visavis: ")
    assert len(lines) <= 2
    assert all(line.startswith("hint: ") for line in lines[1:])
    for text in said:
        assert text in run.stderr
