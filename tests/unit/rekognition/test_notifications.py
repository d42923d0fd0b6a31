from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from aws_stand_ins import REGION, ROLE, Topic, stand_ins

from visavis.errors import NotToldError
from visavis.rekognition import notifications
from visavis.rekognition.notifications import publish


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    with stand_ins() as found:
        yield found


@pytest.fixture(autouse=True)
def _in_it(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(notifications, "READ_SECONDS", 60)  # moto on a busy machine
    monkeypatch.setattr(notifications, "MAX_ATTEMPTS", 1)


def test_a_message_reaches_who_subscribed(environment: dict[str, str]) -> None:
    topic = Topic(environment, "told")
    publish(topic.channel, {"JobId": "é"})
    assert topic.messages() == [{"JobId": "é"}]
    topic.close()


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:sns:{REGION}:123456789012:nobody",
        "arn:aws:sns:a b:123456789012:x",
    ],
)
def test_a_topic_that_is_not_there(arn: str) -> None:
    with pytest.raises(NotToldError) as caught:
        publish({"SNSTopicArn": arn, "RoleArn": ROLE}, {})
    assert caught.value.__suppress_context__
    assert "nobody" not in str(caught.value)


def test_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", f"http://127.0.0.1:{port}")
    with pytest.raises(NotToldError):
        publish({"SNSTopicArn": f"arn:aws:sns:{REGION}:123456789012:x", "RoleArn": ROLE}, {})
