"""Telling by SNS that a job has ended, through botocore; endpoint (`AWS_ENDPOINT_URL_SNS`) and credentials come from the environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from visavis.errors import NotToldError
from visavis.rekognition.s3 import new_client

CONNECT_SECONDS = 2
READ_SECONDS = 5
MAX_ATTEMPTS = 4
"""With botocore's growing pauses in between."""


def publish(channel: Mapping[str, str], message: Mapping[str, Any]) -> None:
    """Send a message, as JSON, to the topic of a NotificationChannel, in the topic's region.

    The role is not taken on: the server has credentials of its own. Raises NotToldError, which never says what SNS or its driver said.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from urllib3.exceptions import HTTPError

    topic = channel["SNSTopicArn"]
    try:
        client = new_client(
            "sns",
            topic.split(":")[3],
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": MAX_ATTEMPTS, "mode": "standard"},
        )
        try:
            client.publish(TopicArn=topic, Message=json.dumps(message))
        finally:
            client.close()
    except (BotoCoreError, ClientError, HTTPError, OSError, ValueError):
        raise NotToldError from None
