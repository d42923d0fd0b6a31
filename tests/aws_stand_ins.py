"""Moto's S3, SNS and SQS on loopback, and an environment in which botocore finds nothing but them."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

REGION = "eu-central-1"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "id",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "",
    "AWS_SHARED_CREDENTIALS_FILE": "",
    "AWS_DEFAULT_REGION": REGION,
    "NO_PROXY": "127.0.0.1",
}
ROLE = "arn:aws:iam::123456789012:role/rekognition"


@contextmanager
def stand_ins() -> Iterator[dict[str, str]]:
    """They run; the environment of whoever uses them."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    try:
        yield ENVIRONMENT | {f"AWS_ENDPOINT_URL_{name}": url for name in ("S3", "SNS", "SQS")}
    finally:
        server.stop()


def client(service: str, environment: dict[str, str]) -> Any:
    """A client of one of them."""
    return boto3.Session().client(
        service,
        endpoint_url=environment[f"AWS_ENDPOINT_URL_{service.upper()}"],
        region_name=REGION,
        aws_access_key_id="id",
        aws_secret_access_key="secret",  # noqa: S106  it keeps nothing secret
    )


@contextmanager
def bucket_of(environment: dict[str, str], name: str) -> Iterator[Any]:
    """A client of a bucket, which is gone afterwards: moto's are those of all stand-ins of the process."""
    own = client("s3", environment)
    own.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    try:
        yield own
    finally:
        for stored in own.list_objects_v2(Bucket=name).get("Contents", []):
            own.delete_object(Bucket=name, Key=stored["Key"])
        own.delete_bucket(Bucket=name)
        own.close()


class Topic:
    """An SNS topic, and a queue that is subscribed to it."""

    def __init__(self, environment: dict[str, str], name: str) -> None:
        self.came: list[dict[str, Any]] = []
        sns, self._sqs = client("sns", environment), client("sqs", environment)
        self.arn: str = sns.create_topic(Name=name)["TopicArn"]
        self._queue = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        arn = attributes["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=self.arn, Protocol="sqs", Endpoint=arn)
        sns.close()

    @property
    def channel(self) -> dict[str, str]:
        """As a call names it."""
        return {"SNSTopicArn": self.arn, "RoleArn": ROLE}

    def wait_for(self, job_ids: Collection[str], patience_s: float) -> None:
        """Wait until each of these jobs has its message, and keep what came."""
        end = time.monotonic() + patience_s
        while not set(job_ids) <= {message["JobId"] for message in self.came} and time.monotonic() < end:
            self.came += self.messages()
            time.sleep(0.3)

    def messages(self) -> list[dict[str, Any]]:
        """What was published since the last time."""
        found: list[dict[str, Any]] = []
        while came := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            for message in came:
                found.append(json.loads(json.loads(message["Body"])["Message"]))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def close(self) -> None:
        self._sqs.close()
