"""Users: their making and listing, which faces they group, and searches for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from visavis.errors import (
    UnknownGalleryError,
    UnknownReferenceError,
    UnknownUserError,
    UserExistsError,
    UserFullError,
)
from visavis.faces import Face
from visavis.imaging import Photo
from visavis.rekognition.errors import (
    ConflictException,
    InvalidParameterException,
    ResourceNotFoundException,
    ServiceQuotaExceededException,
)
from visavis.rekognition.faces import face_detail, face_model_version, quality_reasons
from visavis.rekognition.images import read_image
from visavis.rekognition.pages import read_token, write_token
from visavis.rekognition.request import Request
from visavis.services import galleries, search_users, users
from visavis.services.likest_users import DEFAULT_ASKED, AskedUsers, UserMatch
from visavis.services.users import Reason, Refused

PAGE = 500

_REASONS = {
    Reason.NOT_FOUND: "FACE_NOT_FOUND",
    Reason.OF_ANOTHER_USER: "ASSOCIATED_TO_A_DIFFERENT_USER",
    Reason.UNLIKE: "LOW_MATCH_CONFIDENCE",
}


def create_user(request: Request) -> dict[str, Any]:
    """CreateUser."""

    def do() -> dict[str, Any]:
        users.create(request.registry, *_user(request))
        return {}

    return _once(request, "CreateUser", do)


def delete_user(request: Request) -> dict[str, Any]:
    """DeleteUser: its faces stay, in no user."""

    def do() -> dict[str, Any]:
        users.delete(request.registry, *_user(request))
        return {}

    return _once(request, "DeleteUser", do)


def list_users(request: Request) -> dict[str, Any]:
    """ListUsers, in the order in which they were made."""
    parameters = request.parameters
    collection, limit = parameters["CollectionId"], parameters.get("MaxResults", PAGE)
    after = read_token(parameters.get("NextToken"), "ListUsers", collection)
    with _wire_errors(request):
        found = users.page(request.registry, collection, after, limit + 1)
    more = len(found) > limit
    return {
        "Users": [
            {"UserId": user.name, "UserStatus": "ACTIVE" if user.references else "CREATED"}
            for user in found[:limit]
        ],
        "NextToken": write_token(found[limit - 1].number, "ListUsers", collection) if more else None,
    }


def associate_faces(request: Request) -> dict[str, Any]:
    """AssociateFaces: done when it answers, so the user is ACTIVE at once."""

    def do() -> dict[str, Any]:
        threshold = request.parameters.get("UserMatchThreshold", users.DEFAULT_MIN_SIMILARITY)
        regrouped = users.associate(request.registry, *_user(request), _face_ids(request), threshold)
        return {
            "AssociatedFaces": [{"FaceId": str(face_id)} for face_id in regrouped.done],
            "UnsuccessfulFaceAssociations": [_refused(refused) for refused in regrouped.refused],
            "UserStatus": "ACTIVE",
        }

    return _once(request, "AssociateFaces", do)


def disassociate_faces(request: Request) -> dict[str, Any]:
    """DisassociateFaces: the faces stay in the collection."""

    def do() -> dict[str, Any]:
        regrouped = users.disassociate(request.registry, *_user(request), _face_ids(request))
        return {
            "DisassociatedFaces": [{"FaceId": str(face_id)} for face_id in regrouped.done],
            "UnsuccessfulFaceDisassociations": [_refused(refused) for refused in regrouped.refused],
            "UserStatus": "ACTIVE",
        }

    return _once(request, "DisassociateFaces", do)


def search_users_by_id(request: Request) -> dict[str, Any]:
    """SearchUsers: by a user or by a face of the collection."""
    parameters, registry = request.parameters, request.registry
    collection, asked = parameters["CollectionId"], _asked(request)
    if ("UserId" in parameters) == ("FaceId" in parameters):
        raise InvalidParameterException("Either UserId or FaceId should be given, and not both.")
    with _wire_errors(request):
        if "UserId" in parameters:
            user = parameters["UserId"]
            matches = search_users.search_by_user(registry, collection, user, asked)
            searched = {"SearchedUser": {"UserId": user}}
        else:
            face_id = parameters["FaceId"]
            matches = search_users.search_by_reference(registry, collection, UUID(face_id), asked)
            searched = {"SearchedFace": {"FaceId": face_id}}
        return _found(request, matches) | searched


def search_users_by_image(request: Request) -> dict[str, Any]:
    """SearchUsersByImage: by the largest face; an image without a usable one matches nobody."""
    quality_filter = request.parameters.get("QualityFilter", "NONE")

    def usable(face: Face) -> bool:
        return not quality_reasons(face, quality_filter)

    image = read_image(request.parameters["Image"], request.region)
    collection = request.parameters["CollectionId"]
    with _wire_errors(request):
        found = search_users.search_photo(request.registry, collection, image, _asked(request), usable)
        answer = _found(request, found.matches)
    photo = Photo(image)
    largest = [] if found.searched else found.others[:1]
    unsearched = [(face, quality_reasons(face, quality_filter)) for face in largest]
    unsearched += [
        (face, ["FACE_NOT_LARGEST", *quality_reasons(face, quality_filter)])
        for face in found.others[len(largest) :]
    ]
    if found.searched:
        answer["SearchedFace"] = {"FaceDetail": face_detail(found.searched, photo.width, photo.height)}
    answer["UnsearchedFaces"] = [
        {"FaceDetails": face_detail(face, photo.width, photo.height), "Reasons": reasons}
        for face, reasons in unsearched
    ]
    return answer


def _once(request: Request, operation: str, do: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    with _wire_errors(request):
        return request.tokens.once(request.key.id, operation, request.parameters, do)


@contextmanager
def _wire_errors(request: Request) -> Iterator[None]:
    """Say what went wrong as Rekognition does."""
    try:
        yield
    except UnknownGalleryError:
        collection = request.parameters["CollectionId"]
        raise ResourceNotFoundException(f"Collection:{collection} not found!") from None
    except UnknownUserError:
        raise ResourceNotFoundException("The userId was not found in the collection") from None
    except UserExistsError:
        raise ConflictException from None
    except UnknownReferenceError:
        raise InvalidParameterException("faceId was not found in the collection") from None
    except UserFullError as error:
        raise ServiceQuotaExceededException(error.message) from None


def _user(request: Request) -> tuple[str, str]:
    return request.parameters["CollectionId"], request.parameters["UserId"]


def _face_ids(request: Request) -> Sequence[UUID]:
    return [UUID(face_id) for face_id in request.parameters["FaceIds"]]


def _asked(request: Request) -> AskedUsers:
    return AskedUsers(
        request.parameters.get("UserMatchThreshold", DEFAULT_ASKED.min_similarity),
        request.parameters.get("MaxUsers", DEFAULT_ASKED.max_users),
    )


def _found(request: Request, matches: Sequence[UserMatch]) -> dict[str, Any]:
    gallery = galleries.find(request.registry, request.parameters["CollectionId"])
    return {
        "UserMatches": [
            {"Similarity": match.similarity, "User": {"UserId": match.user, "UserStatus": "ACTIVE"}}
            for match in matches
        ],
        "FaceModelVersion": face_model_version(gallery.recogniser),
    }


def _refused(refused: Refused) -> dict[str, Any]:
    document: dict[str, Any] = {"FaceId": str(refused.reference_id), "Reasons": [_REASONS[refused.reason]]}
    if refused.user is not None:
        document["UserId"] = refused.user
    if refused.similarity is not None:
        document["Confidence"] = refused.similarity
    return document


HANDLERS = {
    "CreateUser": create_user,
    "DeleteUser": delete_user,
    "ListUsers": list_users,
    "AssociateFaces": associate_faces,
    "DisassociateFaces": disassociate_faces,
    "SearchUsers": search_users_by_id,
    "SearchUsersByImage": search_users_by_image,
}
