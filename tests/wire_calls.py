"""Calls of operations with botocore on both ends: it writes what is asked and reads what is answered."""

from __future__ import annotations

from typing import Any

from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from visavis.rekognition.model import output_shape, service
from visavis.rekognition.operations import tags, users
from visavis.rekognition.request import Request
from visavis.rekognition.tokens import Tokens
from visavis.rekognition.validate import validate
from visavis.rekognition.wire import answer_headers, read_call, write_answer
from visavis.services.access import AccessKey
from visavis.services.registry import Registry

HANDLERS = users.HANDLERS | tags.HANDLERS
REGION = "local"


class Client:
    """Calls as a key makes them."""

    def __init__(self, registry: Registry, key: str = "KEY", tokens: Tokens | None = None) -> None:
        self._registry = registry.acting_as(key)
        self._key = AccessKey(key)
        self._tokens = tokens or Tokens()

    def __call__(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """What botocore reads of the answer; raises the WireError or the VisavisError that a call ends in."""
        sent = create_serializer("json").serialize_to_request(
            parameters, service().operation_model(operation)
        )
        call = read_call({name.lower(): value for name, value in sent["headers"].items()}, sent["body"])
        validate(call.operation, call.parameters)
        result = HANDLERS[operation](
            Request(self._registry, self._key, REGION, call.parameters, self._tokens)
        )
        response = {
            "status_code": 200,
            "headers": answer_headers("id"),
            "body": write_answer(operation, result),
        }
        parsed: dict[str, Any] = create_parser("json").parse(response, output_shape(operation))
        del parsed["ResponseMetadata"]
        return parsed
