"""Tags of collections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from visavis.errors import TagError, TooManyTagsError, UnknownGalleryError
from visavis.rekognition.arns import gallery_of
from visavis.rekognition.errors import (
    InvalidParameterException,
    ResourceNotFoundException,
    ServiceQuotaExceededException,
)
from visavis.rekognition.request import Request
from visavis.services import tags


def tag_resource(request: Request) -> dict[str, Any]:
    """TagResource."""
    with _gallery(request) as gallery:
        tags.put(request.registry, gallery, request.parameters["Tags"])
    return {}


def untag_resource(request: Request) -> dict[str, Any]:
    """UntagResource; keys that are not there are ignored."""
    with _gallery(request) as gallery:
        tags.remove(request.registry, gallery, request.parameters["TagKeys"])
    return {}


def list_tags_for_resource(request: Request) -> dict[str, Any]:
    """ListTagsForResource; the collection's purpose is among them."""
    with _gallery(request) as gallery:
        return {"Tags": tags.show(request.registry, gallery)}


@contextmanager
def _gallery(request: Request) -> Iterator[str]:
    """The gallery that the call is on; what goes wrong with it is said as Rekognition does."""
    gallery = gallery_of(request.parameters["ResourceArn"])
    try:
        yield gallery
    except UnknownGalleryError:
        raise ResourceNotFoundException(f"Collection:{gallery} not found!") from None
    except TooManyTagsError as error:
        raise ServiceQuotaExceededException(error.message) from None
    except TagError as error:
        raise InvalidParameterException(error.message) from None


HANDLERS = {
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags_for_resource,
}
