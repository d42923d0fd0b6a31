"""Users: their making and listing, which faces they group, and searches for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from visavis.rekognition.errors import (
    InvalidParameterException,
)
from visavis.rekognition.faces import LEAST_QUALITIES, face_document, least_similarity, quality_reasons
from visavis.rekognition.images import read_image
from visavis.rekognition.operations.search import MOST_FACES, asked_for
from visavis.rekognition.pages import read_token, write_token
from visavis.rekognition.request import Request
from visavis.services import galleries, search_users, users
from visavis.services.candidates import Asked
from visavis.services.likest_users import UserMatch
from visavis.services.users import Reason, Refused

MOST_USERS = 500

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
    collection, limit = parameters["CollectionId"], parameters.get("MaxResults", MOST_USERS)
    after = read_token(parameters.get("NextToken"), "ListUsers", collection)
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
        threshold = least_similarity(
            request.parameters.get("UserMatchThreshold"), users.DEFAULT_MIN_SIMILARITY
        )
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
    collection = parameters["CollectionId"]
    if ("UserId" in parameters) == ("FaceId" in parameters):
        raise InvalidParameterException("Either UserId or FaceId should be given, and not both.")
    asked = _asked(request)
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
    least_quality = LEAST_QUALITIES[request.parameters.get("QualityFilter", "NONE")]
    image = read_image(request.parameters["Image"], request.region)
    collection = request.parameters["CollectionId"]
    asked = _asked(request, least_quality)
    found = search_users.search_photo(request.registry, collection, image.data, asked)
    answer = _found(request, found.matches)
    if found.searched:
        answer["SearchedFace"] = {"FaceDetail": face_document(found.searched, image)}
    answer["UnsearchedFaces"] = [
        {
            "FaceDetails": face_document(face, image),
            "Reasons": [
                *(["FACE_NOT_LARGEST"] if found.searched or place else []),
                *quality_reasons(face, least_quality),
            ],
        }
        for place, face in enumerate(found.others[:MOST_FACES])
    ]
    return answer


def _once(request: Request, operation: str, do: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    return request.tokens.once(request.key.id, operation, request.parameters, do)


def _user(request: Request) -> tuple[str, str]:
    return request.parameters["CollectionId"], request.parameters["UserId"]


def _face_ids(request: Request) -> Sequence[UUID]:
    return [UUID(face_id) for face_id in request.parameters["FaceIds"]]


def _asked(request: Request, min_quality: float = 0.0) -> Asked:
    gallery = galleries.find(request.registry, request.parameters["CollectionId"])
    least = least_similarity(request.parameters.get("UserMatchThreshold"), 80)
    return asked_for(request, gallery, least, min_quality, request.parameters.get("MaxUsers", MOST_USERS))


def _found(request: Request, matches: Sequence[UserMatch]) -> dict[str, Any]:
    gallery = galleries.find(request.registry, request.parameters["CollectionId"])
    return {
        "UserMatches": [
            {"Similarity": match.similarity, "User": {"UserId": match.user, "UserStatus": "ACTIVE"}}
            for match in matches
        ],
        "FaceModelVersion": gallery.recogniser,
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
