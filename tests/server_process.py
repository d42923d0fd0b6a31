"""`visavis serve` in a process of its own, and what its clients need to know of it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

PATIENCE_S = 120


@dataclass
class ServerProcess:
    """A server that answers. logged: the lines of its log so far; `answered` counts those of one operation."""

    process: subprocess.Popen[str]
    endpoint: str
    credentials: Path
    logged: list[dict[str, Any]] = field(default_factory=list)
    _grown: threading.Condition = field(default_factory=threading.Condition)

    @property
    def port(self) -> str:
        return self.endpoint.rpartition(":")[2]

    def wait_until_answered(self, operation: str, count: int) -> bool:
        """Wait for so many answers without an error; False where they do not come."""
        with self._grown:
            return self._grown.wait_for(lambda: self.answered(operation) >= count, PATIENCE_S)

    def answered(self, operation: str) -> int:
        return sum((line.get("operation"), line.get("code")) == (operation, "OK") for line in self.logged)

    def read_log(self) -> None:
        """Keep reading until it ends."""
        assert self.process.stderr
        for line in self.process.stderr:
            with self._grown:
                self.logged.append(json.loads(line))
                self._grown.notify_all()


@contextmanager
def server_process(*arguments: str, port: str = "0") -> Iterator[ServerProcess]:
    """A server on loopback, with the state folder and the settings of the environment; killed at the end."""
    command = [sys.executable, "-m", "visavis", "serve", "--json", "--port", port, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            said = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
            server = ServerProcess(process, said["endpoint"], Path(said["credentials_file"]))
            reader = threading.Thread(target=server.read_log, daemon=True)
            reader.start()
            try:
                yield server
            finally:
                process.kill()
                reader.join(PATIENCE_S)  # the server's workers hold its log, too, and end just after it
        finally:
            process.kill()


def use(server: ServerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have boto3, in this process and in those it starts, call this server with the server's own key: nothing but the environment says so."""
    for name in (
        "AWS_PROFILE",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_REGION",
    ):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_ENDPOINT_URL_REKOGNITION": server.endpoint,
        "AWS_SHARED_CREDENTIALS_FILE": str(server.credentials),
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_DEFAULT_REGION": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
