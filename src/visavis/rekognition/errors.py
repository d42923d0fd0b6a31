"""The errors of the wire under AWS's names. A class's name is its code, its docstring the default message in AWS's words.

An SDK raises a class of the same name for the errors that an operation declares; those below `FrontError` come
before an operation begins, and no operation declares them.
"""

from __future__ import annotations

from typing import ClassVar

from visavis.errors import VisavisError


class WireError(VisavisError):
    """The call failed."""

    status: ClassVar[int] = 400

    @property
    def code(self) -> str:
        """AWS's name of this error."""
        return type(self).__name__


class AccessDeniedException(WireError):
    """You are not authorized to perform the action."""


class ConflictException(WireError):
    """A User with the same Id already exists within the collection."""


class IdempotentParameterMismatchException(WireError):
    """The ClientRequestToken you have supplied is already in use."""


class ImageTooLargeException(WireError):
    """Image size is too large."""


class InternalServerError(WireError):
    """The service failed. Try your call again."""

    status = 500


class InvalidImageFormatException(WireError):
    """Request has invalid image format."""


class InvalidPaginationTokenException(WireError):
    """Invalid Pagination Token"""


class InvalidParameterException(WireError):
    """Request has invalid parameters"""


class InvalidS3ObjectException(WireError):
    """Unable to get object metadata from S3. Check object key, region and/or access permissions."""


class LimitExceededException(WireError):
    """The number of in-progress jobs exceeds the allowed limit."""


class ProvisionedThroughputExceededException(WireError):
    """Provisioned rate exceeded"""


class ResourceAlreadyExistsException(WireError):
    """The resource already exists."""


class ResourceNotFoundException(WireError):
    """The resource was not found."""


class ServiceQuotaExceededException(WireError):
    """The size of the collection exceeds the allowed limit."""


class ThrottlingException(WireError):
    """Rate exceeded"""


class VideoTooLargeException(WireError):
    """The video is too large: it may have 10 GB."""


class FrontError(WireError):
    """The call was refused before its operation began."""


class UnknownOperationException(FrontError):
    """The requested operation is not recognized by the service."""


class SerializationException(FrontError):
    """The body is not what this operation takes."""


class ValidationException(FrontError):
    """A value does not satisfy its constraint."""


class MalformedHttpRequestException(FrontError):
    """The request is not valid HTTP, or its header is too large."""


class RequestEntityTooLargeException(FrontError):
    """The request entity is too large."""

    status = 413


class RequestTimeoutException(FrontError):
    """The request did not arrive in time."""

    status = 408


class MissingAuthenticationTokenException(FrontError):
    """Request is missing Authentication Token"""


class IncompleteSignatureException(FrontError):
    """The request signature does not conform to AWS standards."""


class UnrecognizedClientException(FrontError):
    """The security token included in the request is invalid."""


class InvalidSignatureException(FrontError):
    """The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."""
