"""What it means that an endpoint gave no answer: an error of its own each.

What a server says in words is never kept: it may name accounts and people.
"""

from __future__ import annotations

import re
from typing import NoReturn

from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004  botocore's own, of connections that do not come about
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    TokenRetrievalError,
)

from visavis.errors import (
    EndpointAccessError,
    EndpointBusyError,
    EndpointCredentialsError,
    EndpointError,
    EndpointUnreachableError,
    EndpointUrlError,
)

NO_FACE = "The endpoint found no face that it compares in one of the two photos."
OF_PHOTOS = {
    "InvalidParameterException": NO_FACE,
    "InvalidImageFormatException": "The endpoint does not read one of the two photos.",
    "ImageTooLargeException": "The endpoint takes no photo as large as one of the two.",
}
"""Refusals that concern two photos and leave the others to be compared, and what the report says of them."""

_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    TokenRetrievalError,
    ProfileNotFound,
)
_BAD_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_NO_ACCESS = {"AccessDenied", "AccessDeniedException", "OptInRequired", "SubscriptionRequiredException"}
_BUSY = {
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "Throttling",
    "ThrottlingException",
}


def code_of(error: Exception) -> str:
    """The name under which the server refused, empty where it did not or where its name is no word."""
    code = str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""
    return code if re.fullmatch(r"[A-Za-z]{1,64}", code) else ""


def refuse(error: Exception) -> NoReturn:
    """Raise the EndpointError that fits what boto3 raised."""
    code = code_of(error)
    status = error.response["ResponseMetadata"]["HTTPStatusCode"] if isinstance(error, ClientError) else 0
    if isinstance(error, NoRegionError):
        raise EndpointCredentialsError("no region is set for the endpoint") from None
    if isinstance(error, _CREDENTIALS) or code in _BAD_CREDENTIALS:
        raise EndpointCredentialsError from None
    if code in _NO_ACCESS:
        raise EndpointAccessError from None
    if code in _BUSY or status == 429:
        raise EndpointBusyError from None
    if isinstance(error, ConnectionError | HTTPClientError):
        raise EndpointUnreachableError from None
    if status >= 500:
        raise EndpointError("the endpoint failed, at repeated attempts too") from None
    if code:
        raise EndpointError(f"the endpoint refused to compare: {code}") from None
    if isinstance(error, ValueError):
        raise EndpointUrlError from None
    raise EndpointError from None
