"""Visavis's errors as AWS's: what a client that was written for Rekognition knows how to handle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from visavis.errors import (
    ConsentError,
    ConsentTermsError,
    EnrolmentError,
    GalleryExistsError,
    GalleryNameError,
    ImageError,
    ImageTooLargeError,
    IncompatibleTemplatesError,
    JobTokenError,
    MissingExtraError,
    NoFaceError,
    SearchRateError,
    StoreBusyError,
    TagError,
    TooManyJobsError,
    TooManyTagsError,
    UnknownGalleryError,
    UnknownJobError,
    UnknownReferenceError,
    UnknownUserError,
    UserExistsError,
    UserFullError,
    VisavisError,
)
from visavis.rekognition.errors import (
    AccessDeniedException,
    ConflictException,
    IdempotentParameterMismatchException,
    ImageTooLargeException,
    InternalServerError,
    InvalidImageFormatException,
    InvalidParameterException,
    LimitExceededException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
    ServiceQuotaExceededException,
    ThrottlingException,
    WireError,
)

_NO_FACES = "There are no faces in the image. Should be at least 1."

_Parameters = Mapping[str, Any]


def as_wire_error(error: VisavisError, operation: str, parameters: _Parameters) -> WireError:
    """What a client is told of an error. parameters: of the call; messages repeat the name of its collection and nothing else.

    What the caller cannot help (the store, the keyring, a model) is an InternalServerError that tells nothing: the operator's log does.
    """
    if isinstance(error, WireError):
        return error
    for kind, convert in _CONVERSIONS:
        if isinstance(error, kind):
            return convert(error, operation, parameters)
    return InternalServerError()


def _no_face(_error: VisavisError, operation: str, _parameters: _Parameters) -> WireError:
    return (
        InvalidParameterException() if operation == "CompareFaces" else InvalidParameterException(_NO_FACES)
    )


def _no_collection(_error: VisavisError, _operation: str, parameters: _Parameters) -> WireError:
    return ResourceNotFoundException(f"Collection:{_collection(parameters)} not found!")


def _collection(parameters: _Parameters) -> str:
    """The name of the collection that a call is on; an ARN ends with it."""
    return str(parameters.get("CollectionId") or parameters.get("ResourceArn", "").rpartition("/")[2])


def _collection_exists(_error: VisavisError, _operation: str, parameters: _Parameters) -> WireError:
    return ResourceAlreadyExistsException(
        f"The collection id: {parameters.get('CollectionId', '')} already exists."
    )


def _no_user(_error: VisavisError, _operation: str, _parameters: _Parameters) -> WireError:
    return ResourceNotFoundException("The userId was not found in the collection")


def _no_reference(_error: VisavisError, _operation: str, _parameters: _Parameters) -> WireError:
    return InvalidParameterException("faceId was not found in the collection")


def _no_job(_error: VisavisError, _operation: str, _parameters: _Parameters) -> WireError:
    return ResourceNotFoundException("Could not find JobId")


def _token_used(_error: VisavisError, _operation: str, parameters: _Parameters) -> WireError:
    token = parameters.get("ClientRequestToken", "")
    return IdempotentParameterMismatchException(
        f"The ClientRequestToken: {token} you have supplied is already in use."
    )


def _no_video(error: VisavisError, operation: str, _parameters: _Parameters) -> WireError:
    return AccessDeniedException(
        f"{operation} is not answered by this server: {error.message}. See /operations#stored-video on this server."
    )


def _with_hint(kind: type[WireError]) -> Callable[[VisavisError, str, _Parameters], WireError]:
    def convert(error: VisavisError, _operation: str, _parameters: _Parameters) -> WireError:
        hint = f": {error.hint}" if error.hint else ""
        return kind(f"{error.message.removesuffix('.')}{hint}")

    return convert


def _plain(kind: type[WireError]) -> Callable[[VisavisError, str, _Parameters], WireError]:
    return lambda _error, _operation, _parameters: kind()


_CONVERSIONS: tuple[tuple[type[VisavisError], Callable[[VisavisError, str, _Parameters], WireError]], ...] = (
    (UnknownGalleryError, _no_collection),
    (GalleryExistsError, _collection_exists),
    (UnknownReferenceError, _no_reference),
    (UnknownUserError, _no_user),
    (UserExistsError, _plain(ConflictException)),
    (UserFullError, _with_hint(ServiceQuotaExceededException)),
    (TooManyTagsError, _with_hint(ServiceQuotaExceededException)),
    (UnknownJobError, _no_job),
    (JobTokenError, _token_used),
    (TooManyJobsError, _plain(LimitExceededException)),
    (MissingExtraError, _no_video),
    (NoFaceError, _no_face),
    (ImageTooLargeError, _plain(ImageTooLargeException)),
    (ImageError, _plain(InvalidImageFormatException)),
    (ConsentTermsError, _with_hint(InvalidParameterException)),
    (ConsentError, _with_hint(AccessDeniedException)),
    (EnrolmentError, _with_hint(InvalidParameterException)),
    (GalleryNameError, _with_hint(InvalidParameterException)),
    (IncompatibleTemplatesError, _with_hint(InvalidParameterException)),
    (TagError, _with_hint(InvalidParameterException)),
    (SearchRateError, _with_hint(InvalidParameterException)),
    (StoreBusyError, _plain(ThrottlingException)),
)
"""The first that fits counts."""
