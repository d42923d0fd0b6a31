"""One story, by three of Amazon's clients, against a `visavis serve` on real photos."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aws_stand_ins import Topic
from commands import Running
from contract_clients import AwsCli, Boto3, Client, NodeSdk, client_environment
from contract_story import PATIENCE_S, Cinema, Photos, Told, tell
from wire_calls import Refused

from visavis.rekognition.model import SERVED, output_shape

pytestmark = pytest.mark.slow

Opening = Callable[[], AbstractContextManager[Client]]

ATTEMPTS = 20

NEVER_ANSWERED = set(
    "OrientationCorrection SourceImageOrientationCorrection TargetImageOrientationCorrection "  # noqa: SIM905  as a sentence
    "AgeRange Smile Eyeglasses Sunglasses Gender Beard Mustache EyesOpen MouthOpen Emotions FaceOccluded EyeDirection".split()
)
"""Members of the model that visavis leaves out: guesses about people, and what it does not measure."""


def test_boto3_is_told_all_that_there_is(
    server: Running, busy_server: Running, photos: Photos, cinema: Cinema, topic: Topic
) -> None:
    """Every member of every answer but those that are never answered; Boto3 sees that parsing loses none."""
    told = told_by(boto3, server, photos, cinema)
    seen = {path for operation, answer in told.answers for path in paths_in(answer, operation)}
    assert seen == {path for operation in SERVED for path in paths_of(output_shape(operation), operation)}
    assert {operation for operation, _ in told.answers} == SERVED
    assert len(SERVED) == 25
    assert_ends_were_told(told, topic)
    assert_throttled(boto3, busy_server)


def test_the_command_line_is_told_what_boto3_is(
    server: Running, busy_server: Running, photos: Photos, cinema: Cinema
) -> None:
    assert_same(told_by(aws, server, photos, cinema), told_by(boto3, server, photos, cinema))
    assert_throttled(aws, busy_server)


def test_the_javascript_sdk_is_told_what_boto3_is(
    server: Running, busy_server: Running, photos: Photos, cinema: Cinema, node_sdk: Path
) -> None:
    def node() -> AbstractContextManager[NodeSdk]:
        return closing(NodeSdk(node_sdk))

    assert_same(told_by(node, server, photos, cinema), told_by(boto3, server, photos, cinema))
    assert_throttled(node, busy_server)


def boto3() -> AbstractContextManager[Boto3]:
    return nullcontext(Boto3())


def aws() -> AbstractContextManager[AwsCli]:
    return nullcontext(AwsCli())


def told_by(opening: Opening, server: Running, photos: Photos, cinema: Cinema) -> Told:
    with client_environment(server.endpoint, server.credentials), opening() as client:
        told = Told(client, photos, cinema)
        tell(told)
    codes = {json.loads(line).get("code") for line in server.log.read_text().splitlines()}
    assert codes.isdisjoint({"InternalServerError", "ThrottlingException"}), "clients repeat these silently"
    return told


def assert_ends_were_told(told: Told, topic: Topic) -> None:
    """Of each job that was asked for with a channel, once."""
    ids = {
        answer["JobId"]
        for operation, answer in told.answers
        if operation.startswith("StartFace") and "JobId" in answer
    }
    tagged = {answer["JobId"] for _, answer in told.answers if answer.get("JobTag") == "door"}
    topic.wait_for(tagged, PATIENCE_S)
    came = [message for message in topic.came + topic.messages() if message["JobId"] in tagged]
    assert len(tagged) == 2
    assert sorted(message["JobId"] for message in came) == sorted(tagged & ids)
    assert {(message["Status"], message["JobTag"]) for message in came} == {("SUCCEEDED", "door")}


def assert_throttled(opening: Opening, server: Running) -> None:
    """A server that takes one call a second throttles whoever calls right after another, if they are fast enough."""
    with (
        client_environment(server.endpoint, server.credentials, AWS_MAX_ATTEMPTS="1"),
        boto3() as other,
        opening() as client,
    ):
        for _ in range(ATTEMPTS):
            with suppress(Refused):
                other("ListCollections", {})
            try:
                client("ListCollections", {})
            except Refused as refused:
                assert (refused.code, refused.message) == ("ThrottlingException", "Rate exceeded")
                return
    pytest.fail("not throttled")


def assert_same(one: Told, other: Told) -> None:
    """Both were told the same, but for ids and tokens, which are drawn by lot, the last digits of numbers, and half an hour."""
    mine, others = dict(leaves(comparable(one))), dict(leaves(comparable(other)))
    assert mine.keys() == others.keys()
    assert [(path, leaf, others[path]) for path, leaf in mine.items() if not alike(leaf, others[path])] == []


def alike(one: Any, other: Any) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-6)
    return bool(one == other)


def comparable(told: Told) -> Any:
    """Answers and refusals, with ids numbered as they come and without tokens."""
    numbers: dict[str, str] = {}
    fresh = count(1)

    def number(found: re.Match[str]) -> str:
        return numbers.setdefault(found[0], f"id {next(fresh)}")

    text = re.sub(r'"NextToken": "[^"]+"', '"NextToken": "token"', json.dumps([told.answers, told.refusals]))
    return json.loads(re.sub(r"[0-9a-f]{64}|[0-9a-f]{8}-[0-9a-f-]{27}", number, text))


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """What is in a document, by where it is; of lists and structures their size."""
    if isinstance(value, dict | list):
        yield f"{path} size", len(value)
        for key, member in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(member, f"{path}.{key}")
    else:
        yield path, value


def paths_in(value: Any, path: str) -> Iterator[str]:
    """The members of an answer, by their names from the operation's on."""
    if isinstance(value, list):
        for member in value:
            yield from paths_in(member, path)
    elif isinstance(value, dict) and not path.endswith(".Tags"):
        for name, member in value.items():
            yield f"{path}.{name}"
            yield from paths_in(member, f"{path}.{name}")


def paths_of(shape: Any, path: str) -> Iterator[str]:
    """The members that an answer may have, likewise."""
    if shape.type_name == "list":
        yield from paths_of(shape.member, path)
    elif shape.type_name == "structure":
        for name, member in shape.members.items():
            if name not in NEVER_ANSWERED:
                yield f"{path}.{name}"
                yield from paths_of(member, f"{path}.{name}")
