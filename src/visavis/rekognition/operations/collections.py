"""Collections: galleries by Rekognition's name. Each needs a purpose, which Rekognition has no word for: a tag, or the server's default."""

from __future__ import annotations

from visavis.rekognition.arns import collection_arn
from visavis.rekognition.errors import InvalidPaginationTokenException, InvalidParameterException
from visavis.rekognition.faces import Document
from visavis.rekognition.pages import DEFAULT_PAGE, read_id_token, write_token
from visavis.rekognition.request import Request
from visavis.services import galleries
from visavis.services.tags import PURPOSE_TAG, check

NO_PURPOSE = (
    f"A collection needs a purpose, to which people consent: the tag {PURPOSE_TAG}, or the server's setting default_purpose. "
    "See /operations#collections on this server."
)


def create_collection(request: Request) -> Document:
    """Make a gallery."""
    name, tags = request.parameters["CollectionId"], dict(request.parameters.get("Tags", {}))
    purpose = tags.pop(PURPOSE_TAG, "") or request.registry.settings.default_purpose
    if not purpose:
        raise InvalidParameterException(NO_PURPOSE)
    gallery = galleries.create(request.registry, name, purpose, tags=check(tags, purpose))
    return {
        "StatusCode": 200,
        "CollectionArn": collection_arn(request.region, name),
        "FaceModelVersion": gallery.recogniser,
    }


def delete_collection(request: Request) -> Document:
    """Delete a gallery with all its references."""
    galleries.delete(request.registry, request.parameters["CollectionId"])
    return {"StatusCode": 200}


def describe_collection(request: Request) -> Document:
    """How much is in a gallery."""
    summary = galleries.summary(request.registry, request.parameters["CollectionId"])
    return {
        "FaceCount": summary.references,
        "UserCount": summary.users,
        "FaceModelVersion": summary.gallery.recogniser,
        "CollectionARN": collection_arn(request.region, summary.gallery.name),
        "CreationTimestamp": summary.gallery.created_at,
    }


def list_collections(request: Request) -> Document:
    """The galleries that the caller's key reaches, by name."""
    token = read_id_token(request.parameters.get("NextToken"), "ListCollections")
    reached = [g for g in galleries.every(request.registry) if request.key.reaches(g.name)]
    start = 0
    if token:
        ids = [gallery.id.hex() for gallery in reached]
        if token not in ids:
            raise InvalidPaginationTokenException
        start = ids.index(token) + 1
    end = start + (request.parameters.get("MaxResults") or DEFAULT_PAGE)
    page = reached[start:end]
    return {
        "CollectionIds": [gallery.name for gallery in page],
        "FaceModelVersions": [gallery.recogniser for gallery in page],
        "NextToken": write_token(page[-1].id.hex(), "ListCollections") if end < len(reached) else None,
    }


HANDLERS = {
    "CreateCollection": create_collection,
    "DeleteCollection": delete_collection,
    "DescribeCollection": describe_collection,
    "ListCollections": list_collections,
}
