"""From a signed call to its answer: reads it, checks what the key may do and what the call says, and has its operation done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType

from visavis.audit.entry import Action, Refusal
from visavis.errors import VisavisError
from visavis.rekognition.arns import collection_arn, collection_of
from visavis.rekognition.errors import AccessDeniedException, InternalServerError, WireError
from visavis.rekognition.failures import as_wire_error
from visavis.rekognition.model import OPERATIONS, Place, Standing
from visavis.rekognition.operations import collections, faces, images, tags, users, videos
from visavis.rekognition.request import Request
from visavis.rekognition.tokens import Tokens
from visavis.rekognition.validate import validate
from visavis.rekognition.wire import (
    Answer,
    Call,
    answer_headers,
    read_call,
    read_operation,
    write_answer,
    write_error,
)
from visavis.services.access import AccessKey
from visavis.services.registry import Registry
from visavis.services.work import working

Handler = Callable[[Request], Mapping[str, object]]

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    collections.HANDLERS | faces.HANDLERS | images.HANDLERS | tags.HANDLERS | users.HANDLERS | videos.HANDLERS
)

_SAYS = {
    Standing.OUTSIDE: "is not about faces, and outside of what visavis does",
    Standing.REFUSED: "is refused by design",
}
_LOGGED_AS = MappingProxyType(
    {
        "CreateCollection": Action.GALLERY_CREATE,
        "DeleteCollection": Action.GALLERY_DELETE,
        "TagResource": Action.GALLERY_CHANGE,
        "UntagResource": Action.GALLERY_CHANGE,
        "IndexFaces": Action.ENROL,
        "DeleteFaces": Action.REMOVE,
        "ListFaces": Action.VIEW,
        "CompareFaces": Action.VERIFY,
        "SearchFaces": Action.IDENTIFY,
        "SearchFacesByImage": Action.IDENTIFY,
        "SearchUsers": Action.IDENTIFY,
        "SearchUsersByImage": Action.IDENTIFY,
        "StartFaceSearch": Action.IDENTIFY,
        "GetFaceSearch": Action.VIEW,
        "CreateUser": Action.USER_CREATE,
        "DeleteUser": Action.USER_DELETE,
        "ListUsers": Action.VIEW,
        "AssociateFaces": Action.ASSOCIATE,
        "DisassociateFaces": Action.DISASSOCIATE,
    }
)
"""How the log names what a key was not allowed to do; what is not here leaves no entry where it is allowed either."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A call whose signature was verified. headers: by their names in lower case; region: as the signature has it."""

    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    key: AccessKey
    region: str
    request_id: str


class Service:
    """Answers calls over a registry. Safe to share between threads."""

    def __init__(self, registry: Registry, report: Callable[[str, Exception], None]) -> None:
        """report: told of each failure that is ours, with the id of its request."""
        self._registry = registry
        self._report = report
        self._tokens = Tokens()

    def answer(self, signed: Signed) -> Answer:
        """The answer, whatever the call is: an error of ours is InternalServerError."""
        try:
            return self._answer(signed)
        except WireError as error:
            return write_error(error, signed.request_id)

    def _answer(self, signed: Signed) -> Answer:
        self._tokens.forget()
        operation = read_operation(signed.headers)
        place = OPERATIONS[operation]
        if place.standing is not Standing.SERVED:
            raise _not_served(operation, place)
        call = read_call(signed.headers, signed.body)
        validate(operation, call.parameters)
        try:
            self._authorise(signed, call)
            registry = self._registry.acting_as(signed.key.id)
            request = Request(registry, signed.key, signed.region, call.parameters, self._tokens)
            body = write_answer(operation, HANDLERS[operation](request))
        except VisavisError as error:
            raise self._told(error, as_wire_error(error, operation, call.parameters), signed) from None
        except Exception as error:  # noqa: BLE001  a mistake of ours: the client gets an answer all the same
            raise self._told(error, InternalServerError(), signed) from None
        return Answer(200, answer_headers(signed.request_id), body)

    def _told(self, error: Exception, answered: WireError, signed: Signed) -> WireError:
        """What the client is told; the operator is told of what is not the client's doing."""
        if answered.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._report(signed.request_id, error)
        return answered

    def _authorise(self, signed: Signed, call: Call) -> None:
        gallery = _gallery_of(call)
        if signed.key.allows(call.operation, gallery):
            return
        if action := _LOGGED_AS.get(call.operation):
            with working(self._registry.acting_as(signed.key.id)) as work:
                work.log(action, refusal=Refusal.NOT_ALLOWED)
        resource = collection_arn(signed.region, gallery) if gallery else "*"
        raise AccessDeniedException(
            f"Access key {signed.key.id} is not authorized to perform: rekognition:{call.operation} on resource: {resource}"
        )


def _gallery_of(call: Call) -> str | None:
    if "ResourceArn" in call.parameters:
        return collection_of(call.parameters["ResourceArn"])
    name: str | None = call.parameters.get("CollectionId")
    return name


def _not_served(operation: str, place: Place) -> AccessDeniedException:
    return AccessDeniedException(
        f"{operation} {_SAYS[place.standing]}. See /operations#{place.reason} on this server."
    )
