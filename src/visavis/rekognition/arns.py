"""ARNs of collections."""

from __future__ import annotations

import re

from visavis.rekognition.errors import ResourceNotFoundException
from visavis.rekognition.request import ACCOUNT

_COLLECTION = re.compile(rf"arn:aws:rekognition:[a-z0-9-]+:{ACCOUNT}:collection/([A-Za-z0-9_.-]{{1,255}})")


def collection_arn(region: str, name: str) -> str:
    """The ARN of a collection."""
    return f"arn:aws:rekognition:{region}:{ACCOUNT}:collection/{name}"


def gallery_of(arn: str) -> str:
    """The gallery that an ARN names, there or not; raises ResourceNotFoundException for what is no ARN of a collection."""
    found = _COLLECTION.fullmatch(arn)
    if found is None:
        raise ResourceNotFoundException
    return found[1]
