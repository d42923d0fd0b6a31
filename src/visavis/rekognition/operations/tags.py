"""Tags of collections."""

from __future__ import annotations

from typing import Any

from visavis.rekognition.arns import collection_of
from visavis.rekognition.request import Request
from visavis.services import tags


def tag_resource(request: Request) -> dict[str, Any]:
    """TagResource."""
    tags.put(request.registry, _collection(request), request.parameters["Tags"])
    return {}


def untag_resource(request: Request) -> dict[str, Any]:
    """UntagResource; keys that are not there are ignored."""
    tags.remove(request.registry, _collection(request), request.parameters["TagKeys"])
    return {}


def list_tags_for_resource(request: Request) -> dict[str, Any]:
    """ListTagsForResource; the collection's purpose is among them."""
    return {"Tags": tags.show(request.registry, _collection(request))}


def _collection(request: Request) -> str:
    return collection_of(request.parameters["ResourceArn"])


HANDLERS = {
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags_for_resource,
}
