"""`visavis serve` in a process of its own: from its first words to its last."""

from __future__ import annotations

import configparser
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from commands import refused, visavis_here
from conftest import ROOT

PATIENCE_S = 120


@contextmanager
def serving(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "visavis", "serve", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.slow
def test_from_start_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving("--json", "--workers", "1") as process:
        assert process.stdout
        lines = iter(process.stdout.readline, "")
        said = "".join(line for line in iter(lambda: next(lines), "}\n")) + "}"
        start = json.loads(said)
        file = Path(start["credentials_file"])
        assert file.parent == Path(os.environ["VISAVIS_HOME"])
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        client = boto3.client("rekognition", endpoint_url=start["endpoint"], region_name="local")
        with suppress(ClientError):
            client.list_collections()
        process.send_signal(signal.SIGTERM)
        rest, log = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    credentials = configparser.ConfigParser()
    credentials.read(file)
    key = credentials["default"]
    answered, *_, stopped = [json.loads(line) for line in log.splitlines()]
    assert (answered["operation"], answered["access_key_id"]) == ("ListCollections", key["aws_access_key_id"])
    assert stopped["message"] == "stopped"
    assert key["aws_secret_access_key"] not in said + rest + log


def test_a_port_in_use_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        run = visavis_here("serve", "--port", str(taken.getsockname()[1]))
    refused(run, "Another program listens on this port.", "--port")


def test_others_are_not_listened_to_without_tls(tmp_path: Path) -> None:
    refused(visavis_here("serve", "--host", "0.0.0.0", "--port", "0"), "Without TLS", "--without-tls")  # noqa: S104  that is the point
    empty = tmp_path / "empty.pem"
    empty.touch()
    refused(visavis_here("serve", "--certificate", empty, "--private-key", empty), "certificate")
    assert visavis_here("serve", "--certificate", empty).returncode == 2


def test_without_the_extra_every_package_of_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    modules = [re.split("[<>=]", wanted)[0].replace("-", "_") for wanted in extras["server"]]
    monkeypatch.setattr("visavis.extras.find_spec", lambda _name: None)
    refused(visavis_here("serve"), *modules, "visavis[server]")
