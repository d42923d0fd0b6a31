"""Amazon's own clients of Rekognition, each as its users have it: nothing tells them of visavis but their environment."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
from awscli.clidriver import create_clidriver
from botocore import xform_name
from botocore.exceptions import ClientError
from wire_calls import Refused

Document = dict[str, Any]

_AWS_CLI_ERROR = re.compile(
    r"An error occurred \((\w+)\) when calling the \w+ operation(?: \(reached max retries: \d\))?: (.*)"
)

Client = Callable[[str, Document], Document]
"""Does an operation: its name in the API, and its parameters, where a Path stands for the bytes of its file.

The answer's times are seconds since 1970, its members those that the client's caller sees. Raises Refused where the client
raises an error of the service, AssertionError where that is not of the class that the client has for it.
"""


@contextmanager
def client_environment(endpoint: str, credentials: Path, **more: str) -> Iterator[None]:
    """The environment with these three settings of AWS, and no others from it or from a file."""
    of_aws_cli = "AWS_DATA_PATH"  # set by its import: where its own models are
    own = {
        name: value for name, value in os.environ.items() if not name.startswith("AWS_") or name == of_aws_cli
    }
    three = {
        "AWS_ENDPOINT_URL_REKOGNITION": endpoint,
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
        "AWS_REGION": "local",
        "AWS_DEFAULT_REGION": "local",  # the same again, as boto3 and the AWS CLI of PyPI call it
    }
    no_file = {"AWS_CONFIG_FILE": os.devnull}
    with mock.patch.dict(os.environ, own | three | no_file | more, clear=True):
        yield


class Boto3:
    """boto3. It sees that botocore leaves out nothing of what the server answers."""

    def __init__(self) -> None:
        self._client = boto3.Session().client("rekognition")
        self._client.meta.events.register("before-parse.rekognition", self._keep)
        self._sent = b""

    def __call__(self, operation: str, parameters: Document) -> Document:
        try:
            parsed = getattr(self._client, xform_name(operation))(**_with_bytes(parameters))
        except ClientError as error:
            code = error.response["Error"]["Code"]
            assert type(error) is getattr(self._client.exceptions, code)
            raise Refused(code, error.response["Error"]["Message"]) from None
        del parsed["ResponseMetadata"]
        answer: Document = _with_seconds(parsed)
        assert answer == json.loads(self._sent)
        return answer

    def _keep(self, response_dict: Document, **_: Any) -> None:
        self._sent = response_dict["body"]


class AwsCli:
    """The AWS CLI: each call is a command line, in this process, for it takes a second to start."""

    def __init__(self) -> None:
        self._driver = create_clidriver()

    def __call__(self, operation: str, parameters: Document) -> Document:
        words = ["rekognition", xform_name(operation, "-"), "--output", "json"]
        for name, value in parameters.items():
            words += _option(name, value)
        stdout, stderr = io.StringIO(), io.StringIO()
        with redirect_stdout(stdout), redirect_stderr(stderr):
            code = self._driver.main(words)
        if code == 0:
            answer: Document = json.loads(stdout.getvalue() or "{}")
            return answer
        said = _AWS_CLI_ERROR.search(stderr.getvalue())
        assert said, stderr.getvalue()
        raise Refused(said[1], said[2])


class NodeSdk:
    """The JavaScript SDK, in a Node of its own. folder: where `node/package.json` is installed."""

    def __init__(self, folder: Path) -> None:
        self._node = subprocess.Popen(
            ["node", "client.mjs"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, operation: str, parameters: Document) -> Document:
        assert self._node.stdin
        assert self._node.stdout
        call = {"operation": operation, "parameters": parameters}
        print(json.dumps(call, default=lambda path: {"file": str(path)}), file=self._node.stdin, flush=True)
        said = json.loads(self._node.stdout.readline())
        if "answer" in said:
            answer: Document = said["answer"]
            return answer
        assert said["modelled"], said
        raise Refused(said["code"], said["message"])

    def close(self) -> None:
        self._node.communicate()


def _with_bytes(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_bytes(member) for name, member in value.items()}
    return value.read_bytes() if isinstance(value, Path) else value


def _with_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_seconds(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_with_seconds(member) for member in value]
    return value.timestamp() if isinstance(value, datetime) else value


def _option(name: str, value: Any) -> list[str]:
    if isinstance(value, dict) and isinstance(value.get("Bytes"), Path):
        return [f"--{xform_name(name, '-')}-bytes", f"fileb://{value['Bytes']}"]
    return [f"--{xform_name(name, '-')}", value if isinstance(value, str) else json.dumps(value)]
