"""Whole command lines in processes of their own, as a person types them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest

from visavis.cli import main

PATIENCE_S = 60


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


def visavis_here(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The same in this process: a tenth of the time, for what needs no process of its own."""
    stdout, stderr = io.StringIO(), io.StringIO()
    words = list(map(str, arguments))
    with (
        mock.patch.object(sys, "argv", ["visavis", *words]),
        redirect_stdout(stdout),
        redirect_stderr(stderr),
        warnings.catch_warnings(),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    code = ended.value.code
    assert isinstance(code, int)
    return subprocess.CompletedProcess(words, code, stdout.getvalue(), stderr.getvalue())


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


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs. credentials: the file of its key; log: of its standard error."""

    endpoint: str
    credentials: Path
    log: Path


@contextmanager
def serving(home: Path, **environment: str) -> Iterator[Running]:
    command = [sys.executable, "-m", "visavis", "serve", "--port", "0", "--json"]
    log = home / "log"
    given = os.environ | {"VISAVIS_HOME": str(home)} | environment
    with (
        log.open("w") as stderr,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=given) as process,
    ):
        assert process.stdout
        try:
            said = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
            yield Running(said["endpoint"], Path(said["credentials_file"]), log)
        finally:
            process.terminate()
            process.wait(PATIENCE_S)
