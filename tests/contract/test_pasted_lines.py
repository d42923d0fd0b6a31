"""What `visavis serve` prints works when it is pasted: with boto3, with the AWS CLI, with curl."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import PATIENCE_S

pytestmark = pytest.mark.slow

PROGRAMS = ("python3", "aws", "curl")


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The lines that a server prints, which runs meanwhile."""
    home = tmp_path_factory.mktemp("it's a home")
    command = [sys.executable, "-m", "visavis", "serve", "--port", "0"]
    environment = os.environ | {"VISAVIS_HOME": str(home)}
    with (
        (home / "log").open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment) as process,
    ):
        assert process.stdout
        try:
            said = [process.stdout.readline() for _ in range(3 + len(PROGRAMS))]
            yield said[3:]
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


@pytest.mark.parametrize("number", range(len(PROGRAMS)), ids=PROGRAMS)
def test_each_line_works_when_it_is_pasted(lines: list[str], number: int) -> None:
    if PROGRAMS[number] == "curl" and (reason := why_no_curl()):
        pytest.skip(reason)
    assert PROGRAMS[number] in lines[number]
    run = subprocess.run(
        ["sh", "-c", lines[number]], capture_output=True, text=True, check=False, env=environment()
    )
    assert run.returncode == 0, run.stderr
    assert re.search(r"""["'](CollectionIds|galleries)["']: ?\[\]""", run.stdout), run.stdout


def environment() -> dict[str, str]:
    """That of a shell in which this Python's environment is active, without anything of AWS."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return own | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def why_no_curl() -> str:
    """Why curl is of no use; "" where it is."""
    if shutil.which("curl") is None:
        return "curl is not here"
    helped = subprocess.run(["curl", "--help", "all"], capture_output=True, text=True, check=False).stdout
    return "" if "--aws-sigv4" in helped else "this curl cannot sign"
