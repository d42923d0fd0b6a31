"""Calls of Rekognition's operations as botocore makes them, answered by the service without HTTP, and read as botocore reads them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from registries import photo_of

from visavis.rekognition import errors
from visavis.rekognition.errors import WireError
from visavis.rekognition.model import output_shape
from visavis.rekognition.model import service as model_of
from visavis.rekognition.service import Service, Signed
from visavis.services.access import AccessKey
from visavis.services.registry import Registry

KEY = AccessKey("VSVSAAAAAAAAAAAAAAAA")
REGION = "eu-west-1"


class Refused(Exception):  # noqa: N818  what a client sees, not a fault of the test
    """An error that the service answered."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Caller:
    """Whoever holds a key. failures: what the service reported of its own."""

    def __init__(self, registry: Registry, key: AccessKey = KEY, service: Service | None = None) -> None:
        self.failures: list[Exception] = []
        self.service = service or Service(registry, lambda _, error: self.failures.append(error))
        self._key = key

    def __call__(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer, checked against the model; raises Refused."""
        model = model_of().operation_model(operation)
        serialized = create_serializer("json").serialize_to_request(parameters, model)
        headers = {name.lower(): value for name, value in serialized["headers"].items()}
        signed = Signed(headers, serialized["body"], self._key, REGION, "a-request")
        status, answered, body = self.service.answer(signed)
        response = {"status_code": status, "headers": answered, "body": body}
        parsed: dict[str, Any] = create_parser("json").parse(response, output_shape(operation))
        if "Error" in parsed:
            raise Refused(parsed["Error"]["Code"], parsed["Error"]["Message"])
        del parsed["ResponseMetadata"]
        return parsed


def refusal(call: Caller, operation: str, **parameters: Any) -> WireError:
    """The error that a call must end in."""
    with pytest.raises(Refused) as caught:
        call(operation, **parameters)
    kind: type[WireError] = getattr(errors, caught.value.code)
    return kind(caught.value.message)


def image_of(*people: str, photo: int = 0, quality: float = 0.9) -> dict[str, bytes]:
    """An Image of these people, as the fake analyzer sees them."""
    return {"Bytes": photo_of(*people, photo=photo, quality=quality)}
