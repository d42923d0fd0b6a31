"""Faces of a collection: references by Rekognition's name."""

from __future__ import annotations

from uuid import UUID

from visavis.rekognition.faces import (
    Document,
    least_similarity,
    match_document,
    parse_reference_id,
    reference_document,
)
from visavis.rekognition.operations.search import DEFAULT_MATCHES, asked_for
from visavis.rekognition.pages import DEFAULT_PAGE, read_token, write_token
from visavis.rekognition.request import Request
from visavis.services import contents, galleries
from visavis.services.identify import identify_reference
from visavis.store.references import Wanted


def list_faces(request: Request) -> Document:
    """References by number, of people who agree, those of a user or with some ids where asked."""
    parameters = request.parameters
    name, user, ids = parameters["CollectionId"], parameters.get("UserId"), parameters.get("FaceIds")
    place = ("ListFaces", name, user or "", *(ids or []))
    after = read_token(parameters.get("NextToken"), *place)
    limit = parameters.get("MaxResults") or DEFAULT_PAGE
    wanted = Wanted(user, None if ids is None else [parse_reference_id(text) for text in ids])
    gallery = galleries.find(request.registry, name)
    page = contents.page(request.registry, name, after, limit, wanted)
    return {
        "Faces": [reference_document(reference) for reference in page.references],
        "NextToken": write_token(page.next_after, *place) if page.next_after else None,
        "FaceModelVersion": gallery.recogniser,
    }


def delete_faces(request: Request) -> Document:
    """Delete references, but those of users."""
    ids = [parse_reference_id(text) for text in request.parameters["FaceIds"]]
    removed = contents.remove_ungrouped(request.registry, request.parameters["CollectionId"], ids)
    unknown = [{"FaceId": str(UUID(bytes=i)), "Reasons": ["FACE_NOT_FOUND"]} for i in removed.unknown]
    grouped = [
        {"FaceId": str(UUID(bytes=i)), "UserId": user, "Reasons": ["ASSOCIATED_TO_AN_EXISTING_USER"]}
        for i, user in removed.of_users.items()
    ]
    return {
        "DeletedFaces": [str(UUID(bytes=i)) for i in removed.ids],
        "UnsuccessfulFaceDeletions": unknown + grouped,
    }


def search_faces(request: Request) -> Document:
    """Search a gallery for the face of one of its references."""
    name, face_id = request.parameters["CollectionId"], request.parameters["FaceId"]
    gallery = galleries.find(request.registry, name)
    asked = asked_for(
        request,
        gallery,
        least_similarity(request.parameters.get("FaceMatchThreshold"), 80),
        most=request.parameters.get("MaxFaces", DEFAULT_MATCHES),
    )
    found = identify_reference(request.registry, name, parse_reference_id(face_id), asked)
    return {
        "SearchedFaceId": face_id,
        "FaceMatches": [match_document(candidate) for candidate in found.candidates],
        "FaceModelVersion": gallery.recogniser,
    }


HANDLERS = {"ListFaces": list_faces, "DeleteFaces": delete_faces, "SearchFaces": search_faces}
