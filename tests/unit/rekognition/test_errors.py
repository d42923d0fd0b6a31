from __future__ import annotations

import inspect

import pytest
from botocore.session import get_session

from visavis.rekognition import errors
from visavis.rekognition.errors import FrontError, InternalServerError, WireError
from visavis.rekognition.model import SERVED, service

CLASSES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, WireError) and kind not in {WireError, FrontError}
]

OTHER_STATUSES = {
    InternalServerError: 500,
    errors.RequestEntityTooLargeException: 413,
    errors.RequestTimeoutException: 408,
}


def test_every_error_that_the_operations_declare_is_here_and_no_other() -> None:
    declared = {shape.name for name in SERVED for shape in service().operation_model(name).error_shapes}
    assert {kind().code for kind in CLASSES if not issubclass(kind, FrontError)} == declared


def test_boto3_has_a_class_for_each_of_them() -> None:
    client = get_session().create_client("rekognition", region_name="local")
    for kind in CLASSES:
        has_one = client.exceptions.from_code(kind().code).__name__ == kind.__name__
        assert has_one != issubclass(kind, FrontError), kind


@pytest.mark.parametrize("kind", CLASSES)
def test_clients_mistakes_are_400(kind: type[WireError]) -> None:
    assert kind.status == OTHER_STATUSES.get(kind, 400)
    assert kind().message


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (errors.InvalidParameterException, "Request has invalid parameters"),
        (errors.ImageTooLargeException, "Image size is too large."),
        (errors.InvalidImageFormatException, "Request has invalid image format."),
        (errors.InvalidPaginationTokenException, "Invalid Pagination Token"),
        (
            errors.InvalidS3ObjectException,
            "Unable to get object metadata from S3. Check object key, region and/or access permissions.",
        ),
    ],
)
def test_messages_that_clients_compare_with(kind: type[WireError], message: str) -> None:
    assert kind().message == message
